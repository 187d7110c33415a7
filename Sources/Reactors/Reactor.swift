// One thread's event loop: an epoll set, timers, and turns.
//
//      turn:  sleep in epoll_wait  ->  sample the clock  ->  descriptors  ->  due timers  ->  participant.turnEnded()
//                 until the next timer at most, or as long as the participant allowed at the end of the last turn
//
// A reactor is used only on the thread that created it. Other threads reach it through a Mailbox whose descriptor it
// watches. It blocks only in epoll_wait, takes no lock, and allocates only to grow its tables. Events of a descriptor
// that was unwatched earlier in the same turn are dropped: each slot has a generation, and epoll carries it. The
// reactor retains handlers until they are unwatched, have fired or are cancelled.

internal import CLinux
import Glibc

/// An epoll(7) set with timers, confined to the thread that created it.
@safe
public final class Reactor {
    private struct Slot {
        var handler: (any ReadinessHandler)?
        var descriptor: Int32 = -1
        var generation: UInt32 = 0
    }

    private struct Timer {
        let handler: any TimerHandler
        let key: UInt64
    }

    private static var nanosecondsPerTick: UInt64 { 1_000_000 }

    private let epoll: Int32
    private let owner = pthread_self()
    // SAFETY: allocated in init, freed in deinit, used by `turn` only.
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var timers: TimerWheel<Timer>
    private var running = false
    /// The participant's last limit; 0 before the first turn, so that the participant runs before the reactor sleeps.
    private var maxSleep: UInt64? = 0

    /// Nanoseconds of CLOCK_MONOTONIC, sampled once per turn, when epoll_wait returns.
    public var now: UInt64 { time }
    /// Private, because each use of a public stored property is checked for exclusive access.
    private var time: UInt64

    /// Its `turnEnded()` ends each turn. Retained until `run()` ends: a weak reference would make each use slow.
    public var participant: (any TurnParticipant)?

    /// - Parameter maxEventsPerTurn: descriptors served per turn; more wait in the kernel for the next turn, and none
    ///   starves.
    /// - Throws: EMFILE, ENFILE or ENOMEM of epoll_create1(2).
    public convenience init(maxEventsPerTurn: Int = 256) throws(SystemError) {
        try self.init(maxEventsPerTurn: maxEventsPerTurn, epoll: linux_epoll_create())
    }

    init(maxEventsPerTurn: Int = 256, epoll: Int32) throws(SystemError) {
        precondition(maxEventsPerTurn > 0, "a turn serves at least one event")
        self.epoll = try SystemError.check(epoll, "epoll_create1")
        unsafe events = .allocate(capacity: maxEventsPerTurn)
        time = Clocks.monotonic
        timers = TimerWheel(current: time / Reactor.nanosecondsPerTick)
    }

    deinit {
        close(epoll)
        // SAFETY: ours since init, and no longer in use. epoll_event is trivial.
        unsafe events.deallocate()
    }

    /// Samples the clock again, after work within a turn that took long enough to matter.
    public func refresh() {
        time = Clocks.monotonic
    }

    // MARK: - Descriptors

    /// Watches `descriptor`, which still belongs to the caller: unwatch it *before* closing it.
    /// - Throws: ENOMEM or ENOSPC (`/proc/sys/fs/epoll/max_user_watches`) of epoll_ctl(2), EPERM for a plain file,
    ///   EEXIST for a descriptor that is watched already.
    public func watch(
        _ descriptor: Int32, _ interest: Readiness, _ handler: any ReadinessHandler
    ) throws(SystemError) -> Registration {
        assertOwner()
        let slot = freeSlots.popLast() ?? UInt32(slots.count)
        if Int(slot) == slots.count { slots.append(Slot()) }
        let registration = Registration(slot: slot, generation: slots[Int(slot)].generation)
        guard linux_epoll_add(epoll, descriptor, interest.rawValue, registration.token) == 0 else {
            let code = errno
            precondition(code != EBADF, "watched descriptor \(descriptor) is not open")
            freeSlots.append(slot)
            throw SystemError(operation: "epoll_ctl", code: code)
        }
        slots[Int(slot)].handler = handler
        slots[Int(slot)].descriptor = descriptor
        return registration
    }

    /// Changes the events that the descriptor is watched for. With `.edgeTriggered` this also re-arms it: what is ready
    /// now is reported.
    public func change(_ registration: Registration, to interest: Readiness) {
        assertOwner()
        precondition(isWatched(registration), "the descriptor to change has been unwatched")
        let descriptor = slots[Int(registration.slot)].descriptor
        let result = linux_epoll_modify(epoll, descriptor, interest.rawValue, registration.token)
        precondition(result == 0, "descriptor \(descriptor) was closed before it was unwatched")
    }

    /// Stops watching and releases the handler; its pending events are dropped. Does nothing if that was done before.
    public func unwatch(_ registration: Registration) {
        assertOwner()
        guard isWatched(registration) else { return }
        let index = Int(registration.slot)
        let result = linux_epoll_remove(epoll, slots[index].descriptor)
        precondition(result == 0, "descriptor \(slots[index].descriptor) was closed before it was unwatched")
        slots[index] = Slot(generation: registration.generation &+ 1)
        freeSlots.append(registration.slot)
    }

    private func isWatched(_ registration: Registration) -> Bool {
        let index = Int(registration.slot)
        return index < slots.count && slots[index].generation == registration.generation && slots[index].handler != nil
    }

    // MARK: - Timers

    /// Calls `handler.timerFired(key)` once `deadline` (nanoseconds of CLOCK_MONOTONIC) has passed: never early, late
    /// by up to 2 ms and the length of a turn. A deadline in the past fires in the next turn.
    public func schedule(at deadline: UInt64, _ handler: any TimerHandler, key: UInt64) -> TimerID {
        assertOwner()
        let tick = deadline / Reactor.nanosecondsPerTick + (deadline % Reactor.nanosecondsPerTick == 0 ? 0 : 1)
        return timers.schedule(at: tick, Timer(handler: handler, key: key))
    }

    /// Cancels a timer. Does nothing if it has fired or was cancelled before.
    public func cancel(_ timer: TimerID) {
        assertOwner()
        timers.cancel(timer)
    }

    // MARK: - Turns

    /// Runs turns until `stop()`.
    public func run() {
        running = true
        while running { turn() }
        participant = nil
    }

    /// Ends `run()` after the current turn. On the reactor's own thread only; from another, send a letter.
    public func stop() {
        assertOwner()
        running = false
    }

    /// Runs one turn of `run()`; a test or a foreign loop may call it.
    public func turn() {
        assertOwner()
        // SAFETY: `events` holds `events.count` entries of ours; the kernel fills at most that many.
        let count = unsafe epoll_wait(epoll, events.baseAddress, Int32(events.count), sleepMilliseconds())
        precondition(count >= 0 || errno == EINTR, "epoll_wait failed: errno \(errno)")
        time = Clocks.monotonic
        for index in 0..<Int(max(count, 0)) {
            // SAFETY: index < count <= events.count, and the kernel has filled that entry.
            let (bits, token) = unsafe (linux_event_bits(&events[index]), linux_event_token(&events[index]))
            deliver(Readiness(eventBits: bits), Int(token & 0xFFFF_FFFF), UInt32(token >> 32))
        }
        fireTimers()
        maxSleep = participant?.turnEnded()
    }

    private func deliver(_ readiness: Readiness, _ slot: Int, _ generation: UInt32) {
        guard slots[slot].generation == generation, let handler = slots[slot].handler else { return }
        handler.ready(readiness)
    }

    private func fireTimers() {
        timers.advance(to: now / Reactor.nanosecondsPerTick)
        while let timer = timers.popDue() { timer.handler.timerFired(timer.key) }
    }

    /// The timeout for epoll_wait: until the next timer or the participant's limit, rounded up so that no turn comes
    /// too early; -1 for no limit.
    private func sleepMilliseconds() -> Int32 {
        var sleep = maxSleep ?? .max
        if let tick = timers.nextTick {
            let (deadline, time) = (tick &* Reactor.nanosecondsPerTick, Clocks.monotonic)
            sleep = min(sleep, deadline > time ? deadline - time : 0)
        }
        guard sleep != .max else { return -1 }
        return Int32(min(sleep / 1_000_000 + (sleep % 1_000_000 == 0 ? 0 : 1), 60_000))
    }

    @inline(__always)
    private func assertOwner() {
        assert(pthread_equal(owner, pthread_self()) != 0, "a reactor is used on the thread that made it")
    }
}

@available(*, unavailable)
extension Reactor: Sendable {}
