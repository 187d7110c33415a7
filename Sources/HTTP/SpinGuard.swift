// Detects a library that keeps asking to run and does nothing: 0.9.75 does that while a chunk header is longer than its
// buffer. A few turns without progress are normal (a response is built in one and written in the next). After more we
// run it only every 2 to 20 ms, until something moves.

struct SpinGuard {
    private var idleRuns = 0
    private var since: UInt64 = 0
    private var nextLook: UInt64 = 0
    private(set) var backOff: UInt64 = 0
    private(set) var caught = false

    private static let patience = 8
    private static let shortest: UInt64 = 2_000_000, longest: UInt64 = 20_000_000
    /// Time between two searches for the connection that causes it.
    private static let lookInterval: UInt64 = 100_000_000

    var isSpinning: Bool { idleRuns > Self.patience }

    /// Call it after each run.
    /// - Parameters:
    ///   - pending: the library wants to run again at once.
    ///   - progress: the library has called us.
    mutating func ran(pending: Bool, progress: Bool, now: UInt64) {
        caught = false
        guard pending, !progress else {
            if !pending || !isSpinning { idleRuns = 0 }
            if !pending { backOff = 0 }
            return
        }
        idleRuns += 1
        guard isSpinning else { return }
        if idleRuns == Self.patience + 1 {
            caught = true
            backOff = Self.shortest
            nextLook = now &+ Self.lookInterval
        } else {
            backOff = min(backOff * 2, Self.longest)
        }
    }

    /// Whether to search for the spinning connection now.
    mutating func isDue(_ now: UInt64) -> Bool {
        guard isSpinning, now >= nextLook else { return false }
        nextLook = now &+ Self.lookInterval
        return true
    }
}
