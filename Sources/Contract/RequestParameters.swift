// What a request asks for besides its body: `?deadline=5s&idle=200ms&count=3&partial=ok&end=record&request=...`, and
// the same names in `Prefer` (RFC 7240), in which `wait=10` is the deadline in seconds.
//
// On /v1/services the query belongs to the gateway, and an unknown name is an error. On a configured route the query
// belongs to the worker, which finds it in the request envelope; there a client uses `Prefer`.

package import Bridge

/// The parameters of one request. It is a class because most requests have none and share one empty object.
package final class RequestParameters {
    package var wishes = Overrides()
    /// The client accepts an incomplete set of replies as a success.
    package var allowsPartial = false
    /// NDJSON ends with a line that holds the end record, even if the exchange is complete.
    package var wantsEndRecord = false
    /// The request's body, if it came in the query of a GET.
    package var request: String?
    /// The topics to subscribe to, if the service is a publisher.
    package var topics: [String] = []
    package var takesTopics = false
    /// The query as names and values, for the request envelope.
    package var query: [(name: String, value: String)] = []

    package init() {}

    /// Reads the query. - Returns: what is wrong with it, or nil.
    package func readQuery(_ text: Span<UInt8>, isForGateway: Bool) -> Problem? {
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count && text[end] != UInt8(ascii: "&") { end += 1 }
            if end > start, let problem = readPair(text, start..<end, isForGateway) { return problem }
            start = end + 1
        }
        return nil
    }

    /// Reads `Prefer`. Unknown preferences and malformed values are ignored, as RFC 7240 asks.
    package func readPreferences(_ field: String) {
        for preference in field.split(separator: ",") {
            let parts = preference.prefix { $0 != ";" }.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].filter { $0 != " " }.lowercased()
            let value = parts.count > 1 ? parts[1].filter { $0 != " " && $0 != "\"" } : ""
            switch name {
            case "wait": if let seconds = UInt32(value) { wishes.deadline = UInt64(seconds) * 1_000_000_000 }
            case "deadline", "first", "idle", "count", "partial": _ = apply(name, String(value))
            default: break
            }
        }
    }

    private func readPair(_ text: Span<UInt8>, _ range: Range<Int>, _ isForGateway: Bool) -> Problem? {
        var equals = range.lowerBound
        while equals < range.upperBound && text[equals] != UInt8(ascii: "=") { equals += 1 }
        let name: String
        let value: String
        switch PercentDecoding.queryPart(text, range.lowerBound..<equals) {
        case .failure(let reason): return Problem(.badPath, "the query cannot be read: \(reason)")
        case .text(let text): name = text
        }
        switch PercentDecoding.queryPart(text, min(equals + 1, range.upperBound)..<range.upperBound) {
        case .failure(let reason): return Problem(.badPath, "the query's \(name) cannot be read: \(reason)")
        case .text(let text): value = text
        }
        query.append((name, value))
        return isForGateway ? apply(name, value) : nil
    }

    package func apply(_ name: String, _ value: String) -> Problem? {
        switch name {
        case "deadline": return setTime(\.deadline, name, value)
        case "first": return setTime(\.first, name, value)
        case "idle": return setTime(\.idle, name, value)
        case "count":
            let least = takesTopics ? 1 : 0
            guard let count = Int(value), count >= least else {
                return Self.bad(name, value, "a whole number from \(least)")
            }
            wishes.count = count
        case "partial":
            guard value == "ok" else { return Self.bad(name, value, "partial=ok") }
            allowsPartial = true
        case "end":
            guard value == "record" else { return Self.bad(name, value, "end=record") }
            wantsEndRecord = true
        case "errors":
            // Read by RejectedEventSource, which also answers requests that do not get this far.
            guard value == "event" || value == "status" else {
                return Self.bad(name, value, "errors=event or errors=status")
            }
        case "request" where !takesTopics: request = value
        case "topic" where takesTopics: topics.append(value)
        default:
            return Problem(
                .badParameter,
                "\"\(name)\" is not a parameter; known are deadline, first, idle, count, partial, end, errors and "
                    + (takesTopics ? "topic" : "request"))
        }
        return nil
    }

    private func setTime(
        _ key: WritableKeyPath<Overrides, Nanoseconds?>, _ name: String, _ value: String
    ) -> Problem? {
        guard let time = Self.time(value), time > 0 else {
            return Self.bad(name, value, "a time such as 250ms, 3s or 2m")
        }
        wishes[keyPath: key] = time
        return nil
    }

    private static func bad(_ name: String, _ value: String, _ wanted: String) -> Problem {
        Problem(.badParameter, "\(name)=\(value.prefix(64)) is invalid; write \(wanted)")
    }

    /// `250ms`, `3s`, `2m`, `1h` in nanoseconds; nil for anything else and for more than a day.
    package static func time(_ text: String) -> Nanoseconds? {
        let digits = text.prefix { $0 >= "0" && $0 <= "9" }
        guard digits.count <= 9, let number = UInt64(digits) else { return nil }
        let unit: UInt64
        switch text.dropFirst(digits.count) {
        case "ms": unit = 1_000_000
        case "s": unit = 1_000_000_000
        case "m": unit = 60_000_000_000
        case "h": unit = 3_600_000_000_000
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow || product > 86_400_000_000_000 ? nil : product
    }
}
