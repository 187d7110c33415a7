// The events of a socket's connections, with the reason of each loss: the peer left, or libzmq closed the connection
// over a frame that is too large.
//
// The reason is mostly known at once. If the peer neither left nor sent more, it was silent for too long (heartbeats),
// or the rest of its frame is on its way: then the event, and those behind it, wait a tenth of a second at most.

import Reactors
import ZeroMQ

/// A monitor that says how connections ended.
final class ConnectionEvents: ReadinessHandler, TimerHandler {
    /// Between two looks at a connection whose end is undecided.
    private static let interval: UInt64 = 10_000_000
    private static let patience: UInt64 = 100_000_000
    /// Between the end of one wait and the next: those who connect and leave must not delay what others say.
    private static let pause: UInt64 = 1_000_000_000

    /// There may be events to read.
    var onNews: () -> Void = {}

    private unowned let core: any ServiceHost
    private let monitor: Monitor
    private let partings = Partings()
    private var ear: Ear
    private var isStarted = false
    private var held: (event: MonitorEvent, descriptor: Int32, since: UInt64)?
    private var waitedAt: UInt64?
    private var timer: TimerID?

    /// - Parameter monitor: of a socket that neither connects nor listens yet.
    init(_ core: any ServiceHost, _ monitor: consuming Monitor) {
        self.core = core
        ear = Ear(monitor.descriptor)
        self.monitor = monitor
    }

    /// Listens, at the start and at each tick (Ear.swift).
    func start() {
        isStarted = true
        ear.listen(core, self)
    }

    /// A peer that connected to us can be talked to.
    func isUp(_ peer: Connection) { partings.isUp(peer.descriptor) }

    /// All connections were closed, and no event tells of it.
    func forget() {
        partings.forget()
        held = nil
    }

    func stop() {
        ear.stop(core)
        if let timer { core.reactor.cancel(timer) }
        (isStarted, timer) = (false, nil)
        onNews = {}
    }

    func ready(_ readiness: Readiness) { onNews() }

    func timerFired(_ key: UInt64) {
        timer = nil
        onNews()
    }

    /// The next event; nil where there is none, or where its reason is not known yet.
    func next() -> (event: MonitorEvent, parting: Parting?)? {
        if let held {
            let isLast = core.reactor.now - held.since >= Self.patience
            guard let parting = partings.parting(of: held.descriptor, isLast: isLast) else { return lookLater() }
            self.held = nil
            waitedAt = core.reactor.now
            return (held.event, parting)
        }
        guard let event = monitor.next() else { return nil }
        guard case .disconnected(_, let descriptor) = event else {
            partings.observe(event)
            return (event, nil)
        }
        let mayWait = isStarted && waitedAt.map { core.reactor.now - $0 >= Self.pause } ?? true
        if let parting = partings.parting(of: descriptor, isLast: !mayWait) { return (event, parting) }
        held = (event, descriptor, core.reactor.now)
        return lookLater()
    }

    private func lookLater() -> (event: MonitorEvent, parting: Parting?)? {
        if timer == nil { timer = core.reactor.schedule(at: core.reactor.now + Self.interval, self, key: 0) }
        return nil
    }
}
