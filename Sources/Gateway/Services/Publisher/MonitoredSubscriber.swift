// A subscriber socket with one endpoint, and whether there is a publisher at the other end.
//
// It is an XSUB, on which subscribing means sending, so it needs no further functions, and messages are not matched
// against all topics twice, by libzmq and by us. It has no send high water mark, because libzmq silently drops
// subscriptions beyond that (xsub.cpp); `max_topics` bounds them. After a loss libzmq reconnects and resubscribes.

import Reactors
import ZeroMQ

/// One socket and its monitor.
final class MonitoredSubscriber {
    /// The time between two attempts to connect to a peer that rejects us.
    private static let patience: UInt64 = 1_000_000_000

    let endpoint: String
    let socket: SubscriberSocket
    /// The number of connected publishers.
    var publishers: Int { binds ? table.count : clock.watch.state == .ready ? 1 : 0 }
    /// What is wrong with the connection, as a sentence.
    var trouble: String? { fault ?? crowd?.trouble ?? oversize.trouble(at: host.now) }
    private var fault: String?

    private unowned let host: any ServiceHost
    private let log: ServiceLog
    private let binds: Bool
    private let events: ConnectionEvents
    private var clock: PeerClock
    private var wasReady = false
    private var table = PeerTable()
    private var crowd: PeerGuard?
    /// libzmq's form of the endpoint, if it is bound.
    private let resolved: String
    private var oversize: OversizeNotice
    /// Since when libzmq has stopped trying to connect.
    private var rejectedAt: UInt64?

    /// - Parameter binds: listens at the endpoint instead of connecting to it.
    init(_ host: any ServiceHost, _ plan: ServicePlan, _ endpoint: String, binds: Bool) throws(ZMQError) {
        self.host = host
        log = host.metrics.services[plan.index].log
        self.binds = binds
        var options = SocketOptions(plan.configuration.socket)
        options.immediate = false
        options.sendHighWaterMark = 0
        clock = PeerClock(options)
        oversize = OversizeNotice(endpoint, plan.configuration.socket.maxReplyBytes)
        socket = try SubscriberSocket(host.context, options)
        events = ConnectionEvents(host, try socket.monitor())
        if binds {
            resolved = try socket.bind(endpoint)
            self.endpoint = EndpointName.make(endpoint, resolved: resolved)
        } else {
            (self.endpoint, resolved) = (endpoint, endpoint)
            try socket.connect(endpoint)
        }
    }

    func start() {
        if binds { crowd = makeGuard() }
        events.onNews = { [unowned self] in poll() }
        events.start()
        poll()
    }

    func stop() {
        events.stop()
        crowd = nil
    }

    func subscribe(_ topic: [UInt8]) { send(1, topic) }
    func unsubscribe(_ topic: [UInt8]) { send(0, topic) }

    private func makeGuard() -> PeerGuard {
        PeerGuard(host, endpoint, at: resolved) { [unowned self] in
            try socket.unbind(resolved)
            events.forget()
            table = PeerTable()
        } bind: { [unowned self] in
            try socket.bind(resolved)
        }
    }

    /// Maintains the connection. Called a few times a second.
    func tick() {
        events.start()
        poll()
        crowd?.tick()
        if binds {
            for change in table.look(at: host.reactor.now) { changed(change) }
            return
        }
        switch clock.look(at: host.reactor.now) {
        case .nothing: break
        case .ready: settle()
        case .hung: connectAnew()
        case .answersNoPings: stopHeartbeats()
        }
        guard clock.watch.isForsaken else { return rejectedAt = nil }
        let since = rejectedAt ?? host.reactor.now
        rejectedAt = since
        guard host.reactor.now - since > Self.patience else { return }
        rejectedAt = nil
        connectAnew()
    }

    private func stopHeartbeats() {
        log.rejected(
            "\(endpoint): the peer does not answer ZMTP pings; pings are off, and a frozen peer is not detected")
        socket.stopHeartbeats()
        connectAnew()
    }

    private func connectAnew() {
        clock.restart()
        do {
            try socket.disconnect(endpoint)
            try socket.connect(endpoint)
        } catch {
            fault = "\(endpoint): \(error)"
        }
    }

    private func send(_ verb: UInt8, _ topic: [UInt8]) {
        var frame = Frame(copying: ([verb] + topic).span)
        _ = socket.send(&frame)
    }

    private func poll() {
        while let (event, disconnectReason) = events.next() {
            if disconnectReason == .rejected { oversize.happened(host) }
            if binds { observeBound(event) } else { observeConnecting(event) }
        }
    }

    private func observeConnecting(_ event: MonitorEvent) {
        guard clock.observe(event, at: host.reactor.now) else { return }
        settle()
        if case .rejected(let rejection) = clock.watch.state { rejected(rejection) }
    }

    private func observeBound(_ event: MonitorEvent) {
        crowd?.observe(event)
        if let change = table.observe(event, at: host.reactor.now) { changed(change) }
        switch event {
        case .handshakeFailedProtocol(_, let code): rejected(.protocolError(code: code))
        case .handshakeFailedAuth(_, let status): rejected(.authentication(status: status))
        default: break
        }
    }

    private func rejected(_ rejection: ConnectionWatch.Rejection) {
        let sentence =
            switch rejection {
            case .socketTypeMismatch: "\(endpoint): the peer's socket is not a PUB or XPUB; check `peer`"
            case .protocolError, .authentication: "\(endpoint): \(rejection.sentence)"
            }
        if fault != sentence { log.rejected(sentence) }
        fault = sentence
    }

    /// The connection to the endpoint was made or lost.
    private func settle() {
        let isReady = clock.watch.state == .ready
        guard isReady != wasReady else { return }
        wasReady = isReady
        if isReady { fault = nil }
        if isReady { log.connected(to: endpoint) } else { log.lost(endpoint) }
    }

    private func changed(_ change: PeerTable.Change) {
        switch change {
        case .up(let peer):
            events.isUp(peer)
            fault = nil
            log.came("publisher \(peer.peer) connected to \(endpoint); \(table.count) there")
        case .lost(let peer): log.went("publisher \(peer.peer) is gone from \(endpoint); \(table.count) left")
        }
    }
}
