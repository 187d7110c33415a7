// Connections that wait for a response without being suspended: the library calls our handler for each of them in each
// of its runs. As long as they are few and answered soon, that is cheaper than suspending and resuming them (two
// epoll_ctl(2) and a read that finds nothing: 13 % of a small request's CPU).
//
//     body ended --room--> polled --answered--> gone        4 ms without an answer, or no room: suspended
//
// While some are polled, the library always asks for another run, so MHD_get_timeout tells nothing. We then run it
// again after each run in which it called us, and otherwise after `interval`.

struct PolledConnections {
    /// Each costs some 50 ns per run.
    private static let most = 128
    /// Longest time that one is polled, in nanoseconds. Most fast workers are much faster.
    private static let patience: UInt64 = 4_000_000
    /// Longest time between two runs meanwhile, in nanoseconds.
    static let interval: UInt64 = 1_000_000

    private var count = 0
    /// A response was queued or a request aborted since the last run.
    var owesRun = false

    var isEmpty: Bool { count == 0 }
    var hasRoom: Bool { count < Self.most }

    /// Adds one.
    /// - Returns: when to suspend it.
    mutating func enter(_ now: UInt64) -> UInt64 {
        count += 1
        return now &+ Self.patience
    }

    mutating func leave() { count -= 1 }
}
