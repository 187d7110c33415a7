// `Server-Timing`: how long a request waited for a worker, and how long the worker took (W3C Server Timing).

import Bridge

/// Where the time of one exchange went.
struct ServerTiming {
    let handling: Handling
    /// From accept to now.
    let elapsed: Nanoseconds

    /// `queue;dur=1.5, worker;dur=20.25`, in milliseconds; with `attempts;desc="2"` where more than one worker had it.
    var text: String {
        let worker = elapsed > handling.queued ? elapsed - handling.queued : 0
        let attempts = handling.attempts > 1 ? ", attempts;desc=\"\(handling.attempts)\"" : ""
        return "queue;dur=\(Self.milliseconds(handling.queued)), worker;dur=\(Self.milliseconds(worker))\(attempts)"
    }

    private static func milliseconds(_ time: Nanoseconds) -> String {
        let microseconds = time / 1_000
        let rest = String(microseconds % 1_000)
        return "\(microseconds / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}
