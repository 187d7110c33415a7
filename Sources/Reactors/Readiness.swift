// What a descriptor can be ready for, and who is told. The bits are epoll(7)'s own, so that nothing is translated on
// the way in; on the way out EPOLLERR is folded into `hangup`.

/// What to watch a descriptor for, or what it is ready for.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// EPOLLIN: there is something to read, or an accept, or the end of the stream.
    public static let readable = Readiness(rawValue: 0x1)
    /// EPOLLOUT: a write will take at least a byte.
    public static let writable = Readiness(rawValue: 0x4)
    /// EPOLLRDHUP: the peer closed its writing half. Of a stream socket only; reported where it was asked for.
    public static let peerClosed = Readiness(rawValue: 0x2000)
    /// EPOLLHUP or EPOLLERR. Always reported, need not be asked for; a level-triggered handler must unwatch, or it
    /// spins.
    public static let hangup = Readiness(rawValue: 0x10)
    /// EPOLLET: report changes only. The handler must read or write until the call would block. Of an interest only.
    public static let edgeTriggered = Readiness(rawValue: 0x8000_0000)

    /// From the bits of a struct epoll_event: 0x8 is EPOLLERR.
    @inline(__always)
    init(eventBits bits: UInt32) {
        rawValue = bits & 0x8 == 0 ? bits : (bits & ~0x8) | 0x10
    }
}

/// Is told when its descriptor is ready. Called on the reactor's thread, in the middle of a turn; may watch, change,
/// unwatch, schedule and cancel anything, itself included.
public protocol ReadinessHandler: AnyObject {
    func ready(_ readiness: Readiness)
}

/// Is told when its timer's deadline has passed. Called on the reactor's thread, after the turn's descriptors: what was
/// received before the deadline has been seen by then. `key` is what `schedule` was given.
public protocol TimerHandler: AnyObject {
    func timerFired(_ key: UInt64)
}

/// Has a share in every turn: work put off to the end of it, and a say in how long the reactor sleeps.
public protocol TurnParticipant: AnyObject {
    /// Called at the end of each turn, after descriptors and timers. Returns how long the reactor may sleep at most, in
    /// nanoseconds (rounded up to milliseconds); nil: no limit; 0: run another turn at once, epoll is still asked.
    func turnEnded() -> UInt64?
}

/// A watched descriptor: slot and generation. Never reused, so what is said of an earlier one cannot hit a later one.
public struct Registration: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    /// What epoll carries for us.
    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// A scheduled timer: slot and generation. Never reused.
public struct TimerID: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}
