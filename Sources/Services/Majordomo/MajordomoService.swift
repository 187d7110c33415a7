// `peer: majordomo` with `bind`: a Majordomo broker. Workers register services by name, and web and native clients
// request them by name. Each name has its own pool.
//
//     worker  READY echo      --> pool "echo" --> /v1/services/echo for web clients, on every reactor
//     web     POST .../echo   --> pool "echo" --> REQUEST to the worker that has been ready longest
//     client  MDPC01 echo     --> pool "echo"      (MajordomoRequest sends the replies back)
//     client  MDPC01 mmi.service --> answered here (RFC 8)
//
// A worker that breaks the protocol is sent DISCONNECT, and its requests are treated as those of a lost worker. Parts:
// MajordomoNames (pools), MajordomoConnection (connections of workers), +Workers and +Clients (their messages).

package import Bridge
import Configuration
package import Contract
package import Operations
import Reactors
package import ZeroMQ

/// A broker, on its home reactor.
package final class MajordomoService: Service, PoolDialect, TimerHandler {
    private static let turnBudget = 512
    /// How long `trouble` reports a rejected worker, and the time between two log lines about rejections.
    private static let rejectionMemory: Nanoseconds = 60_000_000_000
    private static let rejectionPause: Nanoseconds = 10_000_000_000

    package let plan: ServicePlan
    package unowned let host: any ServiceHost
    package let router: MonitoredRouter
    package let metrics: ServiceMetrics
    private let retries: Int
    package private(set) lazy var names = MajordomoNames(host, plan, self)
    /// Connections of workers, by identity.
    package var connections = NameTable<MajordomoConnection>()
    package let rejections: NativeRejections
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

    package var state: ServiceState {
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

    package func isReady(for subject: String?) -> Bool? { subject.map { (names.find($0)?.workers.count ?? 0) > 0 } }

    package func start() {
        router.start(self)
        _ = host.reactor.schedule(at: host.reactor.now + heartbeat, self, key: 0)
    }

    package func stop() {
        router.stop()
        names.stop()
        connections = NameTable()
    }

    // MARK: Requests

    package func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        submit(&request, [], exchange.metadata)
    }

    package func submit(_ request: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata) -> SendResult {
        guard let name = metadata.subject, let pool = names.find(name) else { return .rejected(.noWorker) }
        return pool.submit(&request, more, metadata)
    }

    package func ended(_ exchange: any Requester, _ end: End) {
        if let name = exchange.subject { names.find(name)?.withdraw(exchange.ticket) }
    }

    package func withdraw(_ metadata: RequestMetadata) {
        if let name = metadata.subject { names.find(name)?.withdraw(metadata.owner) }
    }

    package func setDraining(_ isDraining: Bool, worker: String, _ pool: String) {
        names.find(pool)?.setDraining(isDraining, worker)
        host.touch(self)
    }

    /// A shared socket carries the replies of all clients, so a slow client is only limited by its own buffer.
    package func pause(_ exchange: any Requester) {}
    package func resume(_ exchange: any Requester) {}

    // MARK: The turn

    package func drain() -> Bool {
        router.drain(atMost: Self.turnBudget) { message in
            switch MajordomoSender(message) {
            case .worker(let version, let index): understandWorker(&message, version, index)
            case .client(let version, let index): understandClient(&message, version, index)
            case nil: malformed(message)
            }
            return true
        }
    }

    package func tick() {
        router.tick()
        names.tick(silence: heartbeat * UInt64(plan.configuration.pool.liveness))
        rejections.tick()
        host.touch(self)
    }

    /// Sends heartbeats.
    package func timerFired(_ key: UInt64) {
        for connection in connections.values where connection.worker != nil || connection.returnsAt != nil {
            _ = router.send(connection.version.command(connection.version.heartbeat), to: connection.peer)
            seatReturning(connection)
        }
        host.touch(self)
        _ = host.reactor.schedule(at: host.reactor.now + heartbeat, self, key: 0)
    }

    // MARK: Rejections

    /// Reports a worker that offers a name it cannot have.
    package func reject(_ name: String, _ lookup: MajordomoNames.Lookup) {
        let registered = "a worker offers \"\(name.prefix(64))\""
        let text: String
        switch lookup {
        case .there: return
        case .noName:
            text =
                "\(registered), which is not a valid name: use 1 to 255 printable characters without / and without the"
                + " prefix mmi."
        case .notAllowed: text = "\(registered), which is not allowed: add it to `allow`, or stop that worker"
        case .full:
            text =
                "\(registered), but \(MajordomoNames.most) names have workers, which is the limit of a broker; stop"
                + " workers of other names, or start a second broker for some of them"
        }
        rejected = (text, host.now)
        guard rejectionToldAt.map({ host.now.since($0) >= Self.rejectionPause }) ?? true else { return }
        rejectionToldAt = host.now
        host.log.warning("broker \(plan.name): \(text)")
    }

    package func malformed(_ message: borrowing Message) {
        metrics.dropped(.malformed)
        metrics.log.dropping()?(
            "dropped a message that does not follow the Majordomo protocol, \(Excerpt.text(message))")
    }

    // MARK: To workers

    package func give(_ request: QueuedRequest, to worker: Worker) -> SendOutcome {
        let outcome = router.begin(to: worker.name)
        guard outcome == .sent else { return outcome }
        router.socket.add(copying: (MajordomoVersion(rawValue: worker.spelling) ?? .one).requestHead)
        router.socket.add(host.codec.frame(of: request.ticket))
        router.socket.add(Frame())
        router.socket.finish(&request.body, request.more, keeping: retries > 0)
        return .sent
    }
}
