// The topics that a request names, and their encoding on the way to the service.

/// The topics of one request. They take the place of its body.
package enum TopicList {
    package static let most = 100
    package static let mostBytes = 255

    /// What is wrong with them, or nil.
    package static func problem(of topics: [[UInt8]]) -> Problem? {
        if topics.count > most { return Problem(.badParameter, "a request can name at most \(most) topics") }
        guard let long = topics.first(where: { $0.count > mostBytes }) else { return nil }
        return Problem(.badParameter, "a topic of \(long.count) bytes is too long; the limit is \(mostBytes) bytes")
    }

    /// The topics, each after a byte with its length.
    package static func bytes(of topics: [[UInt8]]) -> [UInt8] { topics.flatMap { [UInt8($0.count)] + $0 } }

    package static func read(_ bytes: Span<UInt8>) -> [[UInt8]] {
        var topics: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            let end = position + 1 + Int(bytes[position])
            topics.append([UInt8](copying: bytes.extracting(position + 1..<end)))
            position = end
        }
        return topics
    }
}
