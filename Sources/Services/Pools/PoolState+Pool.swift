// What a pool shows of itself.

import Bridge
import Contract

extension WorkerState {
    init(_ worker: Worker, at now: Instant) {
        let phase: Phase =
            if worker.isDraining { .draining } else if worker.isReady { .ready } else {
                worker.requests.isEmpty ? .registered : .busy
            }
        self.init(
            id: Self.id(of: worker.name), phase: phase, inHand: worker.requests.count, finished: worker.finished,
            phaseMilliseconds: Double(now.since(worker.changedAt)) / 1e6,
            heardMilliseconds: Double(now.since(worker.heardAt)) / 1e6,
            registeredMilliseconds: Double(now.since(worker.registeredAt)) / 1e6)
    }
}

extension PoolState {
    init(_ pool: Pool, at now: Instant) {
        let workers = pool.workers.all.map { WorkerState($0, at: now) }
        self.init(
            name: pool.name, ready: workers.count { $0.phase == .ready }, busy: workers.count { $0.inHand > 0 },
            draining: workers.count { $0.phase == .draining }, queued: pool.queue.count, queuedBytes: pool.queue.bytes,
            oldestMilliseconds: Double(pool.queue.oldest.map { now.since($0) } ?? 0) / 1e6, workers: workers)
    }
}
