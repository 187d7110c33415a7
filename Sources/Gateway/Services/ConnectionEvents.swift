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

    private unowned let host: any ServiceHost
    private let monitor: Monitor
    private let disconnectReasons = DisconnectReasons()
    private var ear: DescriptorWatch
    private var isStarted = false
    private var held: (event: MonitorEvent, descriptor: Int32, since: UInt64)?
    private var waitedAt: UInt64?
    private var timer: TimerID?

    /// - Parameter monitor: of a socket that neither connects nor listens yet.
    init(_ host: any ServiceHost, _ monitor: consuming Monitor) {
        self.host = host
        ear = DescriptorWatch(monitor.descriptor)
        self.monitor = monitor
    }

    /// Listens, at the start and at each tick (Ear.swift).
    func start() {
        isStarted = true
        ear.listen(host, self)
    }

    /// A peer that connected to us can be talked to.
    func isUp(_ peer: Connection) { disconnectReasons.isUp(peer.descriptor) }

    /// All connections were closed, and no event tells of it.
    func forget() {
        disconnectReasons.forget()
        held = nil
    }

    func stop() {
        ear.stop(host)
        if let timer { host.reactor.cancel(timer) }
        (isStarted, timer) = (false, nil)
        onNews = {}
    }

    func ready(_ readiness: Readiness) { onNews() }

    func timerFired(_ key: UInt64) {
        timer = nil
        onNews()
    }

    /// The next event; nil where there is none, or where its reason is not known yet.
    func next() -> (event: MonitorEvent, disconnectReason: DisconnectReason?)? {
        if let held {
            let isLast = host.reactor.now - held.since >= Self.patience
            guard let disconnectReason = disconnectReasons.disconnectReason(of: held.descriptor, isLast: isLast) else {
                return lookLater()
            }
            self.held = nil
            waitedAt = host.reactor.now
            return (held.event, disconnectReason)
        }
        guard let event = monitor.next() else { return nil }
        guard case .disconnected(_, let descriptor) = event else {
            disconnectReasons.observe(event)
            return (event, nil)
        }
        let mayWait = isStarted && waitedAt.map { host.reactor.now - $0 >= Self.pause } ?? true
        if let disconnectReason = disconnectReasons.disconnectReason(of: descriptor, isLast: !mayWait) {
            return (event, disconnectReason)
        }
        held = (event, descriptor, host.reactor.now)
        return lookLater()
    }

    private func lookLater() -> (event: MonitorEvent, disconnectReason: DisconnectReason?)? {
        if timer == nil { timer = host.reactor.schedule(at: host.reactor.now + Self.interval, self, key: 0) }
        return nil
    }
}
