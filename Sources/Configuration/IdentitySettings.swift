// The DEALERs of a `router` service: one per exchange, each with its own identity. Each costs 31 to 44 KiB, two
// descriptors and some 120 us of CPU, most of it in libzmq; hence the spare ones and `reuse`.

/// `identities`: for `router` services.
public struct IdentitySettings: Sendable, Equatable {
    /// `spare`: unused identities that each reactor keeps connected, 0 to 1,000, at most `max`. Default: 4.
    public var spare = 4

    /// `reuse`: an identity whose exchange ended by a configured `final` or `count` serves another exchange. A reply
    /// that comes after that end can then reach the wrong client. Default: false: each identity serves one exchange.
    public var reuse = false

    /// `max`: identities in use plus spare ones, in the whole process, 1 to 30,000. More: 503. Default: 1,000.
    public var max = 1_000

    /// `prefix`: the prefix of each identity, 0 to 32 printable ASCII bytes. Default: empty.
    public var prefix = ""

    /// Descriptors per identity: its socket's and its connection's.
    public static let descriptors = 2

    /// The defaults.
    public init() {}
}
