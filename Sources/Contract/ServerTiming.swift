// `Server-Timing`: how long a request waited for a worker, and how long the worker took (W3C Server Timing).

package import Bridge

/// The time that one exchange spent in the queue and at the worker.
package struct ServerTiming {
    package let queueTiming: QueueTiming
    /// From accept until now.
    package let elapsed: Nanoseconds

    package init(queueTiming: QueueTiming, elapsed: Nanoseconds) {
        self.queueTiming = queueTiming
        self.elapsed = elapsed
    }

    /// `queue;dur=1.500, worker;dur=20.250`, in milliseconds; with `attempts;desc="2"` if several workers were given
    /// the request. It is written as bytes: string interpolation cost 3 % of a small request.
    package var text: [UInt8] {
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

/// What happened to a request before its worker replied.
package struct QueueTiming: Sendable {
    /// How long it waited for a worker.
    package let queued: Nanoseconds
    /// Workers that were given the request.
    package let attempts: Int

    package init(queued: Nanoseconds, attempts: Int) {
        self.queued = queued
        self.attempts = attempts
    }
}
