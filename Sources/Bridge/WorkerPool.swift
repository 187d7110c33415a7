// The workers of one service: which are registered, which are ready, and which has been ready longest.
//
//                   register                 ready                lend (the longest ready first)
//       unknown ---------------> known --------------------> ready <------------------------> busy
//                                  ^                           |    finished, with a place left   |
//                                  +-- drain: gets no more <---+----------------------------------+
//       any state -- remove, expired --> gone, and its requests with it
//
// A worker takes `capacity` requests at a time; while it has a free place it is in the queue, once at most. Stale
// entries of the queue are skipped when they are reached, so nothing is ever searched.

import Basics

/// One worker of a pool, for as long as it is registered.
public struct WorkerID: Hashable, Sendable {
    @usableFromInline let slot: Int
    @usableFromInline let generation: UInt32
}

/// The state of one worker. Confined to its pool's thread.
public final class Worker {
    public let id: WorkerID
    /// Its identity frame.
    public let name: [UInt8]
    /// The number of the connection it came by, if known.
    public let connection: Int32?
    /// Distinguishes that connection from a later one with the same number.
    public let origin: UInt
    /// The variant of the protocol it speaks, if there are several; only its dialect reads it.
    public let spelling: UInt8
    public let registeredAt: Instant
    /// When its last message of any kind came.
    public fileprivate(set) var heardAt: Instant
    /// When it last became ready or busy.
    public fileprivate(set) var changedAt: Instant
    /// Its requests in progress.
    public fileprivate(set) var requests: [Ticket] = []
    /// Requests it has finished.
    public fileprivate(set) var finished: UInt64 = 0
    /// It gets no new work: an operator or the worker itself asked for that.
    public fileprivate(set) var isDraining = false
    /// It has reported that it is ready.
    public fileprivate(set) var hasBegun = false
    /// Its place in the queue; 0 for none.
    fileprivate var place: UInt64 = 0

    fileprivate init(
        _ id: WorkerID, _ name: [UInt8], _ connection: Int32?, _ origin: UInt, _ spelling: UInt8, at now: Instant
    ) {
        self.id = id
        self.name = name
        self.connection = connection
        self.origin = origin
        self.spelling = spelling
        registeredAt = now
        heardAt = now
        changedAt = now
    }

    /// It can take a request now.
    public var isReady: Bool { place != 0 }
}

/// The workers of one service. Each is an object, because it changes many times per request and is never copied.
public struct WorkerPool {
    @usableFromInline
    struct Slot {
        @usableFromInline var generation: UInt32 = 0
        @usableFromInline var worker: Worker?
    }

    private struct Entry {
        let slot: Int
        let place: UInt64
    }

    /// Maximum number of requests per worker at a time; at least 1.
    public let capacity: Int
    public private(set) var count = 0
    /// Workers with a free place.
    public private(set) var readyCount = 0
    @usableFromInline var slots: [Slot] = []
    private var free: [Int] = []
    @usableFromInline var names = NameTable<Worker>()
    private var queue = FIFO<Entry>()
    private var lastPlace: UInt64 = 0

    public init(capacity: Int = 1) {
        precondition(capacity >= 1)
        self.capacity = capacity
    }

    /// Registers a worker that is not yet ready. Its name must be new.
    public mutating func register(
        _ name: [UInt8], connection: Int32? = nil, origin: UInt = 0, spelling: UInt8 = 0, at now: Instant
    ) -> WorkerID {
        let slot = free.popLast() ?? slots.count
        if slot == slots.count { slots.append(Slot()) }
        let id = WorkerID(slot: slot, generation: slots[slot].generation)
        let worker = Worker(id, name, connection, origin, spelling, at: now)
        slots[slot].worker = worker
        names.insert(worker, as: name)
        count += 1
        return id
    }

    /// The worker with that identity frame.
    @inlinable
    public func find(_ name: Span<UInt8>) -> WorkerID? { names.find(name)?.id }

    /// The worker's state; nil when it is gone.
    @inlinable
    public subscript(id: WorkerID) -> Worker? {
        guard slots.indices.contains(id.slot), slots[id.slot].generation == id.generation else { return nil }
        return slots[id.slot].worker
    }

    /// All workers, in no order; for pages, not for the request path.
    public var all: [Worker] { slots.compactMap(\.worker) }

    /// The worker sent a message of any kind.
    public mutating func heard(_ id: WorkerID, at now: Instant) { self[id]?.heardAt = now }

    /// The worker reported that it is ready: it gets work from now on.
    public mutating func ready(_ id: WorkerID, at now: Instant) {
        guard let worker = self[id] else { return }
        worker.hasBegun = true
        enqueue(worker, at: now)
    }

    /// Assigns `request` to the worker that has been ready longest; nil if none is ready.
    public mutating func lend(to request: Ticket, at now: Instant) -> WorkerID? {
        while let entry = queue.popFirst() {
            guard let worker = slots[entry.slot].worker, worker.place == entry.place else { continue }
            worker.requests.append(request)
            worker.place = 0
            worker.changedAt = now
            readyCount -= 1
            if worker.requests.count < capacity { enqueue(worker, at: now) }
            return worker.id
        }
        return nil
    }

    /// The worker has finished `request`, or never got it.
    /// - Parameter isReady: it has a free place again; otherwise it gets nothing, even with other places free, until it
    ///   sends a message.
    /// - Returns: whether it had the request.
    @discardableResult
    public mutating func finish(_ request: Ticket, of id: WorkerID, isReady: Bool = true, at now: Instant) -> Bool {
        guard let worker = self[id], let index = worker.requests.firstIndex(of: request) else { return false }
        worker.requests.remove(at: index)
        worker.finished += isReady ? 1 : 0
        if isReady { enqueue(worker, at: now) } else { leaveQueue(worker) }
        return true
    }

    /// Stops new work for the worker, or allows it again; its requests in progress continue.
    public mutating func setDraining(_ isDraining: Bool, _ id: WorkerID, at now: Instant) {
        guard let worker = self[id], worker.isDraining != isDraining else { return }
        if isDraining { leaveQueue(worker) }
        worker.isDraining = isDraining
        if !isDraining && worker.hasBegun { enqueue(worker, at: now) }
    }

    /// Removes a worker.
    /// - Returns: its requests in progress, oldest first.
    public mutating func remove(_ id: WorkerID) -> [Ticket] {
        guard let worker = self[id] else { return [] }
        leaveQueue(worker)
        names.remove(worker.name)
        slots[id.slot].worker = nil
        slots[id.slot].generation += 1
        if slots[id.slot].generation < .max { free.append(id.slot) }
        count -= 1
        return worker.requests
    }

    /// Idle workers that have been silent for `silence`. Busy ones are left out: many workers do one thing at a time
    /// and send no heartbeats while they work.
    public func silent(for silence: Nanoseconds, at now: Instant) -> [WorkerID] {
        all.filter { $0.requests.isEmpty && now.since($0.heardAt) >= silence }.map(\.id)
    }

    // MARK: Inside

    /// Appends it to the queue, if it may get work and is not in the queue yet.
    private mutating func enqueue(_ worker: Worker, at now: Instant) {
        guard worker.hasBegun, !worker.isDraining, !worker.isReady, worker.requests.count < capacity else { return }
        lastPlace += 1
        queue.append(Entry(slot: worker.id.slot, place: lastPlace))
        worker.place = lastPlace
        worker.changedAt = now
        readyCount += 1
    }

    private mutating func leaveQueue(_ worker: Worker) {
        guard worker.isReady else { return }
        worker.place = 0
        readyCount -= 1
    }
}
