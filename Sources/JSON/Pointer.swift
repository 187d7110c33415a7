// JSON pointers (RFC 6901): `/orders/0/id`.

/// A path into a JSON value.
public struct Pointer: Sendable, Hashable, CustomStringConvertible {
    /// The most reference tokens a pointer may have: the scanner keeps that many levels at hand.
    public static let maxTokens = 8

    public let description: String
    /// The reference tokens, unescaped, as UTF-8.
    let tokens: [[UInt8]]

    /// - Parameter text: empty for the whole value, else it begins with `/`; `~0` stands for `~`, `~1` for `/`.
    public init(_ text: String) throws(PointerError) {
        description = text
        guard !text.isEmpty else {
            tokens = []
            return
        }
        guard text.first == "/" else { throw PointerError("a pointer is empty or begins with /") }
        var tokens: [[UInt8]] = []
        for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let token = Self.unescape(Array(part)) else { throw PointerError("~ is followed by 0 or 1 only") }
            tokens.append(token)
        }
        guard tokens.count <= Self.maxTokens else {
            throw PointerError("a pointer has at most \(Self.maxTokens) parts")
        }
        self.tokens = tokens
    }

    private static func unescape(_ part: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var position = 0
        while position < part.count {
            if part[position] == UInt8(ascii: "~") {
                position += 1
                guard position < part.count, part[position] == 0x30 || part[position] == 0x31 else { return nil }
                result.append(part[position] == 0x30 ? UInt8(ascii: "~") : UInt8(ascii: "/"))
            } else {
                result.append(part[position])
            }
            position += 1
        }
        return result
    }
}

/// Text that is no JSON pointer.
public struct PointerError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
