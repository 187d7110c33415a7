// Requests that wait for a worker: bounded, and fair between clients.
//
//     client A   r1 r4 r5 r6 -\
//     client B   r2 -----------+--> r1 r2 r3 r4 r5 r6      each client's requests in their order, clients in turn
//     client C   r3 ----------/
//
// A client that asks for a thousand things at once waits for its own thousand, not the others for them. What leaves
// before its turn (its client went away, its time was over) is only forgotten; its entry is passed over.

/// What a queue may hold.
public struct QueueBounds: Equatable, Sendable {
    /// Requests that wait at a time; 0: none may wait.
    public var count: Int
    /// Bytes of their bodies.
    public var bytes: Int
    /// How long one may wait.
    public var age: Nanoseconds

    public init(count: Int, bytes: Int, age: Nanoseconds) {
        self.count = count
        self.bytes = bytes
        self.age = age
    }
}

/// Requests that wait, by ticket.
public struct FairQueue: Sendable {
    private struct Entry: Sendable {
        let request: Ticket
        let bytes: Int
        let since: Instant
    }

    /// One client's requests.
    private struct Line: Sendable {
        var entries: [Entry] = []
        var head = 0
    }

    public let bounds: QueueBounds
    /// Requests that wait.
    public var count: Int { waiting.count }
    /// Bytes of their bodies.
    public private(set) var bytes = 0
    private var waiting: [Ticket: Entry] = [:]
    private var lines: [UInt64: Line] = [:]
    /// The clients with a line, in the order of their turns.
    private var turns: [UInt64] = []
    private var nextTurn = 0
    private var forgotten = 0
    /// Nothing that waits came before that.
    private var noneBefore = Instant.distantFuture
    /// Requests that had been given out already: they come first.
    private var returned: [Entry] = []

    public init(bounds: QueueBounds) { self.bounds = bounds }

    public var isEmpty: Bool { waiting.isEmpty }

    /// Takes `request` in at the end of its client's line. - Returns: false when the queue is full.
    public mutating func push(_ request: Ticket, client: UInt64, bytes: Int, at now: Instant) -> Bool {
        guard count < bounds.count, self.bytes + bytes <= bounds.bytes || isEmpty else { return false }
        let entry = Entry(request: request, bytes: bytes, since: now)
        waiting[request] = entry
        noneBefore = min(noneBefore, now)
        self.bytes += bytes
        if lines[client] == nil { turns.append(client) }
        lines[client, default: Line()].entries.append(entry)
        return true
    }

    /// Takes a request back that had been given out: its worker died. It is the next, and no bound keeps it out.
    public mutating func putBack(_ request: Ticket, bytes: Int, since: Instant) {
        let entry = Entry(request: request, bytes: bytes, since: since)
        waiting[request] = entry
        noneBefore = min(noneBefore, since)
        self.bytes += bytes
        returned.append(entry)
    }

    /// The next client's first request; nil when nothing waits.
    public mutating func pop() -> Ticket? {
        while !returned.isEmpty {
            let entry = returned.removeFirst()
            if take(entry) { return entry.request }
        }
        while nextTurn < turns.count {
            let client = turns[nextTurn]
            nextTurn += 1
            guard let entry = nextEntry(of: client) else {
                lines[client] = nil
                continue
            }
            turns.append(client)
            compactTurns()
            return entry.request
        }
        turns.removeAll(keepingCapacity: true)
        nextTurn = 0
        return nil
    }

    /// It waits no more. - Returns: whether it did.
    @discardableResult
    public mutating func withdraw(_ request: Ticket) -> Bool {
        guard let entry = waiting.removeValue(forKey: request) else { return false }
        bytes -= entry.bytes
        forgotten += 1
        if forgotten > 64 + count { forget() }
        return true
    }

    /// Those that have waited as long as they may. They are still here; whoever ends them withdraws them.
    public mutating func expired(at now: Instant) -> [Ticket] {
        // Nothing is older than the bound, so a long queue is looked through only when something may be too old.
        guard !isEmpty, now.since(noneBefore) >= bounds.age else { return [] }
        noneBefore = oldest ?? now
        return waiting.values.filter { now.since($0.since) >= bounds.age }.sorted { $0.since < $1.since }
            .map(\.request)
    }

    /// Everything that waits, in no order. O(count).
    public var requests: [Ticket] { Array(waiting.keys) }

    /// Since when the oldest waits; nil when nothing waits. O(count): for pages.
    public var oldest: Instant? { waiting.values.map(\.since).min() }

    /// Entries in memory, those that were withdrawn among them; for tests.
    var entryCount: Int { lines.values.reduce(returned.count) { $0 + $1.entries.count } }

    // MARK: Inside

    private mutating func nextEntry(of client: UInt64) -> Entry? {
        while let line = lines[client], line.head < line.entries.count {
            let entry = line.entries[line.head]
            lines[client]?.head += 1
            if line.head > 32 && line.head * 2 > line.entries.count {
                lines[client]?.entries.removeFirst(line.head + 1)
                lines[client]?.head = 0
            }
            if take(entry) { return entry }
        }
        return nil
    }

    private mutating func take(_ entry: Entry) -> Bool {
        guard waiting.removeValue(forKey: entry.request) != nil else {
            forgotten = max(0, forgotten - 1)
            return false
        }
        bytes -= entry.bytes
        return true
    }

    private mutating func compactTurns() {
        guard nextTurn > 256, nextTurn * 2 > turns.count else { return }
        turns.removeFirst(nextTurn)
        nextTurn = 0
    }

    /// Drops the entries that were withdrawn. They outnumber the others, so this costs little for each.
    private mutating func forget() {
        forgotten = 0
        returned.removeAll { waiting[$0.request] == nil }
        var kept: [UInt64] = []
        for client in turns[nextTurn...] {
            let entries = lines[client].map { line in line.entries[line.head...].filter { waiting[$0.request] != nil } }
            lines[client] = entries.flatMap { $0.isEmpty ? nil : Line(entries: Array($0)) }
            if lines[client] != nil { kept.append(client) }
        }
        turns = kept
        nextTurn = 0
    }
}
