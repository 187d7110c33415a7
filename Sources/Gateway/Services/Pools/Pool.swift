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
    private(set) var crew: WorkerPool
    /// When a request or a worker was here for the last time, to a tick.
    private(set) var usedAt: Instant
    private(set) var queue: FairQueue

    /// Strong, as is the service: an unowned reference is counted at each use. The service lets its pools go at last.
    private let core: any ServiceHost
    private let dialect: any PoolDialect
    private let places: NativePlaces
    /// It is in the line of those.
    var waitsForPlace = false
    private let metrics: ServiceMetrics
    private let retries: Int
    private let queuesWhileDown: Bool
    private var jobs: TicketTable<Job>
    /// A frame of each worker's connection, so that no later one is taken for it.
    private var anchors: [WorkerID: FrameBox] = [:]
    private let owned: OwnedJobs
    private var memory = HeldMemory(.queues)
    /// Requests of native clients that are open, and since when none was at the earliest.
    private var natives = 0
    private var noNativeBefore = Instant.distantFuture

    /// - Parameters:
    ///   - places: those of all pools of the service, as `owned`.
    init(
        _ core: any ServiceHost, _ plan: ServicePlan, _ dialect: any PoolDialect, _ places: NativePlaces,
        _ owned: OwnedJobs,
        name: String = ""
    ) {
        self.core = core
        self.owned = owned
        self.places = places
        self.plan = plan
        self.dialect = dialect
        self.name = name
        nameBytes = Array(name.utf8)
        usedAt = core.now
        metrics = core.metrics.services[plan.index]
        let settings = plan.configuration.pool
        retries = settings.retries
        queuesWhileDown = plan.configuration.socket.queueWhileDown
        crew = WorkerPool(capacity: settings.capacity)
        queue = FairQueue(
            bounds: QueueBounds(
                count: settings.queueLength, bytes: settings.queueBytes, age: settings.queueAge.inNanoseconds))
        jobs = TicketTable(reactor: UInt8(core.index), capacity: 1 << 22)
    }

    /// Nobody is here and nothing waits.
    var isIdle: Bool { crew.count == 0 && queue.isEmpty && jobs.count == 0 }

    // MARK: Requests

    /// Takes a request in, if there is a worker for it, or may be in time.
    func submit(_ body: inout Frame, _ more: [FrameBox], _ submission: Submission, waits: Bool = false) -> Handover {
        guard crew.count > 0 || waits || queuesWhileDown else { return .refused(.noWorker) }
        let job = Job(submission, &body, more, at: core.now)
        guard enter(job) else {
            swap(&body, &job.body)
            return .refused(.overloaded)
        }
        if queue.isEmpty, crew.readyCount > 0, takePlace(job), dispatch(job) {
            if jobs.isLive(job.ticket) { owned.add(job) }
            if submission.isOneWay { handed(job) }
            return .taken
        }
        guard let place = push(job) ?? pushInPlaceOfOthers(job) else {
            leave(job)
            jobs.remove(job.ticket)
            swap(&body, &job.body)
            return .refused(.overloaded)
        }
        job.place = place
        owned.add(job)
        noteQueue()
        // Workers may be ready where only native clients wait, all of whose places are taken.
        if crew.readyCount > 0 { dispatchWaiting() }
        return .taken
    }

    private func push(_ job: Job) -> Int? {
        queue.push(job.ticket, client: job.submission.waiter, bytes: job.byteCount, at: core.now)
    }

    /// The queue is full: the last requests of the client that has most make room for one that has fewer.
    private func pushInPlaceOfOthers(_ job: Job) -> Int? {
        let surplus = queue.surplus(before: job.submission.waiter, bytes: job.byteCount)
        for ticket in surplus { refuse(ticket, .overloaded) }
        return surplus.isEmpty ? nil : push(job)
    }

    /// Gives it its name.
    private func enter(_ job: Job) -> Bool {
        guard let ticket = jobs.insert(job) else { return false }
        job.ticket = ticket
        guard job.submission.isNative else { return true }
        job.isCounted = true
        natives += 1
        noNativeBefore = min(noNativeBefore, job.arrivedAt)
        metrics.counts.nativeOpen += 1
        return true
    }

    /// A request of a native client counts as an open exchange from the time that a worker has it; until then the
    /// queue bounds it. - Returns: false when its clients have all the places they may have.
    private func takePlace(_ job: Job) -> Bool {
        guard job.submission.isNative, !job.hasPlace else { return true }
        job.hasPlace = places.take()
        return job.hasPlace
    }

    /// It is over for whoever asked; a worker may have it all the same.
    private func leave(_ job: Job) {
        if job.hasPlace {
            job.hasPlace = false
            places.giveBack()
        }
        guard job.isCounted else { return }
        job.isCounted = false
        natives -= 1
        metrics.counts.nativeOpen -= 1
    }

    /// Whoever submitted is not interested any more: what waits is taken out, what a worker has it keeps.
    func withdraw(_ owner: Ticket) {
        while let job = owned.removeOne(of: owner) { abandon(job) }
    }

    /// What waits is taken out; what a worker has it keeps, and what it answers reaches nobody.
    private func abandon(_ job: Job) {
        if queue.withdraw(job.ticket, from: job.place) { jobs.remove(job.ticket) } else { job.isOrphan = true }
        leave(job)
        noteQueue()
    }

    /// Gives `job` to the worker that has been ready longest; passes over those that turn out to be gone.
    private func dispatch(_ job: Job) -> Bool {
        while let id = crew.lend(to: job.ticket, at: core.now), let worker = crew[id] {
            job.attempts += 1
            job.worker = id
            if job.sentAt == nil { job.sentAt = core.now }
            switch dialect.give(job, to: worker) {
            case .sent:
                metrics.counts.bytesSent += UInt64(job.byteCount)
                if job.attempts == 1 { metrics.counts.queue.record(job.handling(at: core.now).queued) } else {
                    metrics.counts.retried += 1
                }
                return true
            case .unroutable, .wouldBlock:
                // Gone, and there may be replies of it to be read before that is told; or its queue is full. Either way
                // it gets nothing until it says something. Over inproc nobody tells.
                crew.finish(job.ticket, of: id, isReady: false, at: core.now)
                job.attempts -= 1
                job.worker = nil
                if worker.connection == nil { lost(id) }
            }
        }
        return false
    }

    /// Gives out what waits, as far as workers are ready.
    func dispatchWaiting() {
        while crew.readyCount > 0, let job = nextWaiting() {
            if !dispatch(job) { return putBack(job) }
            if job.submission.isOneWay { handed(job) }
        }
        noteQueue()
    }

    /// The next in the queue; a native client's only with a place among the open exchanges, which is taken in advance.
    private func nextWaiting() -> Job? {
        let hasNatives = queue.nativeCount > 0
        let hasPlace = hasNatives && places.take()
        if hasNatives && !hasPlace { places.wait(for: self) }
        var job: Job?
        while job == nil, let ticket = queue.pop(at: core.now, workers: crew.count, passesNatives: !hasPlace) {
            if case .live(let live) = jobs.find(ticket) { job = live }
        }
        guard hasPlace else { return job }
        if let job, job.submission.isNative, !job.hasPlace { job.hasPlace = true } else { places.leave() }
        return job
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
        let id = crew.register(name, connection: connection, origin: origin, spelling: spelling, at: core.now)
        anchors[id] = anchor
        let from = connection.map { " from \(Connection($0).peer)" } ?? ""
        metrics.log.came("worker \(WorkerState.id(of: name))\(from) registered\(offering); \(crew.count) there")
        return id
    }

    func heard(_ id: WorkerID) { crew.heard(id, at: core.now) }

    /// It says that it is ready. What it still had in hand it has forgotten.
    func ready(_ id: WorkerID) {
        heard(id)
        for ticket in crew[id]?.requests ?? [] {
            crew.finish(ticket, of: id, isReady: false, at: core.now)
            orphaned(ticket)
        }
        crew.ready(id, at: core.now)
        dispatchWaiting()
    }

    /// What a worker that takes one request at a time has in hand.
    func current(_ id: WorkerID) -> Ticket? { crew[id]?.requests.first }

    /// A worker replied to `ticket`. - Returns: false when it has nothing of that name in hand.
    @discardableResult
    func replied(_ body: inout Frame, _ ticket: Ticket, of id: WorkerID, _ note: ReplyNote) -> Bool {
        heard(id)
        guard case .live(let job) = jobs.find(ticket), job.worker == id else {
            metrics.dropped(.late)
            return false
        }
        job.replies += 1
        var note = note
        if job.replies == 1 { note.handling = job.handling(at: core.now) }
        let isDone = note.last != nil || isLast(job, body.bytes)
        if isDone { remove(job) }
        if job.isOrphan {
            metrics.dropped(.late)
        } else {
            core.route(&body, note, to: job.submission.owner, plan)
        }
        if isDone {
            crew.finish(ticket, of: id, at: core.now)
            dispatchWaiting()
        }
        return true
    }

    /// The worker is gone: what it had in hand is tried again, or its owners are told.
    /// - Parameter reason: `.limit` if its reply was too large to be received; another worker's would be, too.
    func lost(_ id: WorkerID, because reason: EndReason = .workerLost) {
        guard let worker = crew[id] else { return }
        let requests = crew.remove(id)
        anchors[id] = nil
        usedAt = core.now
        metrics.counts.workersLost += 1
        metrics.log.went(
            "worker \(WorkerState.id(of: worker.name)) is gone\(offering), with \(requests.count) in hand; "
                + "\(crew.count) left")
        dialect.removed(worker)
        for ticket in requests { orphaned(ticket, because: reason) }
        if crew.count == 0 && !queuesWhileDown { refuseWaiting() }
        dispatchWaiting()
    }

    /// - Parameter worker: as pages call it.
    func setDraining(_ isDraining: Bool, _ worker: String) {
        for known in crew.workers where WorkerState.id(of: known.name) == worker {
            crew.setDraining(isDraining, known.id, at: core.now)
        }
        dispatchWaiting()
    }

    /// Ends what has waited or worked too long, and workers that are silent.
    func tick(silence: Nanoseconds?) {
        if !isIdle { usedAt = core.now }
        endNatives()
        for ticket in queue.expired(at: core.now) { refuse(ticket, .overloaded) }
        if let silence { for id in crew.silent(for: silence, at: core.now) { lost(id) } }
        dispatchWaiting()
    }

    // MARK: Inside

    private var offering: String { name.isEmpty ? "" : " for \"\(name)\"" }

    /// Ends the requests of native clients whose time is over: they have no exchange whose clock would.
    private func endNatives() {
        guard natives > 0, core.now.since(noNativeBefore) >= plan.rules.deadline else { return }
        noNativeBefore = .distantFuture
        for job in jobs.values where job.isCounted {
            guard core.now.since(job.arrivedAt) >= plan.rules.deadline else {
                noNativeBefore = min(noNativeBefore, job.arrivedAt)
                continue
            }
            owned.remove(job)
            abandon(job)
            core.finish(job.submission.owner, because: .deadline, job.handling(at: core.now))
        }
    }

    /// A worker has a request that wants no reply: it is not tried again.
    private func handed(_ job: Job) {
        job.isOrphan = true
        core.handed(job.submission.owner)
    }

    private func putBack(_ job: Job) {
        job.place = queue.putBack(job.ticket, bytes: job.byteCount, since: job.waitsSince)
        noteQueue()
    }

    /// An empty queue leaves nothing in the ledger, which would keep a pool whose name is forgotten.
    private func noteQueue() {
        if queue.isEmpty { return memory.release(in: core.memory) }
        memory.set(queue.bytes, in: core.memory, for: MemoryLedger.noClient, self)
    }

    /// The largest requests that wait are refused, until half of their bytes are left.
    func evict(_ kind: MemoryKind) {
        let goal = queue.bytes / 2
        var waiting: [Job] = []
        for ticket in queue.requests { if case .live(let job) = jobs.find(ticket) { waiting.append(job) } }
        for job in waiting.sorted(by: { $0.byteCount > $1.byteCount }) where queue.bytes > goal {
            refuse(job.ticket, .overloaded)
        }
    }

    /// Its worker is gone.
    private func orphaned(_ ticket: Ticket, because reason: EndReason = .workerLost) {
        guard case .live(let job) = jobs.find(ticket) else { return }
        job.worker = nil
        let mayRetry = job.replies == 0 && job.attempts <= retries && reason == .workerLost
        if !job.isOrphan && mayRetry {
            job.waitsSince = core.now
            return putBack(job)
        }
        remove(job)
        if !job.isOrphan { core.finish(job.submission.owner, because: reason, job.handling(at: core.now)) }
    }

    /// No worker is left: the web is told at once. Native clients, whose protocols have no words for that, and requests
    /// that a lost worker had and another may have, wait for the next worker.
    private func refuseWaiting() {
        for ticket in queue.requests {
            guard case .live(let job) = jobs.find(ticket), !job.submission.isNative, job.attempts == 0 else { continue }
            refuse(ticket, .noWorker)
        }
    }

    /// Its name is to go, and what waits for a worker with it.
    func refuseAll() { for ticket in queue.requests { refuse(ticket, .noWorker) } }

    private func refuse(_ ticket: Ticket, _ reason: EndReason) {
        guard case .live(let job) = jobs.find(ticket) else { return }
        queue.withdraw(ticket, from: job.place)
        noteQueue()
        remove(job)
        core.finish(job.submission.owner, because: job.attempts > 0 ? .workerLost : reason, job.handling(at: core.now))
    }

    /// A service without a protocol of its own says by its end rules when a worker is done.
    private func isLast(_ job: Job, _ body: Span<UInt8>) -> Bool {
        if let count = plan.rules.count, job.replies >= count { return true }
        return plan.saysItself(body)
    }

    private func remove(_ job: Job) {
        leave(job)
        jobs.remove(job.ticket)
        owned.remove(job)
    }
}
