// The whole gateway on one reactor, from accept to the last byte. It shares nothing with other threads.
//
//     HTTP Listener --accept--> RESTHandler --> RESTReplySink --> Exchange --send--> Service --> worker
//          ^                                         ^               ^                 |
//          +---------- response, stream -------------+---------------+----- route -----+
//
// A turn. First the reactor dispatches events: listeners and sockets of services only leave a mark; letters, sessions,
// monitors and clients that disconnect are handled at once. Then timers fire. Then `turnEnded` works off the marks:
// services (replies to clients), listeners (responses out, new requests in), the exchanges that these opened, and
// services again (a send may have made something readable), for as long as there is more. Last come sessions that
// waited for a full service, the sessions' unsent messages, the access log, and the letters to other reactors.
// `turnEnded` returns how long the reactor may sleep.

import Basics
import Bridge
import Configuration
import Contract
import HTTP
import Logging
import Operations
import Reactors
import Services
import Web
import ZeroMQ

/// The gateway on one thread.
final class Core: TurnParticipant, WebHost {
    /// The interval at which services and limits are checked.
    static let tickInterval: Nanoseconds = 250_000_000
    /// The most rounds of work in one turn before the reactor looks at descriptors again.
    private static let roundsPerTurn = 4
    /// The most open tickets: exchanges, sessions and native requests, which have their own limits.
    private static let mostTickets = (1 << 24) - 1
    /// The most retired sockets closed in one turn. Each close takes 30-44 us.
    private static let closingsPerTurn = 16

    let index: Int
    let shared: SharedState
    let reactor: Reactor
    let log: Logger
    let metrics: Metrics
    let accessLog: AccessLog
    let memory: MemoryLedger
    private(set) var services: [any Service] = []
    var drainState = Drain()
    /// The services that workers have registered with brokers.
    var registeredServices: RegisteredServices
    let requesters: RequesterTable
    var listeners: [ListenerWatch] = []
    var handler: RESTHandler?
    private var touched: [any Service] = []
    private var opening: [RESTReplySink] = []
    var closing = FIFO<AnyObject>()
    var inquiries = Inquiries()
    private var mintedNames: UInt64 = 0
    var idlePeers = 0
    var hasSaidIdle = false
    var endsAt: Instant?
    var drainsSince: Instant?
    private var letterWatch: LetterWatch?
    var outbox: Outbox
    private var flushing: [WebSocketConnection] = []
    private var atTurnsEnd: [() -> Void] = []
    /// Sessions that wait because their service is full.
    let backlog = Backlog()
    var largestCrowd = 0
    var ticksSinceCrowd = 0
    /// The sessions on this reactor.
    private(set) lazy var sessions = SessionRegistry(self)
    /// The buffer into which sessions receive; borrowed for the duration of a call.
    var receiveBuffer = [UInt8](repeating: 0, count: 65_536)

    var site: Site { shared.site }
    var reactorCount: Int { shared.reactorCount }
    var bounds: ProcessBounds { shared.bounds }
    var acceptsRequests: Bool { drainState.acceptsRequests }
    var context: Context { shared.context }
    var codec: TicketCodec { shared.codec }
    var configuration: Configuration { shared.configuration }
    var limits: Limits { shared.configuration.limits }
    var sessionSettings: SessionSettings { shared.configuration.sessions }
    var now: Instant { Instant(nanoseconds: reactor.now) }

    /// Builds everything in the calling thread, which becomes the core's thread.
    init(index: Int, _ shared: SharedState, addresses: [HTTP.BindAddress]) throws {
        self.index = index
        self.shared = shared
        reactor = try Reactor()
        log = shared.log
        metrics = Metrics(shared.plans, log, isFirst: index == 0)
        registeredServices = RegisteredServices(shared.plans)
        accessLog = AccessLog(shared.configuration.log, shared.output)
        memory = shared.makeLedger(core: index)
        outbox = Outbox(shared.mailboxes)
        requesters = RequesterTable(reactor: UInt8(index), most: Self.mostTickets, shared.bounds.openExchanges)
        reactor.participant = self
        try listen(addresses)
        do {
            for plan in shared.plans { services.append(try makeService(plan)) }
            letterWatch = try LetterWatch(self, shared.mailboxes[index])
        } catch {
            for watch in listeners { watch.stop() }
            throw error
        }
        watchMemory()
        for service in services { service.start() }
        _ = reactor.schedule(at: reactor.now + Self.tickInterval, Housekeeper(self), key: 0)
    }

    /// Binds the HTTP ports before any other socket: a second gateway, which fails here, must not have taken workers
    /// away from the first.
    private func listen(_ addresses: [HTTP.BindAddress]) throws {
        let handler = RESTHandler(self)
        self.handler = handler
        do {
            for address in addresses where index == 0 || !address.isUnix {
                listeners.append(try ListenerWatch(self, address, handler))
            }
        } catch {
            for watch in listeners { watch.stop() }
            throw error
        }
    }

    /// The addresses as they were bound.
    var boundAddresses: [String] { listeners.map(\.listener.boundAddress) }

    /// Serves until it has drained. Everything on the path of a request retains the core, because each use of an
    /// unowned reference is counted (1 % of a small request). The cycles are broken here.
    func run() {
        reactor.run()
        for requester in requesters.all { requesters.remove(requester) }
        (handler, listeners, services, touched, opening) = (nil, [], [], [], [])
    }

    // MARK: Exchanges

    func openSoon(_ request: RESTReplySink) { opening.append(request) }

    private func openRequested() {
        guard !opening.isEmpty else { return }
        let batch = opening
        opening.removeAll(keepingCapacity: true)
        for request in batch { request.open() }
    }

    /// Routes a reply to its exchange, here or on the reactor that the ticket names.
    func route(_ body: inout Frame, _ note: ReplyMetadata, to ticket: Ticket, _ plan: ServicePlan) {
        guard ticket.reactor == UInt8(index) else {
            guard Int(ticket.reactor) < shared.reactorCount else {
                return metrics.services[plan.index].dropped(.unknown)
            }
            var frame = Frame()
            swap(&frame, &body)
            memory.budget.departs(frame.count)
            return post(.reply(service: plan.index, ticket, FrameBox(frame), note), to: Int(ticket.reactor))
        }
        switch requesters.find(ticket) {
        case .live(let requester) where requester.plan === plan: requester.receivedFromWorker(&body, note)
        case .live, .unknown: metrics.services[plan.index].dropped(.unknown)
        case .late: metrics.services[plan.index].dropped(.late)
        }
    }

    /// Finishes the exchange that `ticket` names, here or on its reactor.
    func finish(_ ticket: Ticket, because reason: EndReason, _ queueTiming: QueueTiming? = nil) {
        guard ticket.reactor == UInt8(index) else {
            return post(.rejected(ticket, reason, queueTiming), to: Int(ticket.reactor))
        }
        guard let requester = requesters[ticket] else { return }
        if let queueTiming { requester.noteQueueTiming(queueTiming) }
        requester.finish(because: reason)
    }

    /// The service's last worker is gone: ends its exchanges, here and on the other reactors that the service serves.
    /// - Parameter slot: the endpoint that lost its worker, if there are several.
    func workersLost(_ plan: ServicePlan, at slot: Int? = nil, because reason: EndReason = .workerLost) {
        endExchanges(of: plan, at: slot, because: reason)
        guard plan.configuration.bind != nil else { return }
        for other in 0..<shared.reactorCount where other != index {
            post(.workersLost(service: plan.index, reason), to: other)
        }
    }

    func endExchanges(of plan: ServicePlan, at slot: Int? = nil, because reason: EndReason) {
        for requester in requesters.all where requester.plan === plan && (slot == nil || requester.slot == slot) {
            requester.finish(because: reason)
        }
    }

    // MARK: Services

    /// Marks a service that has something to read, or may have. It is drained before the reactor sleeps.
    func touch(_ service: any Service) {
        if !touched.contains(where: { $0 === service }) { touched.append(service) }
    }

    /// Runs an action when nothing of this turn is on the stack any more.
    func whenTurnEnds(_ action: @escaping () -> Void) { atTurnsEnd.append(action) }

    /// Sends the session's messages together at the end of the turn.
    func flushLater(_ webSocket: WebSocketConnection) { flushing.append(webSocket) }

    /// Reads everything that has arrived for `service` before a clock is checked.
    func drainNow(_ service: any Service) {
        if service.drain() { touch(service) }
    }

    /// Keeps a retired socket until the end of the turn: it may be in use further up the stack.
    func closeLater(_ object: AnyObject) { closing.append(object) }

    /// Makes the name of an identity. No name is made twice.
    func mintIdentity(prefix: String) -> [UInt8] {
        mintedNames += 1
        return Array(prefix.utf8) + codec.bytes(of: Ticket(reactor: UInt8(index), number: mintedNames))
    }

    func watch(_ descriptor: Int32, _ interest: Readiness, _ handler: any ReadinessHandler) -> Registration? {
        do {
            return try reactor.watch(descriptor, interest, handler)
        } catch {
            log.error("a descriptor cannot be watched: \(error)")
            return nil
        }
    }

    // MARK: The turn

    func turnEnded() -> UInt64? {
        var hasMore = false
        for _ in 0..<Self.roundsPerTurn {
            hasMore = drainTouched()
            for watch in listeners { watch.runIfNeeded() }
            if memory.mustSettle { settleMemory() }
            openRequested()
            if !touched.isEmpty && !hasMore { hasMore = drainTouched() }
            guard hasMore || listeners.contains(where: \.wantsRun) else { break }
        }
        if !backlog.isEmpty { backlog.retry() }
        flushSessions()
        runAtTurnsEnd()
        for _ in 0..<min(closing.count, Self.closingsPerTurn) { _ = closing.popFirst() }
        accessLog.flush()
        finishIfDrained()
        outbox.send()
        let mustGoOn = hasMore || memory.mustSettle || !touched.isEmpty || !closing.isEmpty || !flushing.isEmpty
        if mustGoOn || listeners.contains(where: \.wantsRun) { return 0 }
        return listeners.compactMap { $0.listener.timeout(now: reactor.now) }.min()
    }

    func flushSessions() {
        guard !flushing.isEmpty else { return }
        let batch = flushing
        flushing.removeAll(keepingCapacity: true)
        for webSocket in batch { webSocket.flush() }
    }

    private func runAtTurnsEnd() {
        guard !atTurnsEnd.isEmpty else { return }
        let actions = atTurnsEnd
        atTurnsEnd.removeAll()
        for action in actions { action() }
    }

    /// - Returns: whether a service has more to read.
    private func drainTouched() -> Bool {
        let batch = touched
        touched.removeAll(keepingCapacity: true)
        for service in batch where service.drain() { touch(service) }
        return !touched.isEmpty
    }

    fileprivate func tick() {
        for service in services { service.tick() }
        for watch in listeners { metrics.rejections.look(at: watch.listener.counters) }
        let connections = listeners.reduce(0) { $0 + $1.listener.counters.connectionsOpen }
        returnMemory(crowd: requesters.count + sessions.count + closing.count + connections)
    }

    fileprivate func scheduleTick(_ ticker: Housekeeper) {
        _ = reactor.schedule(at: reactor.now + Self.tickInterval, ticker, key: 0)
    }
}

/// The timer of the core's housekeeping.
private final class Housekeeper: TimerHandler {
    private unowned let core: Core

    init(_ core: Core) { self.core = core }

    func timerFired(_ key: UInt64) {
        core.tick()
        core.scheduleTick(self)
    }
}
