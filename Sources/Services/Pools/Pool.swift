// Brings requests and workers of one service together: the worker that has been ready longest gets the next request.
//
//     submit --> queue (bounded, fair) --+                     +--> owner: replies
//                                        +--> worker (LRU) ----+--> lost: retried, or the owner is informed
//     worker says ready -----------------+                     +--> done: the worker is ready again
//
// The pool decides. Its dialect writes requests into frames and interprets a worker's frames.

package import Bridge
import Configuration
package import Contract
package import Operations
package import ZeroMQ

/// One pool, on its home reactor.
package final class Pool: MemoryHolder {
    /// The service's name if a broker has several pools, else empty.
    package let name: String
    let nameBytes: [UInt8]
    package let plan: ServicePlan
    package private(set) var workers: WorkerPool
    /// When a request or a worker was last here, to the precision of a tick.
    private(set) var usedAt: Instant
    package private(set) var queue: FairQueue

    /// Strong, like the service: an unowned reference is counted at each use. The service releases its pools.
    private let host: any ServiceHost
    private let dialect: any PoolDialect
    private let places: NativePlaces
    /// The pool is waiting in `places`.
    var waitsForPlace = false
    private let metrics: ServiceMetrics
    private let retries: Int
    private let queuesWhileDown: Bool
    private var requests: TicketTable<QueuedRequest>
    /// A frame of each worker's connection. While it exists, no later connection can be mistaken for this one.
    private var anchors: [WorkerID: FrameBox] = [:]
    private let owned: OwnedRequests
    private var memory = HeldMemory(.queues)
    /// Open requests of native clients, and the arrival of the oldest (or an earlier time).
    private var natives = 0
    private var noNativeBefore = Instant.distantFuture

    /// - Parameters:
    ///   - places: shared by all pools of the service, as is `owned`.
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

    /// There are no workers, and nothing waits.
    var isIdle: Bool { workers.count == 0 && queue.isEmpty && requests.count == 0 }

    // MARK: Requests

    /// Accepts a request if there is a worker for it, or may be one in time.
    package func submit(_ body: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata, waits: Bool = false)
        -> SendResult
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
        // Workers may be ready although requests wait: those of native clients that have used up their places.
        if workers.readyCount > 0 { dispatchWaiting() }
        return .accepted
    }

    private func push(_ request: QueuedRequest) -> Int? {
        queue.push(request.ticket, client: request.metadata.waiter, bytes: request.byteCount, at: host.now)
    }

    /// The queue is full: the last requests of the client with the most make room for a client with fewer.
    private func pushInPlaceOfOthers(_ request: QueuedRequest) -> Int? {
        let surplus = queue.surplus(before: request.metadata.waiter, bytes: request.byteCount)
        for ticket in surplus { reject(ticket, .overloaded) }
        return surplus.isEmpty ? nil : push(request)
    }

    /// Gives the request its ticket.
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

    /// A request of a native client counts as an open exchange once a worker has it; until then the queue bounds it.
    /// - Returns: false if native clients have used up their places.
    private func takePlace(_ request: QueuedRequest) -> Bool {
        guard request.metadata.isNative, !request.hasPlace else { return true }
        request.hasPlace = places.take()
        return request.hasPlace
    }

    /// The request is over for its owner, although a worker may still have it.
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

    /// The owner no longer waits. Its queued requests are removed; a worker keeps what it has.
    package func withdraw(_ owner: Ticket) { while let request = owned.removeOne(of: owner) { abandon(request) } }

    /// Removes a queued request. If a worker has it, the worker keeps it, and its replies are dropped.
    private func abandon(_ request: QueuedRequest) {
        if queue.withdraw(request.ticket, from: request.place) {
            requests.remove(request.ticket)
        } else {
            request.isOrphan = true
        }
        leave(request)
        noteQueue()
    }

    /// Gives `request` to the worker that has been ready longest, and skips workers that turn out to be gone.
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
                // The worker is gone, and replies of it may have to be read before that is reported; or its queue is
                // full. Either way it gets nothing until it sends something. Over inproc no event reports a loss.
                workers.finish(request.ticket, of: id, isReady: false, at: host.now)
                request.attempts -= 1
                request.worker = nil
                if worker.connection == nil { lost(id) }
            }
        }
        return false
    }

    /// Dispatches waiting requests while workers are ready.
    func dispatchWaiting() {
        while workers.readyCount > 0, let request = nextWaiting() {
            if !dispatch(request) { return putBack(request) }
            if request.metadata.isOneWay { handed(request) }
        }
        noteQueue()
    }

    /// The next request in the queue. One of a native client needs a place among the open exchanges, taken in advance.
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

    /// Registers a new worker.
    /// - Parameter message: its first message.
    package func register(_ message: inout Message, spelling: UInt8) -> WorkerID {
        register(
            [UInt8](copying: message.bytes(0)), connection: message.sourceDescriptor, origin: message.origin,
            anchor: message.anchor(), spelling: spelling)
    }

    /// - Parameter anchor: a frame of its connection, which keeps `origin` from being reused.
    package func register(
        _ name: [UInt8], connection: Int32?, origin: UInt, anchor: FrameBox, spelling: UInt8
    ) -> WorkerID {
        let id = workers.register(name, connection: connection, origin: origin, spelling: spelling, at: host.now)
        anchors[id] = anchor
        let from = connection.map { " from \(Connection($0).peer)" } ?? ""
        metrics.log.came("worker \(WorkerState.id(of: name))\(from) registered\(offering); \(workers.count) there")
        return id
    }

    package func heard(_ id: WorkerID) { workers.heard(id, at: host.now) }

    /// The worker announces that it is ready. It has forgotten what it still had in hand.
    package func ready(_ id: WorkerID) {
        heard(id)
        for ticket in workers[id]?.requests ?? [] {
            workers.finish(ticket, of: id, isReady: false, at: host.now)
            orphaned(ticket)
        }
        workers.ready(id, at: host.now)
        dispatchWaiting()
    }

    /// The request in hand of a worker that takes one at a time.
    package func current(_ id: WorkerID) -> Ticket? { workers[id]?.requests.first }

    /// A worker replied to `ticket`. - Returns: false if it does not have that request.
    @discardableResult
    package func replied(_ body: inout Frame, _ ticket: Ticket, of id: WorkerID, _ note: ReplyMetadata) -> Bool {
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

    /// The worker is gone: its requests are retried, or their owners informed.
    /// - Parameter reason: `.limit` if its reply was too large to receive; a retry would have the same result.
    package func lost(_ id: WorkerID, because reason: EndReason = .workerLost) {
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

    /// - Parameter worker: its name on pages.
    package func setDraining(_ isDraining: Bool, _ worker: String) {
        for known in workers.all where WorkerState.id(of: known.name) == worker {
            workers.setDraining(isDraining, known.id, at: host.now)
        }
        dispatchWaiting()
    }

    /// Ends what has waited or worked too long, and removes silent workers.
    package func tick(silence: Nanoseconds?) {
        if !isIdle { usedAt = host.now }
        endNatives()
        for ticket in queue.expired(at: host.now) { reject(ticket, .overloaded) }
        if let silence { for id in workers.silent(for: silence, at: host.now) { lost(id) } }
        dispatchWaiting()
    }

    // MARK: Internals

    private var offering: String { name.isEmpty ? "" : " for \"\(name)\"" }

    /// Ends requests of native clients that have reached the deadline: no exchange does it for them.
    private func endNatives() {
        guard natives > 0, host.now.since(noNativeBefore) >= plan.rules.deadline else { return }
        let counted = requests.values.filter(\.isCounted)
        let isOver = { [host, plan] in host.now.since($0.arrivedAt) >= plan.rules.deadline } as (QueuedRequest) -> Bool
        noNativeBefore = counted.filter { !isOver($0) }.map(\.arrivedAt).min() ?? .distantFuture
        let over = counted.filter(isOver)
        // Those that wait end first: otherwise they would get the places, and the workers, of those that have them.
        for request in over.filter({ $0.worker == nil }) + over.filter({ $0.worker != nil }) {
            owned.remove(request)
            abandon(request)
            host.finish(request.metadata.owner, because: .deadline, request.queueTiming(at: host.now))
        }
    }

    /// A worker has a request that wants no reply. It is not retried.
    private func handed(_ request: QueuedRequest) {
        request.isOrphan = true
        host.handed(request.metadata.owner)
    }

    private func putBack(_ request: QueuedRequest) {
        request.place = queue.putBack(request.ticket, bytes: request.byteCount, since: request.waitsSince)
        noteQueue()
    }

    /// Releases the account of an empty queue. Otherwise the ledger would retain a pool whose name is forgotten.
    private func noteQueue() {
        if queue.isEmpty { return memory.release(in: host.memory) }
        memory.set(queue.bytes, in: host.memory, for: MemoryLedger.noClient, self)
    }

    /// Rejects the largest waiting requests until half of the bytes are left.
    package func evict(_ kind: MemoryKind) {
        let goal = queue.bytes / 2
        var waiting: [QueuedRequest] = []
        for ticket in queue.requests { if case .live(let request) = requests.find(ticket) { waiting.append(request) } }
        for request in waiting.sorted(by: { $0.byteCount > $1.byteCount }) where queue.bytes > goal {
            reject(request.ticket, .overloaded)
        }
    }

    /// The request's worker is gone.
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

    /// No worker is left: requests of web clients fail at once. Requests of native clients, which cannot be told, and
    /// requests that a lost worker had and another may take, wait for the next worker.
    private func rejectWaiting() {
        for ticket in queue.requests {
            guard case .live(let request) = requests.find(ticket), !request.metadata.isNative, request.attempts == 0
            else { continue }
            reject(ticket, .noWorker)
        }
    }

    /// The pool's name is about to be forgotten: rejects everything that waits.
    package func rejectAll() { for ticket in queue.requests { reject(ticket, .noWorker) } }

    private func reject(_ ticket: Ticket, _ reason: EndReason) {
        guard case .live(let request) = requests.find(ticket) else { return }
        queue.withdraw(ticket, from: request.place)
        noteQueue()
        remove(request)
        host.finish(
            request.metadata.owner, because: request.attempts > 0 ? .workerLost : reason,
            request.queueTiming(at: host.now))
    }

    /// Whether a reply is the last one by the service's end rules, for protocols that do not mark it.
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
