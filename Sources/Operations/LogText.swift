// Writes log lines field by field: as text for people, or as one JSON object a line for a log collector.
//
//   text   2026-01-02T03:04:05.678Z POST /v1/services/jobs 200 service=jobs reason=final ok=true total=1.25ms
//   json   {"time":"2026-01-02T03:04:05.678Z","method":"POST","path":"/v1/services/jobs",...,"total_ms":1.25}
//
// All writers of lines use this. Bytes go straight into the buffer, without a String in between: the access log writes
// a line for each request.

package import Bridge
import JSON
import Reactors

/// A buffer of log lines.
package struct LogText {
    /// Enough for the lines of a busy turn.
    private static let capacity = 4_096

    package private(set) var bytes: [UInt8] = []
    private let isJSON: Bool
    private var clock = LogClock()

    init(isJSON: Bool) { self.isJSON = isJSON }

    /// Begins a line with the time: seconds since 1970, and nanoseconds.
    package mutating func begin(at time: (seconds: Int, nanoseconds: Int) = Clocks.wall) {
        if bytes.isEmpty { bytes.reserveCapacity(Self.capacity) }
        if isJSON { bytes.append("{\"time\":\"") }
        clock.append(time, to: &bytes)
        if isJSON { bytes.append(UInt8(ascii: "\"")) }
    }

    /// Ends the line.
    package mutating func end() { bytes.append(isJSON ? "}\n" : "\n") }

    /// A value that text shows without its name. It must not have control characters.
    package mutating func bare(_ name: StaticString, _ value: Span<UInt8>) {
        if isJSON { return text(name, value) }
        bytes.append(UInt8(ascii: " "))
        bytes.append(copying: value)
    }

    /// A number that text shows without its name.
    package mutating func bare(_ name: StaticString, _ value: Int) {
        if isJSON { return number(name, value) }
        bytes.append(UInt8(ascii: " "))
        bytes.append(decimal: UInt64(value.magnitude))
    }

    package mutating func text(_ name: StaticString, _ value: Span<UInt8>) {
        begin(name)
        if isJSON { bytes.appendJSONString(value) } else { bytes.append(copying: value) }
    }

    package mutating func word(_ name: StaticString, _ value: StaticString) {
        begin(name)
        if isJSON { bytes.append(UInt8(ascii: "\"")) }
        bytes.append(value)
        if isJSON { bytes.append(UInt8(ascii: "\"")) }
    }

    /// A count; never negative.
    package mutating func number(_ name: StaticString, _ value: Int) {
        begin(name)
        bytes.append(decimal: UInt64(value.magnitude))
    }

    package mutating func flag(_ name: StaticString, _ value: Bool) {
        begin(name)
        bytes.append(value ? "true" : "false")
    }

    /// A time in milliseconds: `total=1.25ms`, `"total_ms":1.250`.
    package mutating func time(_ name: StaticString, _ value: Nanoseconds) {
        guard isJSON else {
            begin(name)
            bytes.append(milliseconds: value, decimals: 2)
            return bytes.append("ms")
        }
        bytes.append(",\"")
        bytes.append(name)
        bytes.append("_ms\":")
        bytes.append(milliseconds: value, decimals: 3)
    }

    /// What was written since the last call.
    package mutating func take() -> [UInt8] {
        let taken = bytes
        bytes = []
        return taken
    }

    private mutating func begin(_ name: StaticString) {
        bytes.append(isJSON ? ",\"" : " ")
        bytes.append(name)
        bytes.append(isJSON ? "\":" : "=")
    }
}

/// Times as RFC 3339 in UTC, to the millisecond. Everything down to the second is formatted once a second.
private struct LogClock {
    private var second = Int.min
    private var spelled: [UInt8] = []

    mutating func append(_ time: (seconds: Int, nanoseconds: Int), to bytes: inout [UInt8]) {
        if time.seconds != second {
            second = time.seconds
            spelled = Self.spell(time.seconds)
        }
        bytes.append(copying: spelled.span)
        bytes.append(decimal: UInt64(time.nanoseconds / 1_000_000), atLeast: 3)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// `2026-01-02T03:04:05.`
    private static func spell(_ seconds: Int) -> [UInt8] {
        let (year, month, day) = date(days: seconds / 86_400)
        let rest = seconds % 86_400
        var text: [UInt8] = []
        text.append(decimal: UInt64(year), atLeast: 4)
        for (mark, number) in [("-", month), ("-", day), ("T", rest / 3600), (":", rest / 60 % 60), (":", rest % 60)] {
            text.append(contentsOf: mark.utf8)
            text.append(decimal: UInt64(number), atLeast: 2)
        }
        text.append(UInt8(ascii: "."))
        return text
    }

    /// The Gregorian date of a day since 1970-01-01, computed with years that begin in March.
    private static func date(days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1)
    }
}
