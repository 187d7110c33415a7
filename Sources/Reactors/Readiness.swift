// The readiness of descriptors, and the protocols for its handlers. The bits are those of epoll(7), so no translation
// is needed on the way in; on the way out EPOLLERR is folded into `hangup`.

/// Events to watch a descriptor for, or that it is ready for.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// EPOLLIN: a read or accept will not block, or the stream has ended.
    public static let readable = Readiness(rawValue: 0x1)
    /// EPOLLOUT: a write will take at least a byte.
    public static let writable = Readiness(rawValue: 0x4)
    /// EPOLLRDHUP: the peer closed its writing half. Stream sockets only; reported only if requested.
    public static let peerClosed = Readiness(rawValue: 0x2000)
    /// EPOLLHUP or EPOLLERR. Always reported, even if not requested; a level-triggered handler must unwatch, or the
    /// reactor spins.
    public static let hangup = Readiness(rawValue: 0x10)
    /// EPOLLET: report changes only. The handler must read or write until the call would block. Only valid as an
    /// interest.
    public static let edgeTriggered = Readiness(rawValue: 0x8000_0000)

    /// From the bits of a struct epoll_event: 0x8 is EPOLLERR.
    @inline(__always)
    init(eventBits bits: UInt32) {
        rawValue = bits & 0x8 == 0 ? bits : (bits & ~0x8) | 0x10
    }
}

/// Handles the readiness of a descriptor. Called on the reactor's thread, in the middle of a turn; may watch, change,
/// unwatch, schedule and cancel anything, including itself.
public protocol ReadinessHandler: AnyObject {
    func ready(_ readiness: Readiness)
}

/// Handles a timer. Called on the reactor's thread, after the turn's descriptors: data received before the deadline has
/// been handled by then. `key` is the one passed to `schedule`.
public protocol TimerHandler: AnyObject {
    func timerFired(_ key: UInt64)
}

/// Runs at the end of every turn: does deferred work and limits how long the reactor sleeps.
public protocol TurnParticipant: AnyObject {
    /// Called at the end of each turn, after descriptors and timers.
    /// - Returns: the longest sleep in nanoseconds (rounded up to milliseconds); nil for no limit; 0 to poll and run
    ///   another turn at once.
    func turnEnded() -> UInt64?
}

/// A watched descriptor: slot and generation. Never reused, so a stale one cannot affect a later descriptor.
public struct Registration: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    /// The value that epoll carries for us.
    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// A scheduled timer: slot and generation. Never reused.
public struct TimerID: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}
