// The DEALERs of a `router` service: one for each exchange, each with an identity of its own. One costs 31 to 44 KiB
// and two descriptors, and 120 to 180 us to set up, hence the spare ones.

/// `identities`: of a `router` service.
public struct IdentitySettings: Sendable, Equatable {
    /// `spare`: connected and unused ones that each reactor keeps ready, 0 to 1,000, at most `max`. Default: 4.
    public var spare = 4

    /// `max`: in use and spare ones together, in the whole process, 1 to 30,000. Above: 503. Default: 1,000.
    public var max = 1_000

    /// `prefix`: what each identity begins with, 0 to 32 printable ASCII bytes. Default: empty.
    public var prefix = ""

    /// The defaults.
    public init() {}
}
