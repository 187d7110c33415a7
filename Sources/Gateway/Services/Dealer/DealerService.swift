// One DEALER an endpoint that all exchanges of a service share: `[ticket][body]` for DEALER workers,
// `[ticket][""][body]` for REP.
//
// The worker returns the frames before the body as they are, so the ticket leads each reply back to its exchange; a
// ticket that is stale or not ours is counted and dropped. With several reactors a socket that binds has one home and
// serves the others' exchanges as well; those that connect exist once a reactor. Of several endpoints those that are up
// take turns.
//
// Always be draining: ZMQ_FD is edge-triggered, and a send or a look at the events may swallow the edge, so after
// either the sockets are read again before the reactor sleeps (zmq_getsockopt(3), ZMQ_FD).

import Bridge
import Configuration
import Reactors
import ZeroMQ

/// The shared DEALERs of a service.
final class DealerService: Service, ReadinessHandler {
    /// Messages read from one socket in one turn at most: some hundred microseconds of work.
    private static let turnBudget = 512

    let plan: ServicePlan
    private let core: any ServiceHost
    private let links: [Link]
    private var natives: NativeClients?
    private var ears: [Ear] = []
    private var next = 0

    init(_ core: any ServiceHost, _ plan: ServicePlan) throws(ZMQError) {
        self.core = core
        self.plan = plan
        var links: [Link] = []
        if let endpoint = plan.configuration.bind {
            links.append(try Link(core, plan, endpoint, binds: true))
            core.log.info("service \(plan.name) is bound to \(links[0].endpoint)")
        }
        for endpoint in plan.configuration.connect { links.append(try Link(core, plan, endpoint)) }
        self.links = links
        natives = try NativeClients(core, self) { [unowned self] in nativePlaces }
    }

    var state: ServiceState {
        var state = ServiceState()
        state.natives = natives?.count ?? 0
        state.workers = links.reduce(0) { $0 + ($1.isUp ? max(1, $1.peers) : 0) }
        state.isReady = state.workers > 0
        state.trouble = links.lazy.compactMap(\.trouble).first ?? natives?.trouble
        return state
    }

    func start() {
        ears = links.map { Ear($0.socket.descriptor) }
        listen()
        for link in links {
            link.onChange = { [unowned self] link in if !link.isUp { lost(link) } }
            link.start()
        }
        natives?.start()
        core.touch(self)
    }

    func ready(_ readiness: Readiness) { core.touch(self) }

    private func listen() { for index in ears.indices { ears[index].listen(core, self) } }

    func send(_ request: inout Frame, for exchange: any Requester) -> Handover {
        let handover = send(&request, [], ticket: exchange.ticket, via: &exchange.slot)
        if exchange.isOneWay, case .taken = handover { core.handed(exchange.ticket) }
        return handover
    }

    /// Sends a request of this reactor's or of another's exchange, by the next endpoint that takes it.
    /// - Parameter slot: which endpoint it was; a session goes on with the one it began with.
    private func send(
        _ body: inout Frame, _ more: [FrameBox], ticket: Ticket, via slot: inout Int?
    ) -> Handover {
        if let slot, isUsable(links[slot]) {
            return transmit(&body, more, ticket, links[slot]) ? .taken : .refused(.overloaded)
        }
        for _ in links.indices {
            let index = next
            next = index + 1 < links.count ? index + 1 : 0
            guard isUsable(links[index]), transmit(&body, more, ticket, links[index]) else { continue }
            slot = index
            return .taken
        }
        return .refused(links.contains(where: \.isUp) ? .overloaded : .noWorker)
    }

    func ended(_ exchange: any Requester, _ end: End) {
        if end.cancelsWorker { cancel(exchange.ticket, at: exchange.slot) }
    }

    func submit(_ request: inout Frame, _ more: [FrameBox], _ submission: Submission) -> Handover {
        var slot: Int?
        let handover = send(&request, more, ticket: submission.owner, via: &slot)
        if submission.isOneWay, case .taken = handover { core.handed(submission.owner) }
        return handover
    }

    func withdraw(_ submission: Submission) { cancel(submission.owner, at: nil) }

    /// Tells the worker, if the service has words for it, that nobody waits for this ticket's replies.
    /// - Parameter slot: the endpoint that the request went to; nil where there is only one.
    private func cancel(_ ticket: Ticket, at slot: Int?) {
        guard let cancel = plan.cancel, isUsable(links[slot ?? 0]) else { return }
        var frame = Frame(copying: cancel.span)
        _ = transmit(&frame, [], ticket, links[slot ?? 0])
    }

    /// A shared socket reads everybody's replies: a slow client is held to its buffer's bound instead.
    func pause(_ exchange: any Requester) {}
    func resume(_ exchange: any Requester) {}

    func drain() -> Bool {
        var hasMore = false
        for link in links where drain(link) { hasMore = true }
        if let natives, natives.drain() { hasMore = true }
        return hasMore
    }

    func tick() {
        listen()
        for link in links { link.tick() }
        natives?.tick()
        core.touch(self)
    }

    func stop() {
        for index in ears.indices { ears[index].stop(core) }
        for link in links { link.stop() }
        natives?.stop()
    }

    /// Requests of native clients that may be with the workers: half of what the pipes to them hold, so that the web
    /// finds room in each.
    private var nativePlaces: Int {
        links.reduce(0) { $0 + max(1, $1.peers) * max(1, $1.sendHighWaterMark / 2) }
    }

    /// With `queue_while_down` requests wait in an outage. A socket that binds refuses by itself while it has no peer.
    private func isUsable(_ link: Link) -> Bool {
        link.isUp || plan.configuration.socket.queueWhileDown || plan.configuration.bind != nil
    }

    private func transmit(_ body: inout Frame, _ more: [FrameBox], _ ticket: Ticket, _ link: Link) -> Bool {
        let byteCount = body.count
        var identity = core.codec.frame(of: ticket)
        guard begin(&identity, link) else { return false }
        core.touch(self)
        if plan.template.hasDelimiter {
            var delimiter = Frame()
            _ = link.socket.send(&delimiter, more: true)
        }
        _ = link.socket.send(&body, more: !more.isEmpty)
        for (index, box) in more.enumerated() { _ = link.socket.send(&box.frame, more: index < more.count - 1) }
        core.metrics.services[plan.index].counts.bytesSent += UInt64(byteCount)
        return true
    }

    /// A refusal is the truth, and loses nothing: who is refused may wait for `ready`. A send alone looks at what came
    /// once a millisecond only, and then swallows its edge.
    private func begin(_ identity: inout Frame, _ link: Link) -> Bool {
        if case .sent = link.socket.send(&identity, more: true) { return true }
        let events = link.socket.events
        if !events.isEmpty { core.touch(self) }
        guard events.contains(.writable), case .sent = link.socket.send(&identity, more: true) else { return false }
        return true
    }

    /// - Parameter wholly: also when memory is short.
    private func drain(_ link: Link, wholly: Bool = false) -> Bool {
        var incoming = Frame()
        for _ in 0..<Self.turnBudget {
            guard wholly || !core.memory.stopsReading else { return true }
            guard receiveMessage(link, &incoming) else { return false }
        }
        return true
    }

    /// Reads one message to its end, whatever its shape, and delivers it.
    private func receiveMessage(_ link: Link, _ incoming: inout Frame) -> Bool {
        var shape = ReplyShape(plan.template)
        var ticket: Ticket?
        var hasTicket = false
        var body = Frame()
        var more: [FrameBox] = []
        repeat {
            guard link.socket.receive(into: &incoming) else { return false }
            switch shape.next(isEmpty: incoming.isEmpty, hasMore: incoming.hasMore) {
            case .ticket:
                ticket = core.codec.read(incoming.bytes)
                if ticket == nil { dropped(incoming.bytes, by: link, hasTicket: true) }
                hasTicket = true
            case .body: swap(&body, &incoming)
            case .delimiter: break
            case .surplus:
                var frame = Frame()
                swap(&frame, &incoming)
                more.append(FrameBox(frame))
            }
        } while shape.expectsMore
        if let ticket {
            core.route(&body, ReplyNote(fault: shape.fault, more: more), to: ticket, plan)
        } else if !hasTicket {
            dropped(body.bytes, by: link, hasTicket: false)
        }
        return true
    }

    /// What a worker said begins with no ticket of ours.
    private func dropped(_ bytes: Span<UInt8>, by link: Link, hasTicket: Bool) {
        let metrics = core.metrics.services[plan.index]
        metrics.dropped(hasTicket ? .unknown : .malformed)
        metrics.log.dropping()?(
            "dropped a message from \(link.endpoint) that does not begin with the frames of a request, but with "
                + "\(Excerpt.text(bytes)); a worker returns the frames before the body as they came")
    }

    /// The last worker of an endpoint is gone: what it had in hand will not be answered. What it had answered is read
    /// first, and what it had not yet taken is dropped.
    private func lost(_ link: Link) {
        while drain(link, wholly: true) {}
        guard !plan.configuration.socket.queueWhileDown else { return }
        link.connectAnew()
        core.workersLost(
            plan, at: links.count > 1 ? links.firstIndex { $0 === link } : nil, because: link.parting.reason)
    }
}
