// Which requests of native clients are still open. They have no exchange of their own that would tell: no client of the
// web waits, and no clock of an exchange runs. All requests of a service may take equally long, so the first to come is
// the first whose time is over, and no timer is needed for each.
//
//     RequestTimes    where each request has a name (a pool): the names, in the order they came
//     RequestLine     where replies do not say which request they answer (a DEALER for all): one client's, by time
//
// What has ended is only forgotten, so nothing is ever searched.

/// Named requests, in the order they came.
public struct RequestTimes: Sendable {
    private struct Entry: Sendable {
        let request: Ticket
        let since: Instant
    }

    /// Those that have not ended.
    public private(set) var count = 0
    private var entries: [Entry] = []
    private var head = 0

    public init() {}

    /// Entries in memory; for tests.
    var entryCount: Int { entries.count }

    /// - Parameter isOpen: whether an earlier one has not ended yet.
    public mutating func begin(_ request: Ticket, at now: Instant, isOpen: (Ticket) -> Bool) {
        // Most have ended by the time that others come, so the front is moved on, and seldom is more left behind it.
        while head < entries.count && !isOpen(entries[head].request) { head += 1 }
        if entries.count > 64 + 2 * count {
            entries = entries[head...].filter { isOpen($0.request) }
            head = 0
        }
        entries.append(Entry(request: request, since: now))
        count += 1
    }

    /// One of them has ended.
    public mutating func end() { count -= 1 }

    /// Those that began `limit` ago or earlier, the oldest first. Whoever ends them says so.
    public mutating func expired(_ limit: Nanoseconds, at now: Instant, isOpen: (Ticket) -> Bool) -> [Ticket] {
        var expired: [Ticket] = []
        while head < entries.count, !isOpen(entries[head].request) || now.since(entries[head].since) >= limit {
            if isOpen(entries[head].request) { expired.append(entries[head].request) }
            head += 1
        }
        return expired
    }
}

/// One client's requests, whose replies come in any order and do not say to which they belong: as many are open as came
/// and were not ended, and it is the oldest that ends.
public struct RequestLine: Sendable {
    private var begun: [Instant] = []
    private var head = 0
    private var replies = 0

    public init() {}

    /// Those that have not ended.
    public var count: Int { begun.count - head }
    /// Entries in memory; for tests.
    var entryCount: Int { begun.count }

    public mutating func begin(at now: Instant) { begun.append(now) }

    /// A reply came.
    /// - Parameter isLast: it says itself that it is the last one.
    /// - Parameter bound: after so many replies a request has ended; nil where they are not counted.
    /// - Returns: whether a request has ended.
    public mutating func replied(isLast: Bool, bound: Int?) -> Bool {
        replies += 1
        guard isLast || bound.map({ replies >= $0 }) == true else { return false }
        replies = 0
        return end(1) == 1
    }

    /// Those that began `limit` ago or earlier have ended. - Returns: how many.
    public mutating func expire(_ limit: Nanoseconds, at now: Instant) -> Int {
        var due = 0
        while head + due < begun.count, now.since(begun[head + due]) >= limit { due += 1 }
        return end(due)
    }

    /// All of them have ended. - Returns: how many.
    public mutating func endAll() -> Int { end(count) }

    private mutating func end(_ number: Int) -> Int {
        let ended = min(number, count)
        head += ended
        if head == begun.count || head > 32 && head * 2 > begun.count {
            begun.removeFirst(head)
            head = 0
        }
        return ended
    }
}
