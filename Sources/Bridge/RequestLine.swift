// Counts the open requests of a native client whose replies do not say which request they answer (`peer: dealer`). Such
// requests have no exchange and no timer of their own. All requests of a service have the same time limit, so the
// oldest one times out first.

import Basics

/// One client's requests, whose replies come in any order and do not say to which they belong: as many are open as came
/// and were not ended, and it is the oldest that ends.
public struct RequestLine: Sendable {
    private var begun = FIFO<Instant>()
    private var replies = 0

    public init() {}

    /// Those that have not ended.
    public var count: Int { begun.count }
    /// Entries in memory; for tests.
    var entryCount: Int { begun.capacity }

    public mutating func begin(at now: Instant) { begun.append(now) }

    /// Counts a reply.
    /// - Parameters:
    ///   - isLast: the reply itself marks the end of a request.
    ///   - bound: replies after which a request has ended; nil to not count.
    /// - Returns: whether a request has ended.
    public mutating func replied(isLast: Bool, bound: Int?) -> Bool {
        replies += 1
        guard isLast || bound.map({ replies >= $0 }) == true else { return false }
        replies = 0
        return end(1) == 1
    }

    /// Ends the requests that began `limit` ago or earlier.
    /// - Returns: their number.
    public mutating func expire(_ limit: Nanoseconds, at now: Instant) -> Int {
        var due = 0
        while let first = begun.first, now.since(first) >= limit { due += end(1) }
        return due
    }

    /// Ends all requests.
    /// - Returns: their number.
    public mutating func endAll() -> Int { end(count) }

    private mutating func end(_ number: Int) -> Int {
        let ended = min(number, count)
        for _ in 0..<ended { _ = begun.popFirst() }
        return ended
    }
}
