// `peer: majordomo` with `bind`: a Majordomo broker. Workers register services by name; web clients and native ones ask
// for them by name; each name has a pool of its own.
//
//     worker  READY echo      --> pool "echo" --> offered to the web as /v1/services/echo, on every reactor
//     web     POST .../echo   --> pool "echo" --> REQUEST to the worker that has been ready longest
//     client  MDPC01 echo     --> pool "echo"      (MajordomoRequest brings its replies back)
//     client  MDPC01 mmi.service --> answered here (RFC 8)
//
// Who breaks the protocol is told to go (DISCONNECT), and its requests are as those of a worker that died. The parts:
// MajordomoNames (pools), MajordomoConnection (connections of workers), +Workers and +Clients (what they say).

import Bridge
import Configuration
import Reactors
import ZeroMQ

/// The home of a broker.
final class MajordomoService: Service, PoolDialect, TimerHandler {
    private static let turnBudget = 512
    /// How long it is shown that a worker was rejected, and the time between two lines of the log about that.
    private static let rejectionMemory: Nanoseconds = 60_000_000_000
    private static let rejectionPause: Nanoseconds = 10_000_000_000

    let plan: ServicePlan
    unowned let host: any ServiceHost
    let router: MonitoredRouter
    let metrics: ServiceMetrics
    private let retries: Int
    private(set) lazy var names = MajordomoNames(host, plan, self)
    /// Connections of workers, by identity.
    var connections = NameTable<MajordomoConnection>()
    let rejections: NativeRejections
    /// What messages are received into; taken out for the time, for what one leads to may come back here.
    private var inbox: MessageBox?
    let heartbeat: Nanoseconds
    private var rejected: (text: String, at: Instant)?
    private var rejectionToldAt: Instant?

    init(_ host: any ServiceHost, _ plan: ServicePlan) throws(ZMQError) {
        self.host = host
        self.plan = plan
        metrics = host.metrics.services[plan.index]
        rejections = NativeRejections(host, plan)
        retries = plan.configuration.pool.retries
        heartbeat = plan.configuration.pool.heartbeatInterval?.inNanoseconds ?? 2_500_000_000
        var options = SocketOptions(plan.configuration.socket)
        options.routerHandover = plan.configuration.pool.handover
        router = try MonitoredRouter(host, plan.configuration.bind ?? "", options)
        host.log.info("broker \(plan.name) is bound to \(router.endpoint)")
        router.onLost = { [unowned self] name, disconnectReason in
            if let connection = connections.find(name.span) { leave(connection, because: disconnectReason.reason) }
        }
    }

    var state: ServiceState {
        var state = ServiceState()
        let pools = names.pools
        state.pools = pools.values.sorted { $0.name < $1.name }.map { PoolState($0, at: host.now) }
        state.workers = pools.values.reduce(0) { $0 + $1.workers.count }
        state.waiting = pools.values.reduce(0) { $0 + $1.queue.count }
        state.isReady = state.workers > 0
        state.trouble = trouble
        return state
    }

    private var trouble: String? {
        if let rejected, host.now.since(rejected.at) < Self.rejectionMemory { return rejected.text }
        return router.trouble ?? rejections.trouble
    }

    func isReady(for subject: String?) -> Bool? { subject.map { (names.find($0)?.workers.count ?? 0) > 0 } }

    func start() {
        router.start(self)
        _ = host.reactor.schedule(at: host.reactor.now + heartbeat, self, key: 0)
    }

    func stop() {
        router.stop()
        names.stop()
        connections = NameTable()
    }

    // MARK: Requests

    func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        submit(&request, [], exchange.metadata)
    }

    func submit(_ request: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata) -> SendResult {
        guard let name = metadata.subject, let pool = names.find(name) else { return .rejected(.noWorker) }
        return pool.submit(&request, more, metadata)
    }

    func ended(_ exchange: any Requester, _ end: End) {
        if let name = exchange.subject { names.find(name)?.withdraw(exchange.ticket) }
    }

    func withdraw(_ metadata: RequestMetadata) {
        if let name = metadata.subject { names.find(name)?.withdraw(metadata.owner) }
    }

    func setDraining(_ isDraining: Bool, worker: String, _ pool: String) {
        names.find(pool)?.setDraining(isDraining, worker)
        host.touch(self)
    }

    /// A shared socket reads everybody's replies: a slow client is held to its buffer's bound instead.
    func pause(_ exchange: any Requester) {}
    func resume(_ exchange: any Requester) {}

    // MARK: The turn

    func drain() -> Bool {
        let inbox = inbox ?? MessageBox()
        self.inbox = nil
        defer { self.inbox = inbox }
        for _ in 0..<Self.turnBudget {
            guard !host.memory.stopsReading else {
                router.stopsReading()
                return true
            }
            guard router.receive(&inbox.message) else { return false }
            switch MajordomoSender(inbox.message) {
            case .worker(let version, let index): understandWorker(&inbox.message, version, index)
            case .client(let version, let index): understandClient(&inbox.message, version, index)
            case nil: malformed(inbox.message)
            }
        }
        router.stopsReading()
        return true
    }

    func tick() {
        router.tick()
        names.tick(silence: heartbeat * UInt64(plan.configuration.pool.liveness))
        rejections.tick()
        host.touch(self)
    }

    /// It is time for a sign of life.
    func timerFired(_ key: UInt64) {
        for connection in connections.values where connection.worker != nil || connection.returnsAt != nil {
            _ = router.send(connection.version.command(connection.version.heartbeat), to: connection.peer)
            seatReturning(connection)
        }
        host.touch(self)
        _ = host.reactor.schedule(at: host.reactor.now + heartbeat, self, key: 0)
    }

    // MARK: What is rejected

    /// A worker offers a name that it cannot have.
    func reject(_ name: String, _ lookup: MajordomoNames.Lookup) {
        let registered = "a worker offers \"\(name.prefix(64))\""
        let text: String
        switch lookup {
        case .there: return
        case .noName:
            text = "\(registered), which is no name: write 1 to 255 printable characters, no / and no mmi. first"
        case .notAllowed: text = "\(registered), which is not allowed: add it to `allow`, or stop that worker"
        case .full:
            text =
                "\(registered), and there is no room: \(MajordomoNames.most) names have workers, as many as a broker"
                + " serves; stop workers of other names, or start a second broker for some of them"
        }
        rejected = (text, host.now)
        guard rejectionToldAt.map({ host.now.since($0) >= Self.rejectionPause }) ?? true else { return }
        rejectionToldAt = host.now
        host.log.warning("broker \(plan.name): \(text)")
    }

    func malformed(_ message: borrowing Message) {
        metrics.dropped(.malformed)
        metrics.log.dropping()?("dropped a message that is not Majordomo's, \(Excerpt.text(message))")
    }

    // MARK: What workers are told

    func give(_ request: QueuedRequest, to worker: Worker) -> SendOutcome {
        router.willSend()
        let name = worker.name
        var address = Frame(copying: name.span)
        let outcome = router.socket.send(&address, more: true)
        guard outcome == .sent else { return outcome }
        router.socket.begin((MajordomoVersion(rawValue: worker.spelling) ?? .one).requestHead)
        var ticket = host.codec.frame(of: request.ticket)
        _ = router.socket.send(&ticket, more: true)
        var delimiter = Frame()
        _ = router.socket.send(&delimiter, more: true)
        router.sendBody(of: request, keeps: retries > 0)
        return .sent
    }
}
