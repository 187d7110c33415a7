// One DEALER for each endpoint, which all exchanges of a service share: `[ticket][body]` for DEALER workers,
// `[ticket][""][body]` for REP.
//
// A worker returns the frames before the body unchanged, so the ticket routes each reply back to its exchange. A reply
// with a stale or foreign ticket is counted and dropped. A socket that binds has one home reactor and serves the
// exchanges of the others as well; a socket that connects exists on each reactor. Of several endpoints those that are
// up take turns.
//
// Always be draining: ZMQ_FD is edge-triggered, and a send or a look at the events may swallow the edge. After either
// of them the sockets are read again before the reactor sleeps (zmq_getsockopt(3), ZMQ_FD).

package import Bridge
import Configuration
package import Contract
import Operations
package import Reactors
package import ZeroMQ

/// The shared DEALERs of a service.
package final class DealerService: Service, ReadinessHandler {
    /// The most messages read from one socket in one turn: some hundred microseconds of work.
    private static let turnBudget = 512

    package let plan: ServicePlan
    private let host: any ServiceHost
    private let metrics: ServiceMetrics
    private let memory: MemoryLedger
    private let dealers: [MonitoredDealer]
    private var natives: NativeClients?
    private var ears: [DescriptorWatch] = []
    private var next = 0

    init(_ host: any ServiceHost, _ plan: ServicePlan) throws(ZMQError) {
        self.host = host
        metrics = host.metrics.services[plan.index]
        memory = host.memory
        self.plan = plan
        var dealers: [MonitoredDealer] = []
        if let endpoint = plan.configuration.bind {
            dealers.append(try MonitoredDealer(host, plan, endpoint, binds: true))
            host.log.info("service \(plan.name) is bound to \(dealers[0].endpoint)")
        }
        for endpoint in plan.configuration.connect { dealers.append(try MonitoredDealer(host, plan, endpoint)) }
        self.dealers = dealers
        natives = try NativeClients(host, self) { [unowned self] in nativePlaces }
    }

    package var state: ServiceState {
        var state = ServiceState()
        state.natives = natives?.count ?? 0
        state.workers = dealers.reduce(0) { $0 + ($1.isUp ? max(1, $1.peers) : 0) }
        state.isReady = state.workers > 0
        state.trouble = dealers.lazy.compactMap(\.trouble).first ?? natives?.trouble
        return state
    }

    package func start() {
        ears = dealers.map { DescriptorWatch($0.socket.descriptor) }
        listen()
        for dealer in dealers {
            dealer.onChange = { [unowned self] dealer in if !dealer.isUp { lost(dealer) } }
            dealer.start()
        }
        natives?.start()
        host.touch(self)
    }

    package func ready(_ readiness: Readiness) { host.touch(self) }

    private func listen() { for index in ears.indices { ears[index].listen(host, self) } }

    package func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        let result = send(&request, [], ticket: exchange.ticket, via: &exchange.slot)
        if exchange.isOneWay, case .accepted = result { host.handed(exchange.ticket) }
        return result
    }

    /// Sends a request, of this reactor's or another's exchange, to the next endpoint that accepts it.
    /// - Parameter slot: the endpoint used; a session keeps the one that it began with.
    private func send(
        _ body: inout Frame, _ more: [FrameBox], ticket: Ticket, via slot: inout Int?
    ) -> SendResult {
        if let slot, isUsable(dealers[slot]) {
            return transmit(&body, more, ticket, dealers[slot]) ? .accepted : .rejected(.overloaded)
        }
        for _ in dealers.indices {
            let index = next
            next = index + 1 < dealers.count ? index + 1 : 0
            guard isUsable(dealers[index]), transmit(&body, more, ticket, dealers[index]) else { continue }
            slot = index
            return .accepted
        }
        return .rejected(dealers.contains(where: \.isUp) ? .overloaded : .noWorker)
    }

    package func ended(_ exchange: any Requester, _ end: End) {
        if end.cancelsWorker { cancel(exchange.ticket, at: exchange.slot) }
    }

    package func submit(_ request: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata) -> SendResult {
        var slot: Int?
        let result = send(&request, more, ticket: metadata.owner, via: &slot)
        if metadata.isOneWay, case .accepted = result { host.handed(metadata.owner) }
        return result
    }

    package func withdraw(_ metadata: RequestMetadata) { cancel(metadata.owner, at: nil) }

    /// Cancels the ticket's request at the worker, if the service has a cancel message.
    /// - Parameter slot: the endpoint that the request went to; nil if there is only one.
    private func cancel(_ ticket: Ticket, at slot: Int?) {
        guard let cancel = plan.cancel, isUsable(dealers[slot ?? 0]) else { return }
        var frame = Frame(copying: cancel.span)
        _ = transmit(&frame, [], ticket, dealers[slot ?? 0])
    }

    /// A shared socket carries the replies of all clients, so a slow client is only limited by its own buffer.
    package func pause(_ exchange: any Requester) {}
    package func resume(_ exchange: any Requester) {}

    package func drain() -> Bool {
        var hasMore = false
        for dealer in dealers where drain(dealer) { hasMore = true }
        if let natives, natives.drain() { hasMore = true }
        return hasMore
    }

    package func tick() {
        listen()
        for dealer in dealers { dealer.tick() }
        natives?.tick()
        host.touch(self)
    }

    package func stop() {
        for index in ears.indices { ears[index].stop(host) }
        for dealer in dealers { dealer.stop() }
        natives?.stop()
    }

    /// The most requests of native clients that may be with the workers: half of what the pipes to them hold, so that
    /// there is always room for web clients.
    private var nativePlaces: Int {
        dealers.reduce(0) { $0 + max(1, $1.peers) * max(1, $1.sendHighWaterMark / 2) }
    }

    /// With `queue_while_down` requests wait during an outage. A socket that binds rejects by itself without a peer.
    private func isUsable(_ dealer: MonitoredDealer) -> Bool {
        dealer.isUp || plan.configuration.socket.queueWhileDown || plan.configuration.bind != nil
    }

    private func transmit(_ body: inout Frame, _ more: [FrameBox], _ ticket: Ticket, _ dealer: MonitoredDealer) -> Bool
    {
        let byteCount = body.count
        var identity = host.codec.frame(of: ticket)
        guard begin(&identity, dealer) else { return false }
        host.touch(self)
        if plan.template.hasDelimiter { dealer.socket.add(Frame()) }
        dealer.socket.finish(&body, more)
        metrics.counts.bytesSent += UInt64(byteCount)
        return true
    }

    /// Starts a message. A rejection is real and loses nothing: the requester may wait for `ready`. A send on its own
    /// checks for new input only once a millisecond, and then swallows its edge.
    private func begin(_ identity: inout Frame, _ dealer: MonitoredDealer) -> Bool {
        if dealer.socket.begin(&identity) == .sent { return true }
        let events = dealer.socket.events
        if !events.isEmpty { host.touch(self) }
        guard events.contains(.writable) else { return false }
        return dealer.socket.begin(&identity) == .sent
    }

    /// - Parameter wholly: read even when memory is short.
    private func drain(_ dealer: MonitoredDealer, wholly: Bool = false) -> Bool {
        var incoming = Frame()
        for _ in 0..<Self.turnBudget {
            guard wholly || !memory.stopsReading else { return true }
            guard receiveMessage(dealer, &incoming) else { return false }
        }
        return true
    }

    /// Reads and delivers one whole message, whatever its shape.
    private func receiveMessage(_ dealer: MonitoredDealer, _ incoming: inout Frame) -> Bool {
        var shape = ReplyShape(plan.template)
        var ticket: Ticket?
        var hasTicket = false
        var body = Frame()
        var more: [FrameBox] = []
        repeat {
            guard dealer.socket.receive(into: &incoming) else { return false }
            switch shape.next(isEmpty: incoming.isEmpty, hasMore: incoming.hasMore) {
            case .ticket:
                ticket = host.codec.read(incoming.bytes)
                if ticket == nil { dropped(incoming.bytes, by: dealer, hasTicket: true) }
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
            host.route(&body, ReplyMetadata(fault: shape.fault, more: more), to: ticket, plan)
        } else if !hasTicket {
            dropped(body.bytes, by: dealer, hasTicket: false)
        }
        return true
    }

    /// Counts a worker's message that does not begin with one of our tickets.
    private func dropped(_ bytes: Span<UInt8>, by dealer: MonitoredDealer, hasTicket: Bool) {
        metrics.dropped(hasTicket ? .unknown : .malformed)
        metrics.log.dropping()?(
            "dropped a message from \(dealer.endpoint) that does not begin with the frames of a request, but with "
                + "\(Excerpt.text(bytes)); a worker must return the frames before the body unchanged")
    }

    /// The last worker of an endpoint is gone and will not reply any more. Replies that have arrived are read first.
    /// Requests that it has not received yet are dropped.
    private func lost(_ dealer: MonitoredDealer) {
        while drain(dealer, wholly: true) {}
        guard !plan.configuration.socket.queueWhileDown else { return }
        dealer.connectAnew()
        host.workersLost(
            plan, at: dealers.count > 1 ? dealers.firstIndex { $0 === dealer } : nil,
            because: dealer.disconnectReason.reason)
    }
}
