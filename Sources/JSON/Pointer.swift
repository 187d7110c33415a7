// A JSON pointer (RFC 6901) names a value inside a document. Parsed once, when the configuration is read; a Matcher or
// a Locator compiles it further. Tokens are bytes, because RFC 6901 compares code point by code point, while a Swift
// String compares by canonical equivalence ("é" in one or in two code points).

/// A JSON pointer, such as `/orders/0/id`. The empty text names the whole document.
public struct Pointer: Sendable, Hashable, CustomStringConvertible {
    /// Maximum number of reference tokens: a scanner keeps one level for each.
    public static let maxTokens = 16

    /// The reference tokens, unescaped, as UTF-8.
    let tokens: [[UInt8]]

    /// Parses a pointer (RFC 6901, section 3).
    /// - Throws: `PointerError` if the text is not empty and does not begin with `/`, if `~` is not followed by `0` or
    ///   `1`, or if there are more than `maxTokens` tokens.
    public init(_ text: String) throws(PointerError) {
        var tokens: [[UInt8]] = []
        var afterTilde = false
        var offset = 0
        for byte in text.utf8 {
            if offset == 0, byte != UInt8(ascii: "/") { throw PointerError(.noSlash, text, offset) }
            if afterTilde {
                guard byte == UInt8(ascii: "0") || byte == UInt8(ascii: "1") else {
                    throw PointerError(.tilde, text, offset - 1)
                }
                tokens[tokens.count - 1].append(byte == UInt8(ascii: "0") ? UInt8(ascii: "~") : UInt8(ascii: "/"))
                afterTilde = false
            } else if byte == UInt8(ascii: "/") {
                guard tokens.count < Pointer.maxTokens else { throw PointerError(.tooManyTokens, text, offset) }
                tokens.append([])
            } else if byte == UInt8(ascii: "~") {
                afterTilde = true
            } else {
                tokens[tokens.count - 1].append(byte)
            }
            offset += 1
        }
        if afterTilde { throw PointerError(.tilde, text, offset - 1) }
        self.tokens = tokens
    }

    /// The pointer as text, with `~0` and `~1` restored.
    public var description: String {
        tokens.map { token in
            var text: [UInt8] = [UInt8(ascii: "/")]
            for byte in token {
                switch byte {
                case UInt8(ascii: "~"): text += [UInt8(ascii: "~"), UInt8(ascii: "0")]
                case UInt8(ascii: "/"): text += [UInt8(ascii: "~"), UInt8(ascii: "1")]
                default: text.append(byte)
                }
            }
            return String(decoding: text, as: UTF8.self)
        }.joined()
    }

    /// The array index that a token denotes: decimal digits without a leading zero (RFC 6901, section 4). `-`, the
    /// element after the last one, never exists and is not an index here.
    static func index(of token: [UInt8]) -> Int? {
        guard let first = token.first, token.count <= 9 else { return nil }
        if first == UInt8(ascii: "0") { return token.count == 1 ? 0 : nil }
        var index = 0
        for byte in token {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            index = index * 10 + Int(byte &- UInt8(ascii: "0"))
        }
        return index
    }
}

/// Why a text is not a JSON pointer.
public struct PointerError: Error, Sendable, Equatable, CustomStringConvertible {
    enum Reason: Sendable { case noSlash, tilde, tooManyTokens }

    /// The offset in the text, in bytes of UTF-8.
    public let offset: Int
    private let reason: Reason
    private let text: String

    init(_ reason: Reason, _ text: String, _ offset: Int) {
        self.reason = reason
        self.text = text
        self.offset = offset
    }

    /// What is wrong and what to write instead.
    public var message: String {
        switch reason {
        case .noSlash where text.hasPrefix("#"):
            "A JSON pointer has no # here: write \"\(text.dropFirst())\"."
        case .noSlash where text.hasPrefix("$"):
            "\"\(text)\" is a JSONPath; a JSON pointer reads like \"/orders/0/id\"."
        case .noSlash:
            "A JSON pointer must be empty or begin with a slash: write \"/\(text)\"."
        case .tilde:
            "A ~ in a JSON pointer is written ~0 (and a / inside a key ~1); see byte \(offset) of \"\(text)\"."
        case .tooManyTokens:
            "A JSON pointer may have at most \(Pointer.maxTokens) parts; \"\(text)\" has more."
        }
    }

    /// The message.
    public var description: String { message }
}
