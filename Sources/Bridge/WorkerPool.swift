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

/// One worker of a pool, for as long as it is registered.
public struct WorkerID: Hashable, Sendable {
    let slot: Int
    let generation: UInt32
}

/// What is known of one worker.
public struct Worker: Sendable {
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
    public internal(set) var heardAt: Instant
    /// When it last became free to take a request, or began to be without a free place.
    public internal(set) var changedAt: Instant
    /// What it has in hand.
    public internal(set) var requests: [Ticket] = []
    /// Requests it has finished.
    public internal(set) var finished: UInt64 = 0
    /// An operator, or the worker itself, wants no new work for it.
    public internal(set) var isDraining = false
    /// It has said that it is ready.
    public internal(set) var hasBegun = false
    /// Its place in the queue; 0 where it stands in none.
    fileprivate var place: UInt64 = 0

    /// It could take a request now.
    public var isReady: Bool { place != 0 }
}

/// The workers of one service.
public struct WorkerPool: Sendable {
    private struct Slot: Sendable {
        var generation: UInt32 = 0
        var worker: Worker?
    }

    private struct Entry: Sendable {
        let slot: Int
        let place: UInt64
    }

    /// Requests that one worker takes at a time; at least 1.
    public let capacity: Int
    public private(set) var count = 0
    /// Workers with a free place.
    public private(set) var readyCount = 0
    private var slots: [Slot] = []
    private var free: [Int] = []
    private var byHash: [UInt64: [Int]] = [:]
    private var queue: [Entry] = []
    private var head = 0
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
        slots[slot].worker = Worker(
            id: id, name: name, connection: connection, origin: origin, spelling: spelling, registeredAt: now,
            heardAt: now, changedAt: now)
        byHash[Self.hash(name.span), default: []].append(slot)
        count += 1
        return id
    }

    /// The worker of that identity frame.
    public func find(_ name: Span<UInt8>) -> WorkerID? {
        guard let candidates = byHash[Self.hash(name)] else { return nil }
        for slot in candidates {
            if let worker = slots[slot].worker, Self.equal(worker.name, name) { return worker.id }
        }
        return nil
    }

    /// What is known of it; nil when it is gone.
    public subscript(id: WorkerID) -> Worker? {
        guard slots.indices.contains(id.slot), slots[id.slot].generation == id.generation else { return nil }
        return slots[id.slot].worker
    }

    /// Everybody, in no order; for pages, not for the way of a request.
    public var workers: [Worker] { slots.compactMap(\.worker) }

    /// It sent something, whatever it was.
    public mutating func heard(_ id: WorkerID, at now: Instant) {
        update(id) { $0.heardAt = now }
    }

    /// It says that it is ready: from now on it gets work.
    public mutating func ready(_ id: WorkerID, at now: Instant) {
        update(id) { $0.hasBegun = true }
        enqueue(id, at: now)
    }

    /// Lends `request` to the worker that has been ready longest; nil when nobody is ready.
    public mutating func lend(to request: Ticket, at now: Instant) -> WorkerID? {
        while head < queue.count {
            let entry = queue[head]
            head += 1
            guard var worker = slots[entry.slot].worker, worker.place == entry.place else { continue }
            compact()
            worker.requests.append(request)
            worker.place = 0
            worker.changedAt = now
            readyCount -= 1
            slots[entry.slot].worker = worker
            if worker.requests.count < capacity { enqueue(worker.id, at: now) }
            return worker.id
        }
        return nil
    }

    /// The worker is done with `request`, or it never reached it. - Returns: whether it had it.
    /// - Parameter isReady: it has a place again; otherwise it gets nothing, other places or not, until it says
    ///   something.
    @discardableResult
    public mutating func finish(_ request: Ticket, of id: WorkerID, isReady: Bool = true, at now: Instant) -> Bool {
        guard var worker = self[id], let index = worker.requests.firstIndex(of: request) else { return false }
        worker.requests.remove(at: index)
        worker.finished += isReady ? 1 : 0
        slots[id.slot].worker = worker
        if isReady { enqueue(id, at: now) } else { leaveQueue(id) }
        return true
    }

    /// Gives it no new work, or gives it work again; what it has in hand goes on.
    public mutating func setDraining(_ isDraining: Bool, _ id: WorkerID, at now: Instant) {
        guard let worker = self[id], worker.isDraining != isDraining else { return }
        if isDraining { leaveQueue(id) }
        update(id) { $0.isDraining = isDraining }
        if !isDraining && worker.hasBegun { enqueue(id, at: now) }
    }

    /// It is gone. - Returns: what it had in hand, the oldest first.
    public mutating func remove(_ id: WorkerID) -> [Ticket] {
        guard let worker = self[id] else { return [] }
        leaveQueue(id)
        let hash = Self.hash(worker.name.span)
        byHash[hash]?.removeAll { $0 == id.slot }
        if byHash[hash]?.isEmpty == true { byHash[hash] = nil }
        slots[id.slot].worker = nil
        slots[id.slot].generation += 1
        if slots[id.slot].generation < .max { free.append(id.slot) }
        count -= 1
        return worker.requests
    }

    /// Those with nothing in hand from whom nothing was heard for `silence`. Who is at work need not speak: many
    /// workers do one thing at a time, heartbeats among them.
    public func silent(for silence: Nanoseconds, at now: Instant) -> [WorkerID] {
        workers.filter { $0.requests.isEmpty && now.since($0.heardAt) >= silence }.map(\.id)
    }

    // MARK: Inside

    private mutating func update(_ id: WorkerID, _ change: (inout Worker) -> Void) {
        guard self[id] != nil else { return }
        if slots[id.slot].worker != nil { change(&slots[id.slot].worker!) }
    }

    /// Puts it at the end of the queue, if it may get work and stands in none.
    private mutating func enqueue(_ id: WorkerID, at now: Instant) {
        guard let worker = self[id], worker.hasBegun, !worker.isDraining, !worker.isReady,
            worker.requests.count < capacity
        else { return }
        lastPlace += 1
        queue.append(Entry(slot: id.slot, place: lastPlace))
        slots[id.slot].worker?.place = lastPlace
        slots[id.slot].worker?.changedAt = now
        readyCount += 1
    }

    private mutating func leaveQueue(_ id: WorkerID) {
        guard self[id]?.isReady == true else { return }
        slots[id.slot].worker?.place = 0
        readyCount -= 1
    }

    private mutating func compact() {
        guard head > 256, head * 2 > queue.count else { return }
        queue.removeFirst(head)
        head = 0
    }

    /// FNV-1a. Names come from workers, which are trusted; a chain behind each hash keeps equal ones apart.
    private static func hash(_ name: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in name.indices { hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01B3 }
        return hash
    }

    private static func equal(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in right.indices where left[index] != right[index] { return false }
        return true
    }
}
