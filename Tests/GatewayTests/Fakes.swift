// A reactor's gateway without listeners, threads and time of its own; a service without a worker; a client.

import Bridge
import Configuration
import JSON
import Logging
import Reactors
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

/// A host whose clock the test turns, and which notes what is asked of it.
final class FakeHost: ServiceHost {
    let index = 0
    var reactorCount = 1
    let configuration: Configuration
    var limits: Limits { configuration.limits }
    var sessionSettings: SessionSettings { configuration.sessions }
    /// The reactor's clock, and what the test has put on top.
    var now: Instant { Instant(nanoseconds: reactor.now + offset) }
    private var offset: UInt64 = 0
    let reactor: Reactor
    let context: Context
    let codec = TicketCodec(instance: 1)
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let metrics: Metrics
    let memory: MemoryLedger
    let bounds: ProcessBounds
    var acceptsRequests = true
    let requesters: RequesterTable
    var open: [Exchange] { requesters.all.compactMap { $0 as? Exchange } }
    private(set) var touched: [any Service] = []
    private(set) var handed: [Ticket] = []
    private(set) var posted: [any ServiceLetter] = []
    private(set) var registeredServices: [(name: String, registered: RegisteredService?)] = []
    /// What the turn's end is to do; `endTurn` does it.
    private var atTurnsEnd: [() -> Void] = []
    private var minted: UInt64 = 0

    /// - Parameter most: exchanges that may be open at once.
    init(_ plans: [ServicePlan], most: Int = 100) throws {
        var configuration = Configuration()
        configuration.services = plans.map(\.configuration)
        self.configuration = configuration
        reactor = try Reactor()
        context = try Context()
        metrics = Metrics(plans, log, isFirst: true)
        memory = MemoryLedger(MemoryBudget(limit: 1 << 30, reactors: 1), core: 0, reactors: 1, leastShare: 1 << 20)
        let counts = OpenExchangeCounts(
            bound: most, ofServices: plans.map { _ in nil }, shares: plans.map { _ in most })
        bounds = ProcessBounds(
            openExchanges: counts, heldTopics: OpenExchangeCounts(bound: .max, ofServices: plans.map { _ in most }),
            places: DescriptorPlaces(limit: 1_024, ports: 1), maxPeers: 100)
        requesters = RequesterTable(reactor: 0, most: most + 100, counts)
    }

    func advance(by time: Nanoseconds) { offset += time }

    /// Turns the reactor, and looks after `services`, until the condition holds. False if it does not in ten seconds.
    func run(_ services: any Service..., until condition: () -> Bool) -> Bool {
        let limit = ContinuousClock.now + .seconds(10)
        while !condition() {
            guard ContinuousClock.now < limit else { return false }
            _ = reactor.schedule(at: reactor.now + 2_000_000, Nothing(), key: 0)
            reactor.turn()
            for service in services { service.tick() }
            endTurn()
        }
        return true
    }

    /// Drains what was touched, and does what was put off.
    func endTurn() {
        let (services, actions) = (touched, atTurnsEnd)
        (touched, atTurnsEnd) = ([], [])
        for service in services where service.drain() { touch(service) }
        for action in actions { action() }
    }

    func route(_ body: inout Frame, _ note: ReplyMetadata, to ticket: Ticket, _ plan: ServicePlan) {
        switch requesters.find(ticket) {
        case .live(let requester): requester.receivedFromWorker(&body, note)
        case .unknown: metrics.services[plan.index].dropped(.unknown)
        case .late: metrics.services[plan.index].dropped(.late)
        }
    }

    func finish(_ ticket: Ticket, because reason: EndReason, _ queueTiming: QueueTiming?) {
        guard let requester = requesters[ticket] else { return }
        if let queueTiming { requester.noteQueueTiming(queueTiming) }
        requester.finish(because: reason)
    }

    func handed(_ ticket: Ticket) {
        handed.append(ticket)
        requesters[ticket]?.requestWasTaken()
    }

    func workersLost(_ plan: ServicePlan, at slot: Int?, because reason: EndReason) {
        for requester in requesters.all where requester.plan === plan && (slot == nil || requester.slot == slot) {
            requester.finish(because: reason)
        }
    }

    func freeIdentity() -> Bool { false }
    func touch(_ service: any Service) { if !touched.contains(where: { $0 === service }) { touched.append(service) } }
    func drainNow(_ service: any Service) { _ = service.drain() }
    func whenTurnEnds(_ action: @escaping () -> Void) { atTurnsEnd.append(action) }
    func closeLater(_ object: AnyObject) {}
    func watch(_ descriptor: Int32, _ interest: Readiness, _ handler: any ReadinessHandler) -> Registration? {
        try? reactor.watch(descriptor, interest, handler)
    }
    func mintIdentity(prefix: String) -> [UInt8] {
        minted += 1
        return Array("\(prefix)\(minted)".utf8)
    }

    func home(of plan: ServicePlan) -> Int { 0 }
    func post(_ letter: any ServiceLetter, of plan: ServicePlan, to reactor: Int) { posted.append(letter) }
    func letterBox(of plan: ServicePlan) -> @Sendable (any ServiceLetter) -> Void { { _ in } }
    func postRequest(_ metadata: RequestMetadata, _ body: FrameBox, of plan: ServicePlan, to home: Int) {}
    func postWithdrawal(_ metadata: RequestMetadata, of plan: ServicePlan, to home: Int) {}
    func announce(_ registered: RegisteredService?, of name: String, by plan: ServicePlan) {
        registeredServices.append((name, registered))
    }
}

/// A timer that wakes the reactor, and no more.
final class Nothing: TimerHandler {
    func timerFired(_ key: UInt64) {}
}

/// A service that keeps what it is asked to do.
final class FakeService: Service {
    let plan: ServicePlan
    var state = ServiceState()
    var sendResult = SendResult.accepted
    /// Handed in when it is drained.
    var waiting: [() -> Void] = []
    private(set) var requests: [String] = []
    private(set) var ends: [EndReason] = []
    private(set) var pauses: [Bool] = []

    init(_ plan: ServicePlan) { self.plan = plan }

    func start() {}
    func tick() {}
    func stop() {}
    func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        requests.append(String(copying: request.bytes))
        return sendResult
    }
    func ended(_ exchange: any Requester, _ end: End) { ends.append(end.reason) }
    func pause(_ exchange: any Requester) { pauses.append(true) }
    func resume(_ exchange: any Requester) { pauses.append(false) }
    func drain() -> Bool {
        let batch = waiting
        waiting = []
        for reply in batch { reply() }
        return false
    }
}

/// A sink that keeps what it is given.
final class FakeSink: ReplySink {
    let memoryKey: UInt64
    var nextLook = Instant.distantFuture
    private(set) var replies: [String] = []
    private(set) var ends: [EndReason] = []
    private(set) var lastReply = ""
    private(set) var fault: String?
    private(set) var looks = 0
    /// Called with each reply.
    var onReply: () -> Void = {}

    init(memoryKey: UInt64 = 1) { self.memoryKey = memoryKey }

    func look() {
        looks += 1
        nextLook = .distantFuture
    }
    func deliver(_ body: Span<UInt8>, _ inspection: Inspection) {
        replies.append(String(copying: body))
        onReply()
    }
    func requestWasSent() {}
    func ended(_ end: End, _ reply: Span<UInt8>, _ fault: String?) {
        ends.append(end.reason)
        lastReply = String(copying: reply)
        self.fault = fault
    }
}
