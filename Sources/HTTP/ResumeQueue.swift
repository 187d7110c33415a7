// Connections that are to be resumed. The library looks through *all* suspended connections in each run that resumes
// one (measured: 36 ns each on a quiet machine, 180 us with 5,000, several times that on a busy one), so with many of
// them waiting, resumes are gathered for a moment: at most one look in 100 ns for each that waits. With few, there is
// no delay.

struct ResumeQueue {
    private var requests: [Request] = []
    private var lastTaken: UInt64 = 0
    /// Connections that the library holds suspended.
    private(set) var suspended = 0

    /// Below this number nobody waits.
    private static let few = 512
    /// How long to gather for each suspended connection, and at most, nanoseconds.
    private static let perConnection: UInt64 = 100, longest: UInt64 = 1_000_000

    var isEmpty: Bool { requests.isEmpty }

    mutating func didSuspend() { suspended += 1 }

    mutating func add(_ request: Request) { requests.append(request) }

    /// When those that are here may be resumed, nanoseconds; nil when there are none.
    var due: UInt64? {
        if requests.isEmpty { return nil }
        return suspended <= Self.few ? 0 : lastTaken &+ min(UInt64(suspended) * Self.perConnection, Self.longest)
    }

    /// Hands out all of them.
    mutating func take(_ now: UInt64) -> [Request] {
        suspended -= requests.count
        lastTaken = now
        defer { requests.removeAll(keepingCapacity: true) }
        return requests
    }
}
