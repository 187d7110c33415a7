// Who is there to work, who is free, and who has been free longest.
//
//                 register                 ready                lend (the longest ready first)
//     unknown ---------------> known --------------------> ready <------------------------> busy
//                                ^                           |    finished, with a place left   |
//                                +-- drain: gets no more <---+----------------------------------+
//     any state -- remove, expired --> gone, and its requests with it
//
// A worker takes `capacity` requests at a time: while it has a place left it stands in the queue, at most once. The
// queue holds entries that have become untrue; they are passed over, so nothing is ever searched.

import Basics

/// One worker of a pool, for as long as it is registered.
public struct WorkerID: Hashable, Sendable {
    @usableFromInline let slot: Int
    @usableFromInline let generation: UInt32
}

/// What is known of one worker. Confined to its pool's thread.
public final class Worker {
    public let id: WorkerID
    /// Its identity frame.
    public let name: [UInt8]
    /// The connection it came by, where that has a number.
    public let connection: Int32?
    /// What tells that connection from a later one of the same number.
    public let origin: UInt
    /// How it spells its protocol, where there is a choice: the dialect's own affair.
    public let spelling: UInt8
    public let registeredAt: Instant
    /// The last message of any kind.
    public fileprivate(set) var heardAt: Instant
    /// When it last became free to take a request, or began to be without a free place.
    public fileprivate(set) var changedAt: Instant
    /// What it has in hand.
    public fileprivate(set) var requests: [Ticket] = []
    /// Requests it has finished.
    public fileprivate(set) var finished: UInt64 = 0
    /// An operator, or the worker itself, wants no new work for it.
    public fileprivate(set) var isDraining = false
    /// It has said that it is ready.
    public fileprivate(set) var hasBegun = false
    /// Its place in the queue; 0 where it stands in none.
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

    /// It could take a request now.
    public var isReady: Bool { place != 0 }
}

/// The workers of one service. Each is an object: it is changed many times a request, and never copied.
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

    /// Requests that one worker takes at a time; at least 1.
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

    /// Takes a worker in that is not yet ready. Its name must be new here.
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

    /// The worker of that identity frame.
    @inlinable
    public func find(_ name: Span<UInt8>) -> WorkerID? { names.find(name)?.id }

    /// What is known of it; nil when it is gone.
    @inlinable
    public subscript(id: WorkerID) -> Worker? {
        guard slots.indices.contains(id.slot), slots[id.slot].generation == id.generation else { return nil }
        return slots[id.slot].worker
    }

    /// Everybody, in no order; for pages, not for the way of a request.
    public var all: [Worker] { slots.compactMap(\.worker) }

    /// It sent something, whatever it was.
    public mutating func heard(_ id: WorkerID, at now: Instant) { self[id]?.heardAt = now }

    /// It says that it is ready: from now on it gets work.
    public mutating func ready(_ id: WorkerID, at now: Instant) {
        guard let worker = self[id] else { return }
        worker.hasBegun = true
        enqueue(worker, at: now)
    }

    /// Lends `request` to the worker that has been ready longest; nil when nobody is ready.
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

    /// The worker is done with `request`, or it never reached it. - Returns: whether it had it.
    /// - Parameter isReady: it has a place again; otherwise it gets nothing, other places or not, until it says
    ///   something.
    @discardableResult
    public mutating func finish(_ request: Ticket, of id: WorkerID, isReady: Bool = true, at now: Instant) -> Bool {
        guard let worker = self[id], let index = worker.requests.firstIndex(of: request) else { return false }
        worker.requests.remove(at: index)
        worker.finished += isReady ? 1 : 0
        if isReady { enqueue(worker, at: now) } else { leaveQueue(worker) }
        return true
    }

    /// Gives it no new work, or gives it work again; what it has in hand goes on.
    public mutating func setDraining(_ isDraining: Bool, _ id: WorkerID, at now: Instant) {
        guard let worker = self[id], worker.isDraining != isDraining else { return }
        if isDraining { leaveQueue(worker) }
        worker.isDraining = isDraining
        if !isDraining && worker.hasBegun { enqueue(worker, at: now) }
    }

    /// It is gone. - Returns: what it had in hand, the oldest first.
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

    /// Those with nothing in hand from whom nothing was heard for `silence`. Who is at work need not speak: many
    /// workers do one thing at a time, heartbeats among them.
    public func silent(for silence: Nanoseconds, at now: Instant) -> [WorkerID] {
        all.filter { $0.requests.isEmpty && now.since($0.heardAt) >= silence }.map(\.id)
    }

    // MARK: Inside

    /// Puts it at the end of the queue, if it may get work and stands in none.
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
