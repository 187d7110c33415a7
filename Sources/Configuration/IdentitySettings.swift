// The DEALERs of a `router` service: one for each exchange, each with an identity of its own. One costs 31 to 44 KiB
// and two descriptors, and some 120 us of processor time here, most of it libzmq's, hence the spare ones and `reuse`.

/// `identities`: of a `router` service.
public struct IdentitySettings: Sendable, Equatable {
    /// `spare`: connected and unused ones that each reactor keeps ready, 0 to 1,000, at most `max`. Default: 4.
    public var spare = 4

    /// `reuse`: an identity whose exchange ended by a `final` or `count` that the configuration declares serves the
    /// next one. A reply that comes after that end can then reach the wrong client. Default: false, each serves one
    /// exchange.
    public var reuse = false

    /// `max`: in use and spare ones together, in the whole process, 1 to 30,000. Above: 503. Default: 1,000.
    public var max = 1_000

    /// `prefix`: what each identity begins with, 0 to 32 printable ASCII bytes. Default: empty.
    public var prefix = ""

    /// Descriptors that one of them takes: its socket's and its connection's.
    public static let descriptors = 2

    /// The defaults.
    public init() {}
}
