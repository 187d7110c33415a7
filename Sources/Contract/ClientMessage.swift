// A client's message in a numbered or multiplexed session: one JSON object. One pass finds its members, and no document
// is built.

import Bridge
package import Configuration
import JSON

/// A message from a client. The ranges are positions in its bytes.
package struct ClientMessage {
    private static let keys = [
        "op", "id", "service", "body", "seq", "token", "deadline", "first", "idle", "count", "partial",
        "topic", "topics",
    ]
    private static let overrideKeys = 6..<11
    private static let locator = Locator(keys.map { Pointer.checked("/" + $0) })

    package let operation: String
    package let id: String?
    package let service: String?
    private let ranges: [Range<Int>?]

    package enum Outcome {
        case success(ClientMessage)
        case failure(Problem)
    }

    package static func read(_ bytes: Span<UInt8>) -> Outcome {
        let scan = Scanner.scan(bytes)
        if let error = scan.error {
            return .failure(Problem(.badJSON, "the message is not JSON: \(error.message) (byte \(error.offset))"))
        }
        guard scan.kind == .object else {
            return .failure(Problem(.badMessage, "a message is a JSON object, such as {\"op\":\"request\",...}"))
        }
        let ranges = locator.locate(in: bytes)
        guard let operation = string(bytes, ranges[0]) else {
            return .failure(Problem(.badMessage, "`op` must be a string"))
        }
        return .success(
            ClientMessage(
                operation: operation, id: string(bytes, ranges[1]), service: string(bytes, ranges[2]), ranges: ranges))
    }

    private init(operation: String, id: String?, service: String?, ranges: [Range<Int>?]) {
        self.operation = operation
        self.id = id
        self.service = service
        self.ranges = ranges
    }

    /// `seq`, or 0 if the message has none.
    package func number(_ bytes: Span<UInt8>) -> UInt64 {
        ranges[4].flatMap { JSONText.number(bytes, $0) }.flatMap { UInt64(exactly: $0) } ?? 0
    }

    package func token(_ bytes: Span<UInt8>) -> String { Self.string(bytes, ranges[5]) ?? "" }

    package func topic(_ bytes: Span<UInt8>) -> [UInt8]? { ranges[11].flatMap { JSONText.string(bytes, $0) } }

    /// `topics`; nil if the member is missing or is not an array of strings.
    package func topics(_ bytes: Span<UInt8>) -> [[UInt8]]? {
        guard let range = ranges[12], let list = try? Document(parsing: bytes.extracting(range)), list.kind == .array
        else { return nil }
        let topics = (0..<list.count).compactMap { list[$0]?.stringValue.map { Array($0.utf8) } }
        return topics.isEmpty || topics.count < list.count ? nil : topics
    }

    /// The overrides that the message has, as text: `"deadline":"5s"`, `"count":3`.
    package func overrides(_ bytes: Span<UInt8>) -> [(name: String, value: String)] {
        Self.overrideKeys.compactMap { index in
            guard let range = ranges[index] else { return nil }
            return (Self.keys[index], Self.string(bytes, range) ?? String(copying: bytes.extracting(range)))
        }
    }

    /// The body as the worker gets it; nil if it is missing or not what `format` asks for.
    package func body(_ bytes: Span<UInt8>, _ format: ServiceConfiguration.BodyFormat) -> [UInt8]? {
        guard let range = ranges[3] else { return nil }
        switch format {
        case .json: return [UInt8](copying: bytes.extracting(range))
        case .text: return JSONText.string(bytes, range)
        case .binary: return JSONText.string(bytes, range).flatMap { Base64.decode($0.span) }
        }
    }

    private static func string(_ bytes: Span<UInt8>, _ range: Range<Int>?) -> String? {
        range.flatMap { JSONText.string(bytes, $0) }.map { String(decoding: $0, as: UTF8.self) }
    }
}
