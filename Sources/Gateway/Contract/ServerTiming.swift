// `Server-Timing`: how long a request waited for a worker, and how long the worker took (W3C Server Timing).

import Bridge

/// Where the time of one exchange went.
struct ServerTiming {
    let queueTiming: QueueTiming
    /// From accept to now.
    let elapsed: Nanoseconds

    /// `queue;dur=1.500, worker;dur=20.250`, in milliseconds; with `attempts;desc="2"` where several workers had it.
    /// Bytes by hand: as interpolated text it was 3 % of a small request.
    var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(80)
        text.append(contentsOf: "queue;dur=".utf8)
        text.append(milliseconds: queueTiming.queued, decimals: 3)
        text.append(contentsOf: ", worker;dur=".utf8)
        text.append(milliseconds: elapsed > queueTiming.queued ? elapsed - queueTiming.queued : 0, decimals: 3)
        if queueTiming.attempts > 1 { text.append(contentsOf: ", attempts;desc=\"\(queueTiming.attempts)\"".utf8) }
        return text
    }
}

/// How a request fared before its worker answered.
struct QueueTiming: Sendable {
    /// How long it waited for a worker.
    let queued: Nanoseconds
    /// Workers that were given it.
    let attempts: Int
}
