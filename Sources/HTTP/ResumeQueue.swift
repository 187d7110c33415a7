// Connections to be resumed. The library scans *all* suspended connections in each run that resumes one (measured: 36
// ns each on a quiet machine, 180 us for 5,000, several times that on a busy one). With many suspended connections,
// resumes are therefore batched: at most one scan per 100 ns for each of them. With few, there is no delay.

struct ResumeQueue {
    private var requests: [Request] = []
    private var lastTaken: UInt64 = 0
    /// Connections that the library holds suspended.
    private(set) var suspended = 0

    /// Up to this number of suspended connections, resumes are not delayed.
    private static let few = 512
    /// How long to batch: per suspended connection, and at most, in nanoseconds.
    private static let perConnection: UInt64 = 100, longest: UInt64 = 1_000_000

    var isEmpty: Bool { requests.isEmpty }

    mutating func didSuspend() { suspended += 1 }

    mutating func add(_ request: Request) { requests.append(request) }

    /// When the queued connections may be resumed, in nanoseconds; nil if there are none.
    var due: UInt64? {
        if requests.isEmpty { return nil }
        return suspended <= Self.few ? 0 : lastTaken &+ min(UInt64(suspended) * Self.perConnection, Self.longest)
    }

    /// Removes and returns all of them.
    mutating func take(_ now: UInt64) -> [Request] {
        suspended -= requests.count
        lastTaken = now
        defer { requests.removeAll(keepingCapacity: true) }
        return requests
    }
}
