// A DEALER with one endpoint, and whether there is a peer at the other end.
//
//     connects:  connecting --handshake--> up --lost--> connecting       rejected: retries once a second
//     binds:     up while there is a peer whose handshake is complete
//
// PeerClock and PeerTable define when peers without a handshake count as connected.
//
// ZMQ_IMMEDIATE is off on every DEALER of ours that connects. With it libzmq 4.3 drops unread replies when a connection
// is lost; if that happens between two frames of a message, it aborts the process (`!_more`, fq.cpp). Without it a send
// succeeds even if there is no peer. Therefore the monitor determines whether there is one, and what was sent during an
// outage is dropped by connecting anew.

import Reactors
import ZeroMQ

/// One socket and its monitor.
final class MonitoredDealer {
    /// The time between two attempts to connect to a peer that rejects us.
    private static let patience: UInt64 = 1_000_000_000

    let endpoint: String
    let socket: DealerSocket
    /// There is a peer that receives what is sent.
    private(set) var isUp = false
    /// The peers of a socket that binds, as far as the monitor reports them.
    var peers: Int { table.count }
    /// What is wrong with the connection, as a sentence.
    var trouble: String? { fault ?? crowd?.trouble ?? oversize.trouble(at: host.now) }
    private var fault: String?
    /// The most messages that may wait for one peer.
    let sendHighWaterMark: Int
    /// How the last lost connection ended.
    private(set) var disconnectReason = DisconnectReason.left
    /// Called when `isUp` changed.
    var onChange: (MonitoredDealer) -> Void = { _ in }

    private unowned let host: any ServiceHost
    private let log: ServiceLog
    private let binds: Bool
    private let events: ConnectionEvents
    private var clock: PeerClock
    private var table = PeerTable()
    private var crowd: PeerGuard?
    /// libzmq's form of the endpoint, if it is bound.
    private let resolved: String
    private var oversize: OversizeNotice
    /// Since when libzmq has stopped trying to connect.
    private var rejectedAt: UInt64?

    /// - Parameter binds: listens at the endpoint instead of connecting to it.
    init(
        _ host: any ServiceHost, _ plan: ServicePlan, _ endpoint: String, binds: Bool = false, identity: [UInt8]? = nil
    ) throws(ZMQError) {
        self.host = host
        log = host.metrics.services[plan.index].log
        self.binds = binds
        var options = SocketOptions(plan.configuration.socket)
        if !binds { options.immediate = false }
        if plan.configuration.socket.sendHighWaterMark == nil {
            // Room for everything that one client may send: libzmq learns of departed messages in steps of half a mark.
            options.sendHighWaterMark = 2 * host.configuration.limits.maxExchangesPerAddress
        }
        options.identity = identity
        sendHighWaterMark = options.sendHighWaterMark
        clock = PeerClock(options)
        oversize = OversizeNotice(endpoint, plan.configuration.socket.maxReplyBytes)
        socket = try DealerSocket(host.context, options)
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

    private func makeGuard() -> PeerGuard {
        PeerGuard(host, endpoint, at: resolved) { [unowned self] in
            try socket.unbind(resolved)
            events.forget()
            table = PeerTable()
            settle(isReady: false)
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
            for change in table.look(at: host.reactor.now) { report(change) }
            return settle(isReady: isBoundAndUp)
        }
        switch clock.look(at: host.reactor.now) {
        case .nothing: break
        case .ready: settle(isReady: true)
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

    /// Drops what was sent and not delivered, and starts over. Everything received must have been read before.
    func connectAnew() {
        guard !binds else { return }
        clock.restart()
        do {
            try socket.disconnect(endpoint)
            try socket.connect(endpoint)
        } catch {
            fault = "\(endpoint): \(error)"
        }
    }

    private func stopHeartbeats() {
        log.rejected(
            "\(endpoint): the peer does not answer ZMTP pings; pings are off, and a frozen peer is not detected")
        socket.stopHeartbeats()
        connectAnew()
    }

    private func poll() {
        while let (event, disconnectReason) = events.next() {
            if let disconnectReason {
                self.disconnectReason = disconnectReason
                if disconnectReason == .rejected { oversize.happened(host) }
            }
            if binds { observeBound(event) } else { observeConnecting(event) }
        }
    }

    private func observeConnecting(_ event: MonitorEvent) {
        guard clock.observe(event, at: host.reactor.now) else { return }
        if case .rejected(let rejection) = clock.watch.state { rejected(rejection) }
        settle(isReady: clock.watch.state == .ready)
    }

    private func observeBound(_ event: MonitorEvent) {
        crowd?.observe(event)
        let change = table.observe(event, at: host.reactor.now)
        if let change { report(change) }
        switch event {
        case .handshakeFailedProtocol(_, let code): rejected(.protocolError(code: code))
        case .handshakeFailedAuth(_, let status): rejected(.authentication(status: status))
        default: if change == nil { return }
        }
        settle(isReady: isBoundAndUp)
    }

    private func rejected(_ rejection: ConnectionWatch.Rejection) {
        let sentence = "\(endpoint): \(rejection.sentence)"
        if fault != sentence { log.rejected(sentence) }
        fault = sentence
    }

    private func report(_ change: PeerTable.Change) {
        switch change {
        case .up(let peer):
            events.isUp(peer)
            log.came("worker \(peer.peer) connected to \(endpoint); \(table.count) there")
        case .lost(let peer): log.went("worker \(peer.peer) is gone from \(endpoint); \(table.count) left")
        }
    }

    /// The monitor does not say which handshake succeeded, so the count may be too low for a moment. libzmq then still
    /// accepts messages.
    private var isBoundAndUp: Bool { peers > 0 || socket.events.contains(.writable) }

    private func settle(isReady: Bool) {
        guard isReady != isUp else { return }
        isUp = isReady
        if !binds { if isReady { log.connected(to: endpoint) } else { log.lost(endpoint) } }
        if isReady { fault = nil }
        onChange(self)
    }
}

extension ConnectionWatch {
    /// libzmq has stopped trying to connect, unless an event to the contrary is on its way.
    var isForsaken: Bool {
        if case .rejected = state { true } else { awaitsRetry }
    }
}

extension ConnectionWatch.Rejection {
    var sentence: String {
        switch self {
        case .socketTypeMismatch: "the peer's socket type does not accept a DEALER; check `peer`"
        case .protocolError(let code): "the peer does not speak ZeroMQ, or uses other security (protocol error \(code))"
        case .authentication(let status): "the peer refused authentication (status \(status))"
        }
    }
}
