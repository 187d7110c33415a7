// Which requests of a native client are open, where its replies do not say to which they belong (a DEALER for all).
// They have no exchange that would tell, and no clock of one runs: all requests of a service may take equally long, so
// the first to come is the first whose time is over.

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
        while let first = begun.first, now.since(first) >= limit { due += end(1) }
        return due
    }

    /// All of them have ended. - Returns: how many.
    public mutating func endAll() -> Int { end(count) }

    private mutating func end(_ number: Int) -> Int {
        let ended = min(number, count)
        for _ in 0..<ended { _ = begun.popFirst() }
        return ended
    }
}
