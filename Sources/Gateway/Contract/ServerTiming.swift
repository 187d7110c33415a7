// `Server-Timing`: how long a request waited for a worker, and how long the worker took (W3C Server Timing).

import Bridge

/// Where the time of one exchange went.
struct ServerTiming {
    let handling: Handling
    /// From accept to now.
    let elapsed: Nanoseconds

    /// `queue;dur=1.500, worker;dur=20.250`, in milliseconds; with `attempts;desc="2"` where several workers had it.
    /// Bytes by hand: as interpolated text it was 3 % of a small request.
    var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(80)
        text.append(contentsOf: "queue;dur=".utf8)
        text.append(milliseconds: handling.queued, decimals: 3)
        text.append(contentsOf: ", worker;dur=".utf8)
        text.append(milliseconds: elapsed > handling.queued ? elapsed - handling.queued : 0, decimals: 3)
        if handling.attempts > 1 { text.append(contentsOf: ", attempts;desc=\"\(handling.attempts)\"".utf8) }
        return text
    }
}

/// How a request fared before its worker answered.
struct Handling: Sendable {
    /// How long it waited for a worker.
    let queued: Nanoseconds
    /// Workers that were given it.
    let attempts: Int
}
