// `peer: ready`: workers that connect to our ROUTER and announce when they are ready. Their messages, by dialect (`w`
// is the identity that the ROUTER puts first, `t` the ticket of a request):
//
//     bare              w|""|anything      ready      w|""|body         w|""|reply       the reply, and ready again
//     addressed         w|""|READY         ready      w|""|t|""|body    w|""|t|""|reply
//     paranoid-pirate   w|1 or w|READY     ready      w|t|""|body       w|t|""|reply     w|2 or w|HEARTBEAT both ways
//
// A message of another shape is counted and dropped, and makes no worker ready.

package import Bridge
import Configuration
package import Contract
import JSON
import Operations
import Reactors
package import ZeroMQ

/// A pool of ready workers, on its home reactor.
package final class ReadyService: Service, PoolDialect, TimerHandler {
    /// The most messages read in one turn.
    private static let turnBudget = 512
    private static let wordReady = Array("READY".utf8)
    private static let wordHeartbeat = Array("HEARTBEAT".utf8)
    /// How a worker writes the protocol's commands.
    private enum Spelling { static let bytes: UInt8 = 0, words: UInt8 = 1 }

    package let plan: ServicePlan
    private unowned let host: any ServiceHost
    private let router: MonitoredRouter
    private let dialect: PoolSettings.Dialect
    private var pool: Pool?
    private var natives: NativeClients?

    private var heartbeat: Nanoseconds? {
        guard dialect == .paranoidPirate else { return nil }
        return plan.configuration.pool.heartbeatInterval?.inNanoseconds ?? 1_000_000_000
    }

    init(_ host: any ServiceHost, _ plan: ServicePlan) throws(ZMQError) {
        self.host = host
        self.plan = plan
        dialect = plan.configuration.pool.dialect
        var options = SocketOptions(plan.configuration.socket)
        options.routerHandover = plan.configuration.pool.handover
        router = try MonitoredRouter(host, plan.configuration.bind ?? "", options, expectsWords: true)
        host.log.info("service \(plan.name) is bound to \(router.endpoint)")
        let pool = Pool(host, plan, self, NativePlaces(host, plan), OwnedRequests())
        self.pool = pool
        router.onLost = { name, disconnectReason in
            if let id = pool.workers.find(name.span) { pool.lost(id, because: disconnectReason.reason) }
        }
        natives = try NativeClients(host, self)
    }

    package var state: ServiceState {
        var state = ServiceState()
        guard let pool else { return state }
        state.workers = pool.workers.count
        state.isReady = pool.workers.count > 0
        state.waiting = pool.queue.count
        state.natives = natives?.count ?? 0
        state.trouble = router.trouble ?? natives?.trouble
        state.pools = [PoolState(pool, at: host.now)]
        return state
    }

    package func isReady(for subject: String?) -> Bool? { (pool?.workers.count ?? 0) > 0 }

    package func start() {
        router.start(self)
        natives?.start()
        if let heartbeat { _ = host.reactor.schedule(at: host.reactor.now + heartbeat, self, key: 0) }
    }

    package func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        submit(&request, [], exchange.metadata)
    }

    package func submit(_ request: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata) -> SendResult {
        return pool?.submit(&request, more, metadata) ?? .rejected(.shutdown)
    }

    package func ended(_ exchange: any Requester, _ end: End) { pool?.withdraw(exchange.ticket) }
    package func withdraw(_ metadata: RequestMetadata) { pool?.withdraw(metadata.owner) }

    package func setDraining(_ isDraining: Bool, worker: String, _ pool: String) {
        self.pool?.setDraining(isDraining, worker)
        host.touch(self)
    }

    /// A shared socket carries the replies of all clients, so a slow client is only limited by its own buffer.
    package func pause(_ exchange: any Requester) {}
    package func resume(_ exchange: any Requester) {}

    package func drain() -> Bool {
        let hasMore = router.drain(atMost: Self.turnBudget) { message in
            understand(&message)
            return true
        }
        return natives?.drain() ?? false || hasMore
    }

    package func tick() {
        router.tick()
        natives?.tick()
        pool?.tick(silence: heartbeat.map { $0 * UInt64(plan.configuration.pool.liveness) })
        host.touch(self)
    }

    package func stop() {
        router.stop()
        natives?.stop()
        pool = nil
    }

    // MARK: From workers

    private func understand(_ message: inout Message) {
        guard let pool else { return }
        switch dialect {
        case .bare: understandBare(&message, pool)
        case .addressed: understandAddressed(&message, pool)
        case .paranoidPirate: understandPirate(&message, pool)
        }
    }

    private func understandBare(_ message: inout Message, _ pool: Pool) {
        guard message.count >= 3, message.isEmpty(1) else { return malformed(message) }
        guard message.count == 3 || pool.workers.find(message.bytes(0)) != nil else { return malformed(message) }
        guard let (id, isNew) = worker(&message, pool) else { return late() }
        guard !isNew, let request = pool.current(id) else {
            if pool.workers[id]?.isReady != true { pool.ready(id) } else { pool.heard(id) }
            return
        }
        var note = ReplyMetadata(fault: message.count > 3 ? .tooLong : nil, more: message.surplus(from: 3))
        if !plan.configuration.pool.readyCarriesReply { note.last = .marker }
        var body = message.take(2)
        pool.replied(&body, request, of: id, note)
    }

    private func understandAddressed(_ message: inout Message, _ pool: Pool) {
        guard message.count >= 3, message.isEmpty(1) else { return malformed(message) }
        if message.count == 3, message.bytes(2).equals(Self.wordReady) {
            if let (id, _) = worker(&message, pool) { pool.ready(id) }
            return
        }
        guard message.count >= 5, message.isEmpty(3) else { return malformed(message) }
        replied(&message, pool, ticketAt: 2, bodyAt: 4)
    }

    private func understandPirate(_ message: inout Message, _ pool: Pool) {
        if message.count == 2 {
            let spelling = message.bytes(1).count > 1 ? Spelling.words : Spelling.bytes
            if message.bytes(1).equals([1]) || message.bytes(1).equals(Self.wordReady) {
                if let (id, _) = worker(&message, pool, spelling) { pool.ready(id) }
                return
            }
            guard message.bytes(1).equals([2]) || message.bytes(1).equals(Self.wordHeartbeat) else {
                return malformed(message)
            }
            // An unknown worker has come back after a silence, or was connected to the gateway before a restart.
            guard let (id, isNew) = worker(&message, pool, spelling) else { return }
            return isNew ? pool.ready(id) : pool.heard(id)
        }
        guard message.count >= 4, message.isEmpty(2) else { return malformed(message) }
        replied(&message, pool, ticketAt: 1, bodyAt: 3)
    }

    /// Handles a reply that names its request.
    private func replied(_ message: inout Message, _ pool: Pool, ticketAt: Int, bodyAt: Int) {
        guard let (id, isNew) = worker(&message, pool) else { return late() }
        if isNew { pool.ready(id) }
        guard let ticket = host.codec.read(message.bytes(ticketAt)) else {
            let metrics = host.metrics.services[plan.index]
            metrics.dropped(.unknown)
            metrics.log.dropping()?("dropped a reply that names no request, \(Excerpt.text(message))")
            return
        }
        let fault: ReplyShape.Mismatch? = message.count > bodyAt + 1 ? .tooLong : nil
        let note = ReplyMetadata(fault: fault, more: message.surplus(from: bodyAt + 1))
        var body = message.take(bodyAt)
        // A worker that names a request it was not given has lost the one that it was given.
        if !pool.replied(&body, ticket, of: id, note), !isNew, pool.workers.capacity == 1 { pool.ready(id) }
    }

    private func late() { host.metrics.services[plan.index].dropped(.late) }

    private func malformed(_ message: borrowing Message) {
        let metrics = host.metrics.services[plan.index]
        metrics.dropped(.malformed)
        metrics.log.dropping()?(
            "dropped a message that does not match dialect \(dialect.rawValue), \(Excerpt.text(message))")
    }

    /// The worker that sent the message. It is a new one if its identity is unknown or came by another connection. Nil
    /// if it is already gone.
    private func worker(
        _ message: inout Message, _ pool: Pool, _ spelling: UInt8 = Spelling.bytes
    ) -> (id: WorkerID, isNew: Bool)? {
        if let id = pool.workers.find(message.bytes(0)) {
            if pool.workers[id]?.origin == message.origin { return (id, false) }
            pool.lost(id)
        }
        guard router.admit([UInt8](copying: message.bytes(0)), on: message.sourceDescriptor) else { return nil }
        return (pool.register(&message, spelling: spelling), true)
    }

    package func removed(_ worker: Worker) { router.release(worker.name, on: worker.connection) }

    // MARK: To workers

    package func give(_ request: QueuedRequest, to worker: Worker) -> SendOutcome {
        let outcome = router.begin(to: worker.name)
        guard outcome == .sent else { return outcome }
        if dialect != .paranoidPirate { router.socket.add(Frame()) }
        if dialect != .bare {
            router.socket.add(host.codec.frame(of: request.ticket))
            router.socket.add(Frame())
        }
        router.socket.finish(&request.body, request.more, keeping: plan.configuration.pool.retries > 0)
        return .sent
    }

    /// Sends heartbeats.
    package func timerFired(_ key: UInt64) {
        guard let pool, let heartbeat else { return }
        for worker in pool.workers.all {
            let word = worker.spelling == Spelling.words ? Self.wordHeartbeat : [2]
            _ = router.send([word], to: worker.name)
        }
        host.touch(self)
        _ = host.reactor.schedule(at: host.reactor.now + heartbeat, self, key: 0)
    }
}
