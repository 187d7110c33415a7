// One thread, one epoll set, its timers. Time and readiness, no protocol.
//
//     turn:  epoll_wait -> tell descriptors -> tell timers -> participant.turnEnded() -> how long to sleep
//
// Everything in it belongs to the thread that made it. A descriptor that was unwatched during a turn is not told of
// anything that epoll had already reported for it: its slot's generation has moved on.

internal import CLinux
import Glibc

/// An event loop. Confined to the thread that made it.
@safe
public final class Reactor {
    private struct Watch {
        var generation: UInt32 = 0
        var descriptor: Int32 = -1
        var handler: (any ReadinessHandler)?
    }

    private struct Alarm {
        let handler: any TimerHandler
        let key: UInt64
    }

    /// Nanoseconds of CLOCK_MONOTONIC, read once a turn.
    public private(set) var now: UInt64
    /// Works at the end of each turn. Retained until `run` returns: a weak reference here would make every retain and
    /// release of the participant take the slow way (5 % of the CPU of a small request).
    public var participant: (any TurnParticipant)?

    private let set: Int32
    private let thread = pthread_self()
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private var watches: [Watch] = []
    private var freeSlots: [Int] = []
    private var timers: TimerWheel<Alarm>
    private var isRunning = false

    /// - Parameter maxEventsPerTurn: descriptors told in one turn; the others follow in the next.
    public init(maxEventsPerTurn: Int = 256) throws(SystemError) {
        set = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard set >= 0 else { throw SystemError("epoll_create1") }
        // SAFETY: owned by this object alone and freed in deinit.
        unsafe events = .allocate(capacity: maxEventsPerTurn)
        now = Clocks.monotonic
        timers = TimerWheel(now: now)
    }

    deinit {
        // SAFETY: allocated in init, freed here only.
        unsafe events.deallocate()
        close(set)
    }

    /// Reads the clock again, for work that took long.
    public func refresh() { now = Clocks.monotonic }

    /// Tells `handler`, which is retained, when `descriptor` is ready.
    public func watch(
        _ descriptor: Int32, _ interest: Readiness, _ handler: any ReadinessHandler
    ) throws(SystemError) -> Registration {
        checkThread()
        let slot = freeSlots.popLast() ?? growWatches()
        watches[slot].descriptor = descriptor
        watches[slot].handler = handler
        let registration = Registration(slot: slot, generation: watches[slot].generation)
        guard control(EPOLL_CTL_ADD, registration, interest) == 0 else {
            let error = SystemError("epoll_ctl")
            release(slot)
            throw error
        }
        return registration
    }

    public func change(_ registration: Registration, to interest: Readiness) {
        guard isLive(registration) else { return }
        _ = control(EPOLL_CTL_MOD, registration, interest)
    }

    /// Stops watching. Call it before the descriptor is closed. A stale registration is left alone.
    public func unwatch(_ registration: Registration) {
        checkThread()
        guard isLive(registration) else { return }
        _ = control(EPOLL_CTL_DEL, registration, [])
        release(registration.slot)
    }

    /// Tells `handler`, which is retained until then, once `deadline` (nanoseconds, as `now`) has passed: never before
    /// it,
    /// and at most a millisecond later unless a turn takes longer.
    public func schedule(at deadline: UInt64, _ handler: any TimerHandler, key: UInt64) -> TimerID {
        checkThread()
        return timers.schedule(at: deadline, Alarm(handler: handler, key: key))
    }

    public func cancel(_ timer: TimerID) { timers.cancel(timer) }

    /// Timers that are set.
    public var timerCount: Int { timers.count }

    /// Turns until `stop`.
    public func run() {
        checkThread()
        isRunning = true
        var sleep: UInt64? = 0
        while isRunning { sleep = turn(sleepingAtMost: sleep) }
        participant = nil
    }

    /// Ends `run` after this turn. Call it from the reactor's own thread.
    public func stop() { isRunning = false }

    /// One turn; for `run` and for tests. - Returns: how long the next one may sleep.
    public func turn(sleepingAtMost limit: UInt64?) -> UInt64? {
        // SAFETY: `events` has room for `count` events, and the kernel writes no more than that.
        let ready = unsafe epoll_wait(set, events.baseAddress, Int32(events.count), timeout(limit))
        now = Clocks.monotonic
        for position in 0..<max(0, Int(ready)) {
            // SAFETY: the first `ready` events were written by epoll_wait.
            let (bits, data) = unsafe (gateway_epoll_events(&events[position]), gateway_epoll_data(&events[position]))
            let slot = Int(data & 0xFFFF_FFFF)
            guard watches[slot].generation == UInt32(data >> 32), let handler = watches[slot].handler else { continue }
            handler.ready(Readiness(events: bits))
        }
        while let alarm = timers.next(at: now) { alarm.handler.timerFired(alarm.key) }
        return participant?.turnEnded()
    }

    /// Milliseconds for epoll_wait, rounded up so that a timer is never waited for in a spin.
    private func timeout(_ limit: UInt64?) -> Int32 {
        if limit == 0 { return 0 }
        var wait = limit ?? .max
        if let deadline = timers.nextDeadline {
            let clock = Clocks.monotonic
            wait = min(wait, deadline > clock ? deadline - clock : 0)
        }
        if wait == .max { return -1 }
        return Int32(min(wait / 1_000_000 + (wait % 1_000_000 == 0 ? 0 : 1), 3_600_000))
    }

    private func control(_ operation: Int32, _ registration: Registration, _ interest: Readiness) -> Int32 {
        let data = UInt64(registration.generation) << 32 | UInt64(registration.slot)
        return gateway_epoll_ctl(set, operation, watches[registration.slot].descriptor, interest.events, data)
    }

    private func isLive(_ registration: Registration) -> Bool {
        watches[registration.slot].generation == registration.generation && watches[registration.slot].handler != nil
    }

    private func growWatches() -> Int {
        watches.append(Watch())
        return watches.count - 1
    }

    private func release(_ slot: Int) {
        watches[slot].handler = nil
        watches[slot].descriptor = -1
        watches[slot].generation &+= 1
        freeSlots.append(slot)
    }

    private func checkThread() { assert(pthread_equal(thread, pthread_self()) != 0, "a reactor belongs to one thread") }
}

@available(*, unavailable)
extension Reactor: Sendable {}
