// How many replies libzmq may keep unread for one identity of a router service. Its mark counts messages, and the
// identity of a slow client keeps that many: with replies of 64 KiB, sixteen for each of a thousand such identities are
// a gigabyte. So the mark follows the size of the largest recent reply: few large ones, or many small ones.

/// The receive high water mark of a service's identities, by the size of its worker's replies.
package struct UnreadMark {
    /// The most messages: enough to keep a stream of small ones flowing.
    private static let most = 16
    /// The most bytes that libzmq may keep for one identity, if that is more than one message.
    private static let bytes = 128 << 10

    /// The mark of an identity that is about to connect.
    package private(set) var current: Int
    private let isFixed: Bool
    /// The largest reply since the last check, in bytes.
    private var largest = 0

    /// - Parameter configured: `socket.receive_high_water_mark`, which applies to replies of any size.
    init(configured: Int?) {
        current = configured ?? Self.most
        isFixed = configured != nil
    }

    /// The mark of an identity that has received replies of this size.
    package func mark(forReplies bytes: Int) -> Int { isFixed ? current : min(current, Self.mark(forReplies: bytes)) }

    /// Notes a reply. - Returns: true if the mark is now lower.
    @inline(__always)
    mutating func saw(_ bytes: Int) -> Bool {
        guard bytes > largest else { return false }
        return grew(to: bytes)
    }

    private mutating func grew(to bytes: Int) -> Bool {
        largest = bytes
        guard !isFixed, Self.mark(forReplies: bytes) < current else { return false }
        current = Self.mark(forReplies: bytes)
        return true
    }

    /// Called periodically: a maximum that was not reached again counts half.
    /// - Returns: true if the mark is now higher.
    package mutating func look() -> Bool {
        defer { largest = 0 }
        guard !isFixed, current < Self.most, Self.mark(forReplies: largest) > current else { return false }
        current = min(2 * current, Self.mark(forReplies: largest))
        return true
    }

    private static func mark(forReplies bytes: Int) -> Int { max(1, min(most, Self.bytes / max(bytes, 1))) }
}
