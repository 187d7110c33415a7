// Requests that wait for a worker: bounded, and fair between clients.
//
//       client A   r1 r4 r5 r6 -\
//       client B   r2 -----------+--> r1 r2 r3 r4 r5 r6      in order per client, round-robin across clients
//       client C   r3 ----------/
//
// A client that sends a thousand requests at once delays only itself. The lines, and the clients that have one, are
// linked lists within two arrays with reused entries: nothing is searched or moved, and a request that leaves early
// (its client left, it timed out) leaves no trace.
//
// When the queue is full, the last requests of the longest line make room for a client that has fewer. Clients that can
// be held back (the gateway stops reading their socket) lose nothing this way: they get at most half of the queue and
// wait outside of it.

/// The limits of a queue.
public struct QueueBounds: Equatable, Sendable {
    /// Maximum number of queued requests; 0 to queue none.
    public var count: Int
    /// Maximum total size of their bodies, in bytes.
    public var bytes: Int
    /// Longest time in the queue.
    public var age: Nanoseconds

    public init(count: Int, bytes: Int, age: Nanoseconds) {
        self.count = count
        self.bytes = bytes
        self.age = age
    }
}

/// The client that a queued request belongs to.
public struct QueueClient: Equatable, Sendable {
    public var key: UInt64
    /// A ZeroMQ client: its requests may also have to wait until fewer exchanges are open.
    public var isNative: Bool
    /// Its requests can wait in its socket, so they get at most half of the queue, and none is evicted.
    public var canBeHeldBack: Bool

    public init(_ key: UInt64, isNative: Bool = false, canBeHeldBack: Bool = false) {
        self.key = key
        self.isNative = isNative
        self.canBeHeldBack = canBeHeldBack
    }
}

/// The queue itself. Confined to its pool's thread.
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
        /// The position in the round: the lowest is next.
        var turn: UInt64 = 0
        /// The previous and the next client of its kind in the round.
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
    /// Maximum number of requests of one client in a turn.
    private static let turnLength = 8
    /// Places that stay allocated after a peak.
    private static let kept = 1_024
    /// The line of requests that were put back; it comes first.
    private static let returned = 0

    public let bounds: QueueBounds
    /// Queued requests.
    public private(set) var count = 0
    /// Total bytes of their bodies.
    public private(set) var bytes = 0
    /// Queued requests of native clients, without those that were put back.
    public private(set) var nativeCount = 0
    /// Queued requests of clients that can be held back.
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
    /// The client whose turn it is, the requests it had in this turn, and the time of the last one.
    private var current = none
    private var given = 0
    private var turnAt = Instant.distantFuture
    /// A lower bound for `oldest`.
    private var noneBefore = Instant.distantFuture

    public init(bounds: QueueBounds) { self.bounds = bounds }

    public var isEmpty: Bool { count == 0 }

    /// Appends `request` to its client's line.
    /// - Returns: its place, for `withdraw`; nil when the queue is full.
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

    /// Requests to evict so that a rejected request of `client` fits: the last ones of the client that has the most, as
    /// long as it still keeps more than `client` then has. O(clients), and only when the queue is full.
    /// - Returns: the last request first; empty if no other client has more.
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

    /// Puts back a request whose worker died. It is next, whatever the bounds.
    /// - Returns: its place.
    public mutating func putBack(_ request: Ticket, bytes: Int, since: Instant) -> Int {
        append(request, bytes, since, to: Self.returned)
    }

    /// Takes the next client's first request; nil when the queue is empty. Requests taken at one instant go to workers
    /// that are free at the same time, so one client may have several of them in one turn: their replies come back
    /// together, which is cheaper for the client and for libzmq than one by one.
    /// - Parameters:
    ///   - workers: the number of workers; a turn is no longer than one round of them.
    ///   - passesNatives: skip requests of native clients, unless they were put back.
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

    /// Removes a request from the queue.
    /// - Returns: whether it was queued.
    @discardableResult
    public mutating func withdraw(_ request: Ticket, from place: Int) -> Bool {
        guard nodes.indices.contains(place), nodes[place].request == request else { return false }
        _ = take(place)
        return true
    }

    /// The requests that have waited too long, oldest first. They stay queued; the caller ends and withdraws them.
    public mutating func expired(at now: Instant) -> [Ticket] {
        // `noneBefore` is no later than the oldest request, so the queue is scanned only when a request may be too old.
        guard !isEmpty, now.since(noneBefore) >= bounds.age else { return [] }
        noneBefore = oldest ?? now
        return waiting.filter { now.since($0.since) >= bounds.age }.sorted { $0.since < $1.since }.map(\.request)
    }

    /// All queued requests, in no order. O(places).
    public var requests: [Ticket] { waiting.map(\.request) }

    /// When the oldest request was queued; nil when the queue is empty. O(places): for pages.
    public var oldest: Instant? { waiting.map(\.since).min() }

    /// Allocated places; for tests.
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

    /// Adds to the totals of `line` and of the queue; negative when a request leaves.
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

    /// Takes a request out of its line, and closes the line if it is now empty.
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

    /// Moves the current client to the end of the round.
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

    /// Appends a line to the end of the round.
    private mutating func enter(_ line: Int) {
        lastTurn += 1
        lines[line].turn = lastTurn
        if lines[line].client.isNative { natives.append(line, in: &lines) } else { others.append(line, in: &lines) }
    }

    private mutating func leave(_ line: Int) {
        if lines[line].client.isNative { natives.remove(line, in: &lines) } else { others.remove(line, in: &lines) }
    }
}
