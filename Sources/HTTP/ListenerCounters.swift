// The counters of one listener, since its start.

public struct ListenerCounters: Sendable, Equatable {
    /// Connections that are open now.
    public internal(set) var connectionsOpen = 0
    public internal(set) var connectionsAccepted: UInt64 = 0
    /// Connections closed at once: their address has far too many, or there was no place for them.
    public internal(set) var connectionsRejected: UInt64 = 0
    /// Idle connections closed to make room for others.
    public internal(set) var connectionsEvicted: UInt64 = 0
    /// Failures of accept(2) because descriptors or memory ran out.
    public internal(set) var acceptsFailed: UInt64 = 0
    /// Open connections that have not sent a request yet.
    public internal(set) var connectionsFresh = 0
    /// Requests whose request line arrived, including rejected ones.
    public internal(set) var requests: UInt64 = 0
    /// How often the library kept asking to run without making progress.
    public internal(set) var spinsCaught: UInt64 = 0
    private var rejections = [Int](repeating: 0, count: RejectionKind.allCases.count)

    /// Requests rejected for that reason.
    public func rejected(_ kind: RejectionKind) -> Int { rejections[kind.rawValue] }

    /// All rejected requests.
    public var rejectedTotal: Int { rejections.reduce(0, +) }

    mutating func count(_ kind: RejectionKind) { rejections[kind.rawValue] += 1 }
}
