// Requests that wait for a worker: bounded, and fair between clients.
//
//     client A   r1 r4 r5 r6 -\
//     client B   r2 -----------+--> r1 r2 r3 r4 r5 r6      each client's requests in their order, clients in turn
//     client C   r3 ----------/
//
// A client that asks for a thousand things at once waits for its own thousand, not the others for them. Lines, and the
// clients that have one, are linked lists within two arrays whose places are used again: nothing is searched, nothing
// is moved, and a request that leaves before its turn (its client went away, its time was over) leaves nothing behind.
//
// When the queue is full, the last requests of the longest line make room for a client that has fewer. Clients that can
// be held back (their socket is not read) lose nothing that way: they have half of the queue, and wait outside.

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

/// Who waits in a line.
public struct QueueClient: Equatable, Sendable {
    public var key: UInt64
    /// It speaks ZeroMQ: its requests may have to wait for a place among the open exchanges.
    public var isNative: Bool
    /// Its requests can wait where they are, so they have half of the queue at most, and none is taken out again.
    public var canBeHeldBack: Bool

    public init(_ key: UInt64, isNative: Bool = false, canBeHeldBack: Bool = false) {
        self.key = key
        self.isNative = isNative
        self.canBeHeldBack = canBeHeldBack
    }
}

/// Requests that wait.
public struct FairQueue: Sendable {
    /// A request's place in a line, or a free place.
    private struct Node: Sendable {
        var request = Ticket.none
        var bytes = 0
        var since = Instant.distantFuture
        var line = 0
        var previous = FairQueue.none
        var next = FairQueue.none
    }

    /// One client's requests, or a free place.
    private struct Line: Sendable {
        var client = QueueClient(0)
        var first = FairQueue.none
        var last = FairQueue.none
        var count = 0
        var bytes = 0
        /// When its turn comes: the lowest is the next.
        var turn: UInt64 = 0
        /// The clients of its kind whose turns come before and after.
        var previous = FairQueue.none
        var next = FairQueue.none
    }

    /// The lines of native clients, or of all others, in the order of their turns.
    private struct Turns: Sendable {
        var first = FairQueue.none
        var last = FairQueue.none

        mutating func append(_ line: Int, in lines: inout [Line]) {
            lines[line].previous = last
            lines[line].next = FairQueue.none
            if last == FairQueue.none { first = line } else { lines[last].next = line }
            last = line
        }

        mutating func remove(_ line: Int, in lines: inout [Line]) {
            let (previous, next) = (lines[line].previous, lines[line].next)
            if previous == FairQueue.none { first = next } else { lines[previous].next = next }
            if next == FairQueue.none { last = previous } else { lines[next].previous = previous }
        }
    }

    private static let none = -1
    /// Requests of one client in a turn, at most.
    private static let turnLength = 8
    /// Free places that stay in memory once a crowd has left.
    private static let kept = 1_024
    /// The line of those that had been given out already: they come first.
    private static let returned = 0

    public let bounds: QueueBounds
    /// Requests that wait.
    public private(set) var count = 0
    /// Bytes of their bodies.
    public private(set) var bytes = 0
    /// Requests of native clients among them, without those that were taken back.
    public private(set) var nativeCount = 0
    /// What waits of clients that can be held back.
    private var patientCount = 0
    private var patientBytes = 0
    private var nodes: [Node] = []
    private var freeNode = none
    private var lines = [Line()]
    private var freeLine = none
    private var lineOf: [UInt64: Int] = [:]
    private var natives = Turns()
    private var others = Turns()
    private var lastTurn: UInt64 = 0
    /// Whose turn it is, what it had in this turn, and when.
    private var current = none
    private var given = 0
    private var turnAt = Instant.distantFuture
    /// Nothing that waits came before that.
    private var noneBefore = Instant.distantFuture

    public init(bounds: QueueBounds) { self.bounds = bounds }

    public var isEmpty: Bool { count == 0 }

    /// Takes `request` in at the end of its client's line.
    /// - Returns: its place, by which it may be withdrawn; nil when the queue is full.
    public mutating func push(_ request: Ticket, client: QueueClient, bytes: Int, at now: Instant) -> Int? {
        guard count < bounds.count, self.bytes + bytes <= bounds.bytes || isEmpty else { return nil }
        if client.canBeHeldBack {
            guard patientCount < bounds.count / 2, patientBytes + bytes <= bounds.bytes / 2 || patientCount == 0 else {
                return nil
            }
        }
        if isEmpty && nodes.count > Self.kept { forgetPlaces() }
        return append(request, bytes, now, to: lineOf[client.key] ?? open(client))
    }

    /// What may be taken out so that a request finds room that was rejected: the last requests of the client that has
    /// most, while it keeps more than `client` will have then. O(clients), and only when the queue is full.
    /// - Returns: the last one first; nothing when no other client has more.
    public func surplus(before client: QueueClient, bytes: Int) -> [Ticket] {
        guard bounds.count > 0, bytes <= bounds.bytes, !client.canBeHeldBack else { return [] }
        let line = lineOf[client.key].map { lines[$0] } ?? Line()
        let needed = max(0, count - bounds.count + 1)
        let longest = lines.dropFirst().lazy.filter { !$0.client.canBeHeldBack }.max {
            needed > 0 ? $0.count < $1.count : $0.bytes < $1.bytes
        }
        guard var rest = longest else { return [] }
        var (surplus, freed): ([Ticket], Int) = ([], 0)
        var place = rest.last
        while place != Self.none, surplus.count < needed || self.bytes - freed + bytes > bounds.bytes {
            let node = nodes[place]
            rest.count -= 1
            rest.bytes -= node.bytes
            let keepsMore = surplus.count < needed ? rest.count > line.count : rest.bytes >= line.bytes + bytes
            guard keepsMore else { return [] }
            surplus.append(node.request)
            freed += node.bytes
            place = node.previous
        }
        return surplus
    }

    /// Takes a request back that had been given out: its worker died. It is the next, and no bound keeps it out.
    /// - Returns: its place.
    public mutating func putBack(_ request: Ticket, bytes: Int, since: Instant) -> Int {
        append(request, bytes, since, to: Self.returned)
    }

    /// The next client's first request; nil when nothing waits. What is given out at one instant goes to workers that
    /// are free at the same time, so a client may have several of them in one turn: they come back together, which
    /// costs it and libzmq less than one by one.
    /// - Parameters:
    ///   - workers: so many there are; a turn is no longer than they do in one go.
    ///   - passesNatives: no request of a native client, unless it was given out before.
    public mutating func pop(at now: Instant, workers: Int = 1, passesNatives: Bool = false) -> Ticket? {
        if lines[Self.returned].first != Self.none { return take(lines[Self.returned].first) }
        if given > 0 {
            let isOver = now != turnAt || given >= min(workers, Self.turnLength)
            if isOver || passesNatives && lines[current].client.isNative { endTurn() }
        }
        if given == 0 { current = nextLine(passesNatives: passesNatives) }
        guard current != Self.none else { return nil }
        given += 1
        turnAt = now
        return take(lines[current].first)
    }

    /// It waits no more. - Returns: whether it did.
    @discardableResult
    public mutating func withdraw(_ request: Ticket, from place: Int) -> Bool {
        guard nodes.indices.contains(place), nodes[place].request == request else { return false }
        _ = take(place)
        return true
    }

    /// Those that have waited as long as they may. They are still here; whoever ends them withdraws them.
    public mutating func expired(at now: Instant) -> [Ticket] {
        // Nothing is older than the bound, so a long queue is looked through only when something may be too old.
        guard !isEmpty, now.since(noneBefore) >= bounds.age else { return [] }
        noneBefore = oldest ?? now
        return waiting.filter { now.since($0.since) >= bounds.age }.sorted { $0.since < $1.since }.map(\.request)
    }

    /// Everything that waits, in no order. O(places).
    public var requests: [Ticket] { waiting.map(\.request) }

    /// Since when the oldest waits; nil when nothing waits. O(places): for pages.
    public var oldest: Instant? { waiting.map(\.since).min() }

    /// Places in memory; for tests.
    var placeCount: Int { nodes.count + lines.count }

    // MARK: Inside

    private var waiting: [Node] { nodes.filter { $0.request != .none } }

    private mutating func append(_ request: Ticket, _ bytes: Int, _ since: Instant, to line: Int) -> Int {
        let place = freeNode == Self.none ? nodes.count : freeNode
        if place == nodes.count { nodes.append(Node()) } else { freeNode = nodes[place].next }
        let last = lines[line].last
        nodes[place] = Node(request: request, bytes: bytes, since: since, line: line, previous: last)
        if last == Self.none { lines[line].first = place } else { nodes[last].next = place }
        lines[line].last = place
        note(1, bytes, in: line)
        noneBefore = min(noneBefore, since)
        return place
    }

    /// So many requests, and bytes of them, have come into a line, or have left it.
    private mutating func note(_ count: Int, _ bytes: Int, in line: Int) {
        self.count += count
        self.bytes += bytes
        lines[line].count += count
        lines[line].bytes += bytes
        if lines[line].client.isNative { nativeCount += count }
        guard lines[line].client.canBeHeldBack else { return }
        patientCount += count
        patientBytes += bytes
    }

    /// Takes a request out of its line, and the line out where it was the last.
    private mutating func take(_ place: Int) -> Ticket {
        let node = nodes[place]
        if node.previous == Self.none { lines[node.line].first = node.next } else {
            nodes[node.previous].next = node.next
        }
        if node.next == Self.none { lines[node.line].last = node.previous } else {
            nodes[node.next].previous = node.previous
        }
        nodes[place] = Node(next: freeNode)
        freeNode = place
        note(-1, -node.bytes, in: node.line)
        if lines[node.line].first == Self.none && node.line != Self.returned { close(node.line) }
        return node.request
    }

    private mutating func forgetPlaces() {
        (nodes, freeNode) = ([], Self.none)
        (lines, freeLine) = ([Line()], Self.none)
    }

    private mutating func open(_ client: QueueClient) -> Int {
        let line = freeLine == Self.none ? lines.count : freeLine
        if line == lines.count { lines.append(Line()) } else { freeLine = lines[line].next }
        lines[line] = Line(client: client)
        lineOf[client.key] = line
        enter(line)
        return line
    }

    private func nextLine(passesNatives: Bool) -> Int {
        guard natives.first != Self.none, !passesNatives else { return others.first }
        guard others.first != Self.none else { return natives.first }
        return lines[natives.first].turn < lines[others.first].turn ? natives.first : others.first
    }

    /// A client that has more waits for the others' turns.
    private mutating func endTurn() {
        given = 0
        leave(current)
        enter(current)
    }

    private mutating func close(_ line: Int) {
        if line == current { given = 0 }
        leave(line)
        lineOf[lines[line].client.key] = nil
        lines[line] = Line(next: freeLine)
        freeLine = line
    }

    /// Its turn comes after all others'.
    private mutating func enter(_ line: Int) {
        lastTurn += 1
        lines[line].turn = lastTurn
        if lines[line].client.isNative { natives.append(line, in: &lines) } else { others.append(line, in: &lines) }
    }

    private mutating func leave(_ line: Int) {
        if lines[line].client.isNative { natives.remove(line, in: &lines) } else { others.remove(line, in: &lines) }
    }
}
