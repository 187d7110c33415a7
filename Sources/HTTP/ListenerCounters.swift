// What a listener counts.

public struct ListenerCounters: Sendable, Equatable {
    /// Connections that are open now.
    public internal(set) var connectionsOpen = 0
    public internal(set) var connectionsAccepted: UInt64 = 0
    /// Connections that were closed at once: their address has far too many, or there was no place for them.
    public internal(set) var connectionsRejected: UInt64 = 0
    /// Connections that rested and were closed to make room for others.
    public internal(set) var connectionsEvicted: UInt64 = 0
    /// How often accept(2) failed because no descriptor, or no memory, was left.
    public internal(set) var acceptsFailed: UInt64 = 0
    /// Connections by which no request has come yet.
    public internal(set) var connectionsFresh = 0
    /// Requests whose request line arrived, rejected ones included.
    public internal(set) var requests: UInt64 = 0
    /// How often the library wanted to run on and on without doing anything.
    public internal(set) var spinsCaught: UInt64 = 0
    private var rejections = [Int](repeating: 0, count: RejectionKind.allCases.count)

    /// Requests that were rejected for that reason.
    public func rejected(_ kind: RejectionKind) -> Int { rejections[kind.rawValue] }

    /// Requests that were rejected for any reason.
    public var rejectedTotal: Int { rejections.reduce(0, +) }

    mutating func count(_ kind: RejectionKind) { rejections[kind.rawValue] += 1 }
}
