// How many replies libzmq may keep unread for one identity of a router service. Its mark counts messages, and an
// identity whose client does not read keeps as many as it says: of 64 KiB each, sixteen for each of a thousand such
// identities are a gigabyte. So the mark follows the largest reply of late: few large ones, or many small ones.

/// The receive high-water mark of a service's identities, by what its worker sends.
struct UnreadMark {
    /// Messages at most: what keeps a stream of small ones going.
    private static let most = 16
    /// Bytes that libzmq may keep for one identity, if it is more than one message.
    private static let bytes = 128 << 10

    /// The mark of an identity that is about to connect.
    private(set) var current: Int
    private let isFixed: Bool
    /// The largest reply since the last look, in bytes.
    private var largest = 0

    /// - Parameter configured: `socket.receive_high_water_mark`, which holds for replies of any size.
    init(configured: Int?) {
        current = configured ?? Self.most
        isFixed = configured != nil
    }

    /// The mark of an identity of this service that has got replies of so many bytes.
    func mark(forReplies bytes: Int) -> Int { isFixed ? current : min(current, Self.mark(forReplies: bytes)) }

    /// A reply came. - Returns: true if the mark is lower now.
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

    /// From time to time: large replies that came no more count half as much as they did.
    /// - Returns: true if the mark is higher now.
    mutating func look() -> Bool {
        defer { largest = 0 }
        guard !isFixed, current < Self.most, Self.mark(forReplies: largest) > current else { return false }
        current = min(2 * current, Self.mark(forReplies: largest))
        return true
    }

    private static func mark(forReplies bytes: Int) -> Int { max(1, min(most, Self.bytes / max(bytes, 1))) }
}
