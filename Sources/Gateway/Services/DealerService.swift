// One DEALER that all exchanges of a service share: `[ticket][body]` for DEALER workers, `[ticket][""][body]` for REP.
//
// The worker returns the frames before the body as they are, so the ticket leads each reply back to its exchange; a
// ticket that is stale or not ours is counted and dropped. With several reactors a socket that binds has one home and
// serves the others' exchanges as well; one that connects exists once a reactor.
//
// Always be draining: ZMQ_FD is edge-triggered, and a send may swallow the edge, so after every send the socket is read
// again before the reactor sleeps (zmq_getsockopt(3), ZMQ_FD).

import Bridge
import Configuration
import Reactors
import ZeroMQ

/// A shared DEALER and its monitor.
final class DealerService: Service, ReadinessHandler {
    /// Messages read in one turn at most: some hundred microseconds of work.
    private static let turnBudget = 512

    let plan: ServicePlan
    private unowned let core: Core
    private let socket: DealerSocket
    private var watcher: PeerWatcher
    private var registration: Registration?
    private var incoming = Frame()

    init(_ core: Core, _ plan: ServicePlan) throws(ZMQError) {
        self.core = core
        self.plan = plan
        socket = try DealerSocket(core.context, SocketOptions(plan.configuration.socket))
        watcher = PeerWatcher(try socket.monitor())
        if let endpoint = plan.configuration.bind {
            let bound = try socket.bind(endpoint)
            core.log.info("service \(plan.name) is bound to \(bound)")
        }
        for endpoint in plan.configuration.connect { try socket.connect(endpoint) }
    }

    var state: ServiceState {
        var state = ServiceState()
        state.isReady = socket.events.contains(.writable)
        state.workers = state.isReady ? max(1, watcher.peers) : 0
        state.trouble = watcher.trouble
        return state
    }

    func start() {
        registration = core.watch(socket.descriptor, [.readable, .edgeTriggered], self)
        watcher.onChange = { [unowned self] in peersChanged() }
        watcher.start(core)
        core.touch(self)
    }

    func ready(_ readiness: Readiness) { core.touch(self) }

    func send(_ request: inout Frame, for exchange: OpenExchange) -> Handover {
        send(&request, ticket: exchange.ticket)
    }

    /// Sends a request of this reactor's or of another's exchange.
    func send(_ body: inout Frame, ticket: Ticket) -> Handover {
        core.touch(self)
        var identity = frame(of: ticket)
        guard case .sent = socket.send(&identity, more: true) else {
            return .refused(socket.events.contains(.writable) || watcher.peers > 0 ? .overloaded : .noWorker)
        }
        core.metrics.services[plan.index].counts.bytesSent += UInt64(body.count)
        if plan.template.hasDelimiter {
            var delimiter = Frame()
            _ = socket.send(&delimiter, more: true)
        }
        _ = socket.send(&body, more: false)
        return .taken
    }

    func ended(_ exchange: OpenExchange, _ end: End) {
        if end.cancelsWorker { cancel(exchange.ticket) }
    }

    /// Tells the worker, if the service has words for it, that nobody waits for this ticket's replies.
    func cancel(_ ticket: Ticket) {
        guard let cancel = plan.cancel else { return }
        var frame = Frame(copying: cancel.span)
        _ = send(&frame, ticket: ticket)
    }

    /// A shared socket reads everybody's replies: a slow client is held to its buffer's bound instead.
    func pause(_ exchange: OpenExchange) {}
    func resume(_ exchange: OpenExchange) {}

    func drain() -> Bool {
        for _ in 0..<Self.turnBudget {
            guard receiveMessage() else { return false }
        }
        return true
    }

    func tick() { watcher.poll() }

    func stop() {
        if let registration { core.reactor.unwatch(registration) }
        watcher.stop(core)
    }

    private func frame(of ticket: Ticket) -> Frame {
        var frame = Frame(byteCount: TicketCodec.byteCount)
        var bytes = frame.mutableBytes
        core.codec.write(ticket, into: &bytes)
        return frame
    }

    /// Reads one message to its end, whatever its shape, and delivers it.
    private func receiveMessage() -> Bool {
        var shape = ReplyShape(plan.template)
        var ticket: Ticket?
        var hasTicket = false
        var body = Frame()
        repeat {
            guard socket.receive(into: &incoming) else { return false }
            switch shape.next(isEmpty: incoming.isEmpty, hasMore: incoming.hasMore) {
            case .ticket:
                ticket = core.codec.read(incoming.bytes)
                hasTicket = true
            case .body: swap(&body, &incoming)
            case .delimiter, .surplus: break
            }
        } while shape.expectsMore
        if let ticket {
            core.route(&body, fault: shape.fault, to: ticket, plan)
        } else {
            core.metrics.services[plan.index].dropped(hasTicket ? .unknown : .malformed)
        }
        return true
    }

    /// The last worker is gone: what it had in hand will not be answered. What it had answered is read first.
    private func peersChanged() {
        guard watcher.peers == 0 else { return }
        while drain() {}
        core.workersLost(plan)
    }
}
