// The events of a socket's connections. Each loss has a reason: the peer left, or libzmq closed the connection because
// of a frame that is too large.
//
// Usually the reason is known at once. If the peer neither left nor sent more, either it was silent for too long
// (heartbeats) or the rest of its frame is still on its way. Then the event, and those behind it, wait for at most a
// tenth of a second.

package import Reactors
package import ZeroMQ

/// A monitor that also reports why connections ended.
package final class ConnectionEvents: ReadinessHandler, TimerHandler {
    /// The time between two checks of a connection whose reason is undecided.
    private static let interval: UInt64 = 10_000_000
    private static let patience: UInt64 = 100_000_000
    /// The time between two such waits, so that peers that connect and leave do not delay the events of others.
    private static let pause: UInt64 = 1_000_000_000

    /// Called when there may be events to read.
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

    /// Watches the monitor. Called at the start and at each tick (DescriptorWatch.swift).
    package func start() {
        isStarted = true
        ear.listen(host, self)
    }

    /// A peer that connected to us has completed its handshake.
    package func isUp(_ peer: Connection) { disconnectReasons.isUp(peer.descriptor) }

    /// All connections were closed without an event.
    package func forget() {
        disconnectReasons.forget()
        held = nil
    }

    package func stop() {
        ear.stop(host)
        if let timer { host.reactor.cancel(timer) }
        (isStarted, timer) = (false, nil)
        onNews = {}
    }

    package func ready(_ readiness: Readiness) { onNews() }

    package func timerFired(_ key: UInt64) {
        timer = nil
        onNews()
    }

    /// The next event; nil if there is none, or if its reason is not known yet.
    package func next() -> (event: MonitorEvent, disconnectReason: DisconnectReason?)? {
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
