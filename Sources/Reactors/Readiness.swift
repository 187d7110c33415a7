// What a descriptor is ready for, and who is told.

internal import CLinux

/// Conditions of a descriptor (epoll_ctl(2)).
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let readable = Readiness(rawValue: 1 << 0)
    public static let writable = Readiness(rawValue: 1 << 1)
    /// The peer closed its end, or the half it writes with (EPOLLRDHUP).
    public static let peerClosed = Readiness(rawValue: 1 << 2)
    /// Hang-up or error; always reported, never asked for.
    public static let hangup = Readiness(rawValue: 1 << 3)
    /// Reported once a change instead of as long as it holds.
    public static let edgeTriggered = Readiness(rawValue: 1 << 4)

    private static let inEvents: [(Readiness, UInt32)] = [
        (.readable, EPOLLIN.rawValue), (.writable, EPOLLOUT.rawValue), (.peerClosed, EPOLLRDHUP.rawValue),
        (.hangup, EPOLLHUP.rawValue | EPOLLERR.rawValue),
    ]

    init(events: UInt32) {
        var result: Readiness = []
        for (condition, bits) in Self.inEvents where events & bits != 0 { result.insert(condition) }
        self = result
    }

    var events: UInt32 {
        var bits: UInt32 = contains(.edgeTriggered) ? EPOLLET.rawValue : 0
        for (condition, bit) in Self.inEvents where contains(condition) { bits |= bit }
        return bits
    }
}

/// Is told when its descriptor is ready.
public protocol ReadinessHandler: AnyObject {
    func ready(_ readiness: Readiness)
}

/// Is told when its time has come.
public protocol TimerHandler: AnyObject {
    func timerFired(_ key: UInt64)
}

/// Works at the end of each turn.
public protocol TurnParticipant: AnyObject {
    /// Descriptors and timers of this turn have been told.
    /// - Returns: how long the reactor may sleep at most, in nanoseconds; 0 for another turn at once, nil for no limit.
    func turnEnded() -> UInt64?
}

/// One watched descriptor. A registration that was unwatched is stale: what epoll still reports for it is dropped.
public struct Registration: Hashable, Sendable {
    let slot: Int
    let generation: UInt32
}
