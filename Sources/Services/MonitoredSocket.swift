// A socket with one endpoint and its monitor, which reports whether there is a peer at the other end.
//
//     connects:  connecting --handshake--> up --lost--> connecting       rejected: retries once a second
//     binds:     up while there is a peer whose handshake is complete
//
// PeerClock and PeerTable define when peers without a handshake count as connected. MonitoredDealer and
// MonitoredSubscriber are this class; their `MonitoredRole` says what differs. MonitoredRouter is a class of its own.

import Contract
import Operations
import Reactors
package import ZeroMQ

/// What a kind of socket adds to its monitoring.
package protocol MonitoredRole: SocketRole {
    /// The name of the peer in the log.
    static var peerNoun: String { get }
    /// The sentence for a socket of the wrong type at the other end.
    static var mismatch: String { get }
    /// On a socket that binds, each peer that comes up clears the trouble that another one caused. If false, only the
    /// first one does.
    static var eachPeerClearsTrouble: Bool { get }
    /// A bound socket is up although its monitor has not reported a peer yet.
    static func isUp(_ socket: borrowing Socket<Self>) -> Bool
}

/// One socket and its monitor.
package final class MonitoredSocket<Role: MonitoredRole> {
    /// The time between two attempts to connect to a peer that rejects us.
    private static var patience: UInt64 { 1_000_000_000 }

    package let endpoint: String
    package let socket: Socket<Role>
    /// There is a peer that receives what is sent.
    package private(set) var isUp = false
    /// The connected peers, as far as the monitor reports them.
    package var peers: Int { binds ? table.count : clock.watch.state == .ready ? 1 : 0 }
    /// What is wrong with the connection, as a sentence.
    package var trouble: String? { fault ?? crowd?.trouble ?? oversize.trouble(at: host.now) }
    private var fault: String?
    /// The most messages that may wait for one peer.
    package let sendHighWaterMark: Int
    /// How the last lost connection ended.
    package private(set) var disconnectReason = DisconnectReason.left
    /// Called when `isUp` changed.
    var onChange: (MonitoredSocket) -> Void = { _ in }

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
        _ host: any ServiceHost, _ plan: ServicePlan, _ endpoint: String, binds: Bool, _ options: SocketOptions
    ) throws(ZMQError) {
        self.host = host
        log = host.metrics.services[plan.index].log
        self.binds = binds
        sendHighWaterMark = options.sendHighWaterMark
        clock = PeerClock(options)
        oversize = OversizeNotice(endpoint, plan.configuration.socket.maxReplyBytes)
        socket = try Socket<Role>(host.context, options)
        events = ConnectionEvents(host, try socket.monitor())
        if binds {
            resolved = try socket.bind(endpoint)
            self.endpoint = EndpointName.make(endpoint, resolved: resolved)
        } else {
            (self.endpoint, resolved) = (endpoint, endpoint)
            try socket.connect(endpoint)
        }
    }

    package func start() {
        if binds { crowd = makeGuard() }
        events.onNews = { [unowned self] in poll() }
        events.start()
        poll()
    }

    package func stop() {
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
    package func tick() {
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
        let sentence = "\(endpoint): \(rejection.sentence(ifMismatch: Role.mismatch))"
        if fault != sentence { log.rejected(sentence) }
        fault = sentence
    }

    private func report(_ change: PeerTable.Change) {
        switch change {
        case .up(let peer):
            events.isUp(peer)
            if Role.eachPeerClearsTrouble { fault = nil }
            log.came("\(Role.peerNoun) \(peer.peer) connected to \(endpoint); \(table.count) there")
        case .lost(let peer): log.went("\(Role.peerNoun) \(peer.peer) is gone from \(endpoint); \(table.count) left")
        }
    }

    /// The monitor does not say which handshake succeeded, so the count may be too low for a moment.
    private var isBoundAndUp: Bool { table.count > 0 || Role.isUp(socket) }

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
    fileprivate var isForsaken: Bool {
        if case .rejected = state { true } else { awaitsRetry }
    }
}

extension ConnectionWatch.Rejection {
    fileprivate func sentence(ifMismatch mismatch: String) -> String {
        switch self {
        case .socketTypeMismatch: "\(mismatch); check `peer`"
        case .protocolError(let code): "the peer does not speak ZeroMQ, or uses other security (protocol error \(code))"
        case .authentication(let status): "the peer refused authentication (status \(status))"
        }
    }
}
