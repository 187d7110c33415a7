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
        Self.append(handling.queued, to: &text)
        text.append(contentsOf: ", worker;dur=".utf8)
        Self.append(elapsed > handling.queued ? elapsed - handling.queued : 0, to: &text)
        if handling.attempts > 1 { text.append(contentsOf: ", attempts;desc=\"\(handling.attempts)\"".utf8) }
        return text
    }

    /// Milliseconds with three decimals.
    private static func append(_ time: Nanoseconds, to text: inout [UInt8]) {
        let microseconds = time / 1_000
        appendDigits(microseconds / 1_000, atLeast: 1, to: &text)
        text.append(UInt8(ascii: "."))
        appendDigits(microseconds % 1_000, atLeast: 3, to: &text)
    }

    private static func appendDigits(_ number: UInt64, atLeast count: Int, to text: inout [UInt8]) {
        if number >= 10 || count > 1 { appendDigits(number / 10, atLeast: count - 1, to: &text) }
        text.append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}
