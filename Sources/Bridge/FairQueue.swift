// Requests that wait for a worker: bounded, and fair between clients.
//
//     client A   r1 r4 r5 r6 -\
//     client B   r2 -----------+--> r1 r2 r3 r4 r5 r6      each client's requests in their order, clients in turn
//     client C   r3 ----------/
//
// A client that asks for a thousand things at once waits for its own thousand, not the others for them. Lines, and the
// clients that have one, are linked lists within two arrays whose places are used again: nothing is searched, nothing
// is moved, and a request that leaves before its turn (its client went away, its time was over) leaves nothing behind.

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
        var client: UInt64 = 0
        var first = FairQueue.none
        var last = FairQueue.none
        /// The clients whose turns come before and after.
        var previous = FairQueue.none
        var next = FairQueue.none
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
    private var nodes: [Node] = []
    private var freeNode = none
    private var lines = [Line()]
    private var freeLine = none
    private var lineOf: [UInt64: Int] = [:]
    /// Whose turn is next, and whose is last.
    private var firstTurn = none
    private var lastTurn = none
    /// What the first one had in this turn, and when.
    private var given = 0
    private var turnAt = Instant.distantFuture
    /// Nothing that waits came before that.
    private var noneBefore = Instant.distantFuture

    public init(bounds: QueueBounds) { self.bounds = bounds }

    public var isEmpty: Bool { count == 0 }

    /// Takes `request` in at the end of its client's line.
    /// - Returns: its place, by which it may be withdrawn; nil when the queue is full.
    public mutating func push(_ request: Ticket, client: UInt64, bytes: Int, at now: Instant) -> Int? {
        guard count < bounds.count, self.bytes + bytes <= bounds.bytes || isEmpty else { return nil }
        if isEmpty && nodes.count > Self.kept { forgetPlaces() }
        return append(request, bytes, now, to: lineOf[client] ?? open(client))
    }

    /// Takes a request back that had been given out: its worker died. It is the next, and no bound keeps it out.
    /// - Returns: its place.
    public mutating func putBack(_ request: Ticket, bytes: Int, since: Instant) -> Int {
        append(request, bytes, since, to: Self.returned)
    }

    /// The next client's first request; nil when nothing waits. What is given out at one instant goes to workers that
    /// are free at the same time, so a client may have several of them in one turn: they come back together, which
    /// costs it and libzmq less than one by one.
    /// - Parameter workers: so many there are; a turn is no longer than they do in one go.
    public mutating func pop(at now: Instant, workers: Int = 1) -> Ticket? {
        if lines[Self.returned].first != Self.none { return take(lines[Self.returned].first) }
        if given > 0 && (now != turnAt || given >= min(workers, Self.turnLength)) { endTurn() }
        guard firstTurn != Self.none else { return nil }
        given += 1
        turnAt = now
        return take(lines[firstTurn].first)
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
        count += 1
        self.bytes += bytes
        noneBefore = min(noneBefore, since)
        return place
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
        count -= 1
        bytes -= node.bytes
        if lines[node.line].first == Self.none && node.line != Self.returned { close(node.line) }
        return node.request
    }

    private mutating func forgetPlaces() {
        (nodes, freeNode) = ([], Self.none)
        (lines, freeLine) = ([Line()], Self.none)
    }

    private mutating func open(_ client: UInt64) -> Int {
        let line = freeLine == Self.none ? lines.count : freeLine
        if line == lines.count { lines.append(Line()) } else { freeLine = lines[line].next }
        lines[line] = Line(client: client)
        lineOf[client] = line
        enter(line)
        return line
    }

    /// A client that has more waits for the others' turns.
    private mutating func endTurn() {
        given = 0
        guard firstTurn != lastTurn else { return }
        let line = firstTurn
        leave(line)
        enter(line)
    }

    private mutating func close(_ line: Int) {
        if line == firstTurn { given = 0 }
        leave(line)
        lineOf[lines[line].client] = nil
        lines[line] = Line(next: freeLine)
        freeLine = line
    }

    /// Its turn comes after all others'.
    private mutating func enter(_ line: Int) {
        lines[line].previous = lastTurn
        lines[line].next = Self.none
        if lastTurn == Self.none { firstTurn = line } else { lines[lastTurn].next = line }
        lastTurn = line
    }

    private mutating func leave(_ line: Int) {
        let (previous, next) = (lines[line].previous, lines[line].next)
        if previous == Self.none { firstTurn = next } else { lines[previous].next = next }
        if next == Self.none { lastTurn = previous } else { lines[next].previous = previous }
    }
}
