// Requests and workers of one service that come together: who has been ready longest gets what is next in the queue.
//
//     submit --> queue (bounded, fair) --+                     +--> owner: replies
//                                        +--> worker (LRU) ----+--> lost: retried, or the owner is told
//     worker says ready -----------------+                     +--> done: the worker is ready again
//
// The pool decides; how a request is put into frames, and what a worker's frames mean, is its dialect's affair.

import Bridge
import Configuration
import ZeroMQ

/// One pool, on its home reactor.
final class Pool: MemoryHolder {
    /// The service's name where a broker has several; else empty.
    let name: String
    let nameBytes: [UInt8]
    let plan: ServicePlan
    private(set) var workers: WorkerPool
    /// When a request or a worker was here for the last time, to a tick.
    private(set) var usedAt: Instant
    private(set) var queue: FairQueue

    /// Strong, as is the service: an unowned reference is counted at each use. The service lets its pools go at last.
    private let host: any ServiceHost
    private let dialect: any PoolDialect
    private let places: NativePlaces
    /// It is in the line of those.
    var waitsForPlace = false
    private let metrics: ServiceMetrics
    private let retries: Int
    private let queuesWhileDown: Bool
    private var requests: TicketTable<QueuedRequest>
    /// A frame of each worker's connection, so that no later one is taken for it.
    private var anchors: [WorkerID: FrameBox] = [:]
    private let owned: OwnedRequests
    private var memory = HeldMemory(.queues)
    /// Requests of native clients that are open, and since when none was at the earliest.
    private var natives = 0
    private var noNativeBefore = Instant.distantFuture

    /// - Parameters:
    ///   - places: those of all pools of the service, as `owned`.
    init(
        _ host: any ServiceHost, _ plan: ServicePlan, _ dialect: any PoolDialect, _ places: NativePlaces,
        _ owned: OwnedRequests,
        name: String = ""
    ) {
        self.host = host
        self.owned = owned
        self.places = places
        self.plan = plan
        self.dialect = dialect
        self.name = name
        nameBytes = Array(name.utf8)
        usedAt = host.now
        metrics = host.metrics.services[plan.index]
        let settings = plan.configuration.pool
        retries = settings.retries
        queuesWhileDown = plan.configuration.socket.queueWhileDown
        workers = WorkerPool(capacity: settings.capacity)
        queue = FairQueue(
            bounds: QueueBounds(
                count: settings.queueLength, bytes: settings.queueBytes, age: settings.queueAge.inNanoseconds))
        requests = TicketTable(reactor: UInt8(host.index), capacity: 1 << 22)
    }

    /// Nobody is here and nothing waits.
    var isIdle: Bool { workers.count == 0 && queue.isEmpty && requests.count == 0 }

    // MARK: Requests

    /// Takes a request in, if there is a worker for it, or may be in time.
    func submit(_ body: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata, waits: Bool = false) -> SendResult
    {
        guard workers.count > 0 || waits || queuesWhileDown else { return .rejected(.noWorker) }
        let request = QueuedRequest(metadata, &body, more, at: host.now)
        guard enter(request) else {
            swap(&body, &request.body)
            return .rejected(.overloaded)
        }
        if queue.isEmpty, workers.readyCount > 0, takePlace(request), dispatch(request) {
            if requests.isLive(request.ticket) { owned.add(request) }
            if metadata.isOneWay { handed(request) }
            return .accepted
        }
        guard let place = push(request) ?? pushInPlaceOfOthers(request) else {
            leave(request)
            requests.remove(request.ticket)
            swap(&body, &request.body)
            return .rejected(.overloaded)
        }
        request.place = place
        owned.add(request)
        noteQueue()
        // Workers may be ready where only native clients wait, all of whose places are taken.
        if workers.readyCount > 0 { dispatchWaiting() }
        return .accepted
    }

    private func push(_ request: QueuedRequest) -> Int? {
        queue.push(request.ticket, client: request.metadata.waiter, bytes: request.byteCount, at: host.now)
    }

    /// The queue is full: the last requests of the client that has most make room for one that has fewer.
    private func pushInPlaceOfOthers(_ request: QueuedRequest) -> Int? {
        let surplus = queue.surplus(before: request.metadata.waiter, bytes: request.byteCount)
        for ticket in surplus { reject(ticket, .overloaded) }
        return surplus.isEmpty ? nil : push(request)
    }

    /// Gives it its name.
    private func enter(_ request: QueuedRequest) -> Bool {
        guard let ticket = requests.insert(request) else { return false }
        request.ticket = ticket
        guard request.metadata.isNative else { return true }
        request.isCounted = true
        natives += 1
        noNativeBefore = min(noNativeBefore, request.arrivedAt)
        metrics.counts.nativeOpen += 1
        return true
    }

    /// A request of a native client counts as an open exchange from the time that a worker has it; until then the
    /// queue bounds it. - Returns: false when its clients have all the places they may have.
    private func takePlace(_ request: QueuedRequest) -> Bool {
        guard request.metadata.isNative, !request.hasPlace else { return true }
        request.hasPlace = places.take()
        return request.hasPlace
    }

    /// It is over for whoever asked; a worker may have it all the same.
    private func leave(_ request: QueuedRequest) {
        if request.hasPlace {
            request.hasPlace = false
            places.giveBack()
        }
        guard request.isCounted else { return }
        request.isCounted = false
        natives -= 1
        metrics.counts.nativeOpen -= 1
    }

    /// Whoever submitted is not interested any more: what waits is taken out, what a worker has it keeps.
    func withdraw(_ owner: Ticket) {
        while let request = owned.removeOne(of: owner) { abandon(request) }
    }

    /// What waits is taken out; what a worker has it keeps, and what it answers reaches nobody.
    private func abandon(_ request: QueuedRequest) {
        if queue.withdraw(request.ticket, from: request.place) {
            requests.remove(request.ticket)
        } else {
            request.isOrphan = true
        }
        leave(request)
        noteQueue()
    }

    /// Gives `request` to the worker that has been ready longest; passes over those that turn out to be gone.
    private func dispatch(_ request: QueuedRequest) -> Bool {
        while let id = workers.lend(to: request.ticket, at: host.now), let worker = workers[id] {
            request.attempts += 1
            request.worker = id
            if request.sentAt == nil { request.sentAt = host.now }
            switch dialect.give(request, to: worker) {
            case .sent:
                metrics.counts.bytesSent += UInt64(request.byteCount)
                if request.attempts == 1 {
                    metrics.counts.queue.record(request.queueTiming(at: host.now).queued)
                } else {
                    metrics.counts.retried += 1
                }
                return true
            case .unroutable, .wouldBlock:
                // Gone, and there may be replies of it to be read before that is told; or its queue is full. Either way
                // it gets nothing until it says something. Over inproc nobody tells.
                workers.finish(request.ticket, of: id, isReady: false, at: host.now)
                request.attempts -= 1
                request.worker = nil
                if worker.connection == nil { lost(id) }
            }
        }
        return false
    }

    /// Gives out what waits, as far as workers are ready.
    func dispatchWaiting() {
        while workers.readyCount > 0, let request = nextWaiting() {
            if !dispatch(request) { return putBack(request) }
            if request.metadata.isOneWay { handed(request) }
        }
        noteQueue()
    }

    /// The next in the queue; a native client's only with a place among the open exchanges, which is taken in advance.
    private func nextWaiting() -> QueuedRequest? {
        let hasNatives = queue.nativeCount > 0
        let hasPlace = hasNatives && places.take()
        if hasNatives && !hasPlace { places.wait(for: self) }
        var request: QueuedRequest?
        while request == nil, let ticket = queue.pop(at: host.now, workers: workers.count, passesNatives: !hasPlace) {
            if case .live(let live) = requests.find(ticket) { request = live }
        }
        guard hasPlace else { return request }
        if let request, request.metadata.isNative, !request.hasPlace { request.hasPlace = true } else { places.leave() }
        return request
    }

    // MARK: Workers

    /// A worker that was not here before.
    /// - Parameter message: its first one.
    func register(_ message: inout Message, spelling: UInt8) -> WorkerID {
        register(
            [UInt8](copying: message.bytes(0)), connection: message.sourceDescriptor, origin: message.origin,
            anchor: message.anchor(), spelling: spelling)
    }

    /// - Parameter anchor: a frame of its connection, that keeps `origin` from being used again.
    func register(
        _ name: [UInt8], connection: Int32?, origin: UInt, anchor: FrameBox, spelling: UInt8
    ) -> WorkerID {
        let id = workers.register(name, connection: connection, origin: origin, spelling: spelling, at: host.now)
        anchors[id] = anchor
        let from = connection.map { " from \(Connection($0).peer)" } ?? ""
        metrics.log.came("worker \(WorkerState.id(of: name))\(from) registered\(offering); \(workers.count) there")
        return id
    }

    func heard(_ id: WorkerID) { workers.heard(id, at: host.now) }

    /// It says that it is ready. What it still had in hand it has forgotten.
    func ready(_ id: WorkerID) {
        heard(id)
        for ticket in workers[id]?.requests ?? [] {
            workers.finish(ticket, of: id, isReady: false, at: host.now)
            orphaned(ticket)
        }
        workers.ready(id, at: host.now)
        dispatchWaiting()
    }

    /// What a worker that takes one request at a time has in hand.
    func current(_ id: WorkerID) -> Ticket? { workers[id]?.requests.first }

    /// A worker replied to `ticket`. - Returns: false when it has nothing of that name in hand.
    @discardableResult
    func replied(_ body: inout Frame, _ ticket: Ticket, of id: WorkerID, _ note: ReplyMetadata) -> Bool {
        heard(id)
        guard case .live(let request) = requests.find(ticket), request.worker == id else {
            metrics.dropped(.late)
            return false
        }
        request.replies += 1
        var note = note
        if request.replies == 1 { note.queueTiming = request.queueTiming(at: host.now) }
        let isDone = note.last != nil || isLast(request, body.bytes)
        if isDone { remove(request) }
        if request.isOrphan {
            metrics.dropped(.late)
        } else {
            host.route(&body, note, to: request.metadata.owner, plan)
        }
        if isDone {
            workers.finish(ticket, of: id, at: host.now)
            dispatchWaiting()
        }
        return true
    }

    /// The worker is gone: what it had in hand is tried again, or its owners are told.
    /// - Parameter reason: `.limit` if its reply was too large to be received; another worker's would be, too.
    func lost(_ id: WorkerID, because reason: EndReason = .workerLost) {
        guard let worker = workers[id] else { return }
        let requests = workers.remove(id)
        anchors[id] = nil
        usedAt = host.now
        metrics.counts.workersLost += 1
        metrics.log.went(
            "worker \(WorkerState.id(of: worker.name)) is gone\(offering), with \(requests.count) in hand; "
                + "\(workers.count) left")
        dialect.removed(worker)
        for ticket in requests { orphaned(ticket, because: reason) }
        if workers.count == 0 && !queuesWhileDown { rejectWaiting() }
        dispatchWaiting()
    }

    /// - Parameter worker: as pages call it.
    func setDraining(_ isDraining: Bool, _ worker: String) {
        for known in workers.all where WorkerState.id(of: known.name) == worker {
            workers.setDraining(isDraining, known.id, at: host.now)
        }
        dispatchWaiting()
    }

    /// Ends what has waited or worked too long, and workers that are silent.
    func tick(silence: Nanoseconds?) {
        if !isIdle { usedAt = host.now }
        endNatives()
        for ticket in queue.expired(at: host.now) { reject(ticket, .overloaded) }
        if let silence { for id in workers.silent(for: silence, at: host.now) { lost(id) } }
        dispatchWaiting()
    }

    // MARK: Inside

    private var offering: String { name.isEmpty ? "" : " for \"\(name)\"" }

    /// Ends the requests of native clients whose time is over: they have no exchange whose clock would.
    private func endNatives() {
        guard natives > 0, host.now.since(noNativeBefore) >= plan.rules.deadline else { return }
        noNativeBefore = .distantFuture
        for request in requests.values where request.isCounted {
            guard host.now.since(request.arrivedAt) >= plan.rules.deadline else {
                noNativeBefore = min(noNativeBefore, request.arrivedAt)
                continue
            }
            owned.remove(request)
            abandon(request)
            host.finish(request.metadata.owner, because: .deadline, request.queueTiming(at: host.now))
        }
    }

    /// A worker has a request that wants no reply: it is not tried again.
    private func handed(_ request: QueuedRequest) {
        request.isOrphan = true
        host.handed(request.metadata.owner)
    }

    private func putBack(_ request: QueuedRequest) {
        request.place = queue.putBack(request.ticket, bytes: request.byteCount, since: request.waitsSince)
        noteQueue()
    }

    /// An empty queue leaves nothing in the ledger, which would keep a pool whose name is forgotten.
    private func noteQueue() {
        if queue.isEmpty { return memory.release(in: host.memory) }
        memory.set(queue.bytes, in: host.memory, for: MemoryLedger.noClient, self)
    }

    /// The largest requests that wait are rejected, until half of their bytes are left.
    func evict(_ kind: MemoryKind) {
        let goal = queue.bytes / 2
        var waiting: [QueuedRequest] = []
        for ticket in queue.requests { if case .live(let request) = requests.find(ticket) { waiting.append(request) } }
        for request in waiting.sorted(by: { $0.byteCount > $1.byteCount }) where queue.bytes > goal {
            reject(request.ticket, .overloaded)
        }
    }

    /// Its worker is gone.
    private func orphaned(_ ticket: Ticket, because reason: EndReason = .workerLost) {
        guard case .live(let request) = requests.find(ticket) else { return }
        request.worker = nil
        let mayRetry = request.replies == 0 && request.attempts <= retries && reason == .workerLost
        if !request.isOrphan && mayRetry {
            request.waitsSince = host.now
            return putBack(request)
        }
        remove(request)
        if !request.isOrphan { host.finish(request.metadata.owner, because: reason, request.queueTiming(at: host.now)) }
    }

    /// No worker is left: the web is told at once. Native clients, whose protocols have no words for that, and requests
    /// that a lost worker had and another may have, wait for the next worker.
    private func rejectWaiting() {
        for ticket in queue.requests {
            guard case .live(let request) = requests.find(ticket), !request.metadata.isNative, request.attempts == 0
            else { continue }
            reject(ticket, .noWorker)
        }
    }

    /// Its name is to go, and what waits for a worker with it.
    func rejectAll() { for ticket in queue.requests { reject(ticket, .noWorker) } }

    private func reject(_ ticket: Ticket, _ reason: EndReason) {
        guard case .live(let request) = requests.find(ticket) else { return }
        queue.withdraw(ticket, from: request.place)
        noteQueue()
        remove(request)
        host.finish(
            request.metadata.owner, because: request.attempts > 0 ? .workerLost : reason,
            request.queueTiming(at: host.now))
    }

    /// A service without a protocol of its own says by its end rules when a worker is done.
    private func isLast(_ request: QueuedRequest, _ body: Span<UInt8>) -> Bool {
        if let count = plan.rules.count, request.replies >= count { return true }
        return plan.saysItself(body)
    }

    private func remove(_ request: QueuedRequest) {
        leave(request)
        requests.remove(request.ticket)
        owned.remove(request)
    }
}
