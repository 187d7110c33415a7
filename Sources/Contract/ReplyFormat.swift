// Chooses the format of a response from `Accept` (RFC 9110, section 12.5.1) and from how the service's exchanges end.
// Among equal weights a type that is named wins over one that only `*/*` covers. application/vnd.x+json is JSON.
//
//   application/json        the reply itself if the rules allow only one, else an array
//   application/x-ndjson    each reply on a line
//   text/event-stream       each reply as an event
//   text/plain, octets      the reply's own bytes, if the service speaks text or binary and there is only one reply
//   anything                the first of these that fits: single replies as they are, else NDJSON

package import Configuration
import JSON

/// The format of a response.
package enum ReplyFormat: Sendable {
    case json, ndjson, sse
    /// The bytes of a single reply that is not JSON.
    case plain

    /// All replies go into one response body with a length.
    package var isSingle: Bool { self == .json || self == .plain }

    /// The media type, without parameters.
    package func contentType(_ body: ServiceConfiguration.BodyFormat) -> StaticString {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .sse: "text/event-stream"
        case .plain: body == .text ? "text/plain; charset=utf-8" : "application/octet-stream"
        }
    }

    /// The best format for `accept`, or nil if the client takes none of them.
    /// - Parameter isSingle: the rules end the exchange after one reply.
    package static func negotiate(
        _ accept: Span<UInt8>?, _ body: ServiceConfiguration.BodyFormat, isSingle: Bool
    ) -> ReplyFormat? {
        let natural: ReplyFormat = !isSingle ? .ndjson : (body == .json ? .json : .plain)
        guard let accept, !accept.isEmpty else { return natural }
        if equals(accept, "*/*") { return natural }
        if equals(accept, "application/json") { return .json }
        let ranges = MediaRange.parse(String(copying: accept))
        var best: (format: ReplyFormat, wish: MediaRange.Wish)?
        for format in candidates(natural, body, isSingle) {
            let wish = MediaRange.wish(for: String(describing: format.contentType(body)), in: ranges)
            if wish.quality > 0, best.map({ $0.wish < wish }) ?? true { best = (format, wish) }
        }
        return best?.format
    }

    /// The formats that can be chosen. Of two that the client wants equally, the first wins.
    private static func candidates(
        _ natural: ReplyFormat, _ body: ServiceConfiguration.BodyFormat, _ isSingle: Bool
    ) -> [ReplyFormat] {
        var order: [ReplyFormat] = [natural, .json, .ndjson, .sse]
        // The bytes of several replies in a row would have no boundaries.
        if body != .json && isSingle { order.append(.plain) }
        return order
    }

    private static func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount && String(copying: bytes) == String(describing: text)
    }
}

/// One element of an `Accept` field.
package struct MediaRange: Equatable {
    package let type: String
    let subtype: String
    /// 0 to 1000.
    package let quality: Int

    /// Reads a field and skips malformed elements.
    package static func parse(_ field: String) -> [MediaRange] {
        field.split(separator: ",").compactMap { element in
            let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let range = parts.first else { return nil }
            let names = range.split(separator: "/", omittingEmptySubsequences: false)
            guard names.count == 2 else { return nil }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
            return MediaRange(
                type: String(names[0]), subtype: String(names[1]),
                quality: weight.map { thousandths($0.dropFirst(2)) } ?? 1000)
        }
    }

    /// How much the client wants a type.
    package struct Wish: Comparable {
        /// 0 to 1000; 0 means not at all.
        package var quality = 0
        /// How precisely the client named the type: 3 exactly, 2 as another JSON type, 1 by `type/*`, 0 by `*/*`.
        package var rank = -1

        package static func < (left: Wish, right: Wish) -> Bool {
            (left.quality, left.rank) < (right.quality, right.rank)
        }
    }

    /// The weight of the most specific range that covers `contentType`.
    package static func wish(for contentType: String, in ranges: [MediaRange]) -> Wish {
        let names = contentType.prefix { $0 != ";" }.split(separator: "/")
        var best = Wish()
        for range in ranges {
            let rank: Int
            if range.type == names[0] && range.subtype == names[1] {
                rank = 3
            } else if names[1] == "json" && range.isJSON {
                rank = 2
            } else if range.type == names[0] && range.subtype == "*" {
                rank = 1
            } else if range.type == "*" && range.subtype == "*" {
                rank = 0
            } else {
                continue
            }
            if rank > best.rank { best = Wish(quality: range.quality, rank: rank) }
        }
        return best
    }

    /// Whether this is one JSON value under another name, such as application/json-rpc or application/problem+json.
    private var isJSON: Bool {
        subtype.contains("json") && !["x-ndjson", "ndjson", "jsonl", "json-seq"].contains(subtype)
    }

    /// `0.25` is 250; a malformed weight counts as 1.
    private static func thousandths(_ text: Substring) -> Int {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = Int(parts[0]), (0...1).contains(whole) else { return 1000 }
        guard parts.count == 2 else { return whole * 1000 }
        let digits = parts[1].prefix(3)
        guard let fraction = Int(digits + String(repeating: "0", count: 3 - digits.count)) else { return 1000 }
        return min(1000, whole * 1000 + fraction)
    }
}
