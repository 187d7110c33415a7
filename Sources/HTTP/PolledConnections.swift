// Connections that wait for a response without being suspended: the library asks our handler for each of them in each
// of its runs. That is cheaper than to suspend and resume them (two epoll_ctl(2) and a read that finds nothing: 13 % of
// a small request's CPU) as long as they are few and answered soon.
//
//     body ended --room--> polled --answered--> gone        4 ms without an answer, or no room: suspended
//
// While some are polled the library wants to be run always, so its word (MHD_get_timeout) tells nothing; then it is run
// after each of our runs in which it called us, and else in `interval`.

struct PolledConnections {
    /// Each costs some 50 ns in each run.
    private static let most = 128
    /// How long one is polled at most, nanoseconds. Most workers that are fast are much faster.
    private static let patience: UInt64 = 4_000_000
    /// How long the library may be left alone meanwhile, nanoseconds.
    static let interval: UInt64 = 1_000_000

    private var count = 0
    /// Something was answered or aborted since the last run.
    var owesRun = false

    var isEmpty: Bool { count == 0 }
    var hasRoom: Bool { count < Self.most }

    /// One more. - Returns: when it is to be suspended.
    mutating func enter(_ now: UInt64) -> UInt64 {
        count += 1
        return now &+ Self.patience
    }

    mutating func leave() { count -= 1 }
}
