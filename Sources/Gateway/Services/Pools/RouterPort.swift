// A ROUTER that binds: whose messages arrive there, and which of their connections are gone.
//
// A ROUTER does not say that a peer has left. Its monitor does, by the number of the connection's descriptor, and each
// message tells by which descriptor it came (ZMQ_SRCFD): so a worker is known to be lost the moment its connection is.
// The number is used again for another connection; the monitor told of the loss before the new one could send anything,
// so whoever meets a new peer, or an old one on another connection, hears the monitor out first.

import Reactors
import ZeroMQ

/// One bound ROUTER and its monitor.
final class RouterPort: ReadinessHandler {
    /// How long a new peer may take to say what it is.
    private static let patience: UInt64 = 2_000_000_000

    let endpoint: String
    let socket: RouterSocket
    /// A connection is gone, and everything that had come by it was read.
    var onLost: (Int32) -> Void = { _ in }
    /// What is wrong, as a sentence.
    var trouble: String? { failure ?? deafness }

    private unowned let core: Core
    private let monitor: Monitor
    private var registrations: [Registration] = []
    private weak var owner: (any Service)?
    /// Connections that are gone, and nobody was told yet.
    private var gone: [Int32] = []
    /// Connections by which nothing has come yet, since when.
    private var mute: [Int32: UInt64] = [:]
    private var failure: String?

    init(_ core: Core, _ endpoint: String, _ options: SocketOptions) throws(ZMQError) {
        self.core = core
        socket = try RouterSocket(core.context, options)
        monitor = try socket.monitor()
        self.endpoint = try socket.bind(endpoint)
    }

    /// From now on `service` is drained when something arrives.
    func start(_ service: any Service) {
        owner = service
        for descriptor in [socket.descriptor, monitor.descriptor] {
            if let registration = core.watch(descriptor, [.readable, .edgeTriggered], self) {
                registrations.append(registration)
            }
        }
        core.touch(service)
    }

    func stop() {
        for registration in registrations { core.reactor.unwatch(registration) }
        registrations = []
    }

    func ready(_ readiness: Readiness) { if let owner { core.touch(owner) } }

    /// The next message; false where there is none: then those who are gone have said all they had.
    func receive(_ message: inout Message) -> Bool {
        if message.receive(from: socket) { return true }
        hearMonitor()
        let lost = gone
        gone.removeAll()
        for connection in lost { onLost(connection) }
        return false
    }

    /// A peer that was not known has come by `connection`: whoever had that number before is gone.
    func welcome(_ connection: Int32?) {
        hearMonitor()
        if let connection { mute[connection] = nil }
        guard let connection, let index = gone.firstIndex(of: connection) else { return }
        gone.remove(at: index)
        onLost(connection)
    }

    private func hearMonitor() {
        while let event = monitor.next() {
            switch event {
            case .accepted(_, let descriptor): mute[descriptor] = core.reactor.now
            case .disconnected(_, let descriptor):
                mute[descriptor] = nil
                gone.append(descriptor)
            case .handshakeFailedProtocol(_, let code):
                failure = "\(endpoint): a peer speaks no ZeroMQ, or with other security (protocol error \(code))"
            case .handshakeSucceeded: failure = nil
            default: break
            }
        }
    }

    /// Without handover libzmq takes a second peer of an identity in and never lets it speak.
    private var deafness: String? {
        let count = mute.values.count { core.reactor.now - $0 > Self.patience }
        guard count > 0 else { return nil }
        return "\(endpoint): \(count) of its peers say nothing; they are no workers of this kind,"
            + " or have the identity of another one (see `handover`)"
    }

    /// Sends a message: a heartbeat, say. A ROUTER takes all frames of a message or none.
    /// - Returns: `.unroutable` when the peer is gone.
    func send(_ frames: [[UInt8]], to peer: [UInt8]) -> SendOutcome {
        var address = Frame(copying: peer.span)
        let outcome = socket.send(&address, more: true)
        guard outcome == .sent else { return outcome }
        for (index, bytes) in frames.enumerated() {
            var frame = Frame(copying: bytes.span)
            _ = socket.send(&frame, more: index < frames.count - 1)
        }
        return .sent
    }

    /// Ends a message with a request's body. - Parameter keeps: it may be needed again.
    func sendBody(of job: Job, keeps: Bool) {
        sendLast(&job.body, more: !job.more.isEmpty, keeps)
        for (index, box) in job.more.enumerated() { sendLast(&box.frame, more: index < job.more.count - 1, keeps) }
    }

    private func sendLast(_ frame: inout Frame, more: Bool, _ keeps: Bool) {
        guard keeps else {
            _ = socket.send(&frame, more: more)
            return
        }
        var copy = frame.shared()
        _ = socket.send(&copy, more: more)
    }
}
