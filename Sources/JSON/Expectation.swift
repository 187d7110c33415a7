// The literal that a Matcher compares a value with, prepared so that the comparison reads the value's text in place.
// Numbers compare by value: 1, 1.0 and 10e-1 are equal. Integers compare exactly, whatever their size; a literal with a
// fraction compares as a double, because the sender wrote it from one.

/// One literal of a Matcher.
enum Expectation: Sendable {
    case null
    case bool(Bool)
    case integer(Int, DecimalNumber)
    case real(Double)
    case string([UInt8])
    /// An array or an object: jansson parses the text and compares it with this.
    case container(Document)

    init(_ literal: Document) {
        switch literal.kind {
        case .null: self = .null
        case .bool: self = .bool(literal.boolValue ?? false)
        case .string: self = .string(Array((literal.stringValue ?? "").utf8))
        case .array, .object: self = .container(literal)
        case .number:
            if let integer = literal.intValue {
                self = .integer(integer, DecimalNumber(Array("\(integer)".utf8).span))
            } else {
                self = .real(literal.doubleValue ?? .nan)
            }
        }
    }

    var isContainer: Bool { if case .container = self { true } else { false } }

    /// The length of a string literal in bytes; 0 for other kinds.
    var textLength: Int { if case .string(let text) = self { text.count } else { 0 } }

    /// Whether a value equals this literal.
    /// - Parameters:
    ///   - text: the value as written in a valid JSON text; a string with its quotes.
    ///   - hasEscapes: the value is a string with at least one escape.
    func equals(_ kind: JSONKind, _ text: Span<UInt8>, hasEscapes: Bool) -> Bool {
        switch self {
        case .null: return kind == .null
        case .bool(let expected): return kind == .bool && (text[0] == UInt8(ascii: "t")) == expected
        case .integer(let expected, let decimal):
            guard kind == .number else { return false }
            return plainInteger(text).map { $0 == expected } ?? (DecimalNumber(text) == decimal)
        case .real(let expected):
            guard kind == .number else { return false }
            return Double(String(decoding: Array(copying: text), as: UTF8.self)) == expected
        case .string(let expected):
            guard kind == .string else { return false }
            let content = text.extracting(1..<text.count - 1)
            return hasEscapes ? unescaped(content) == expected : content.equals(expected.span, in: 0..<expected.count)
        case .container(let expected):
            guard kind == expected.kind, let document = try? Document(parsing: text, maxDepth: Scanner.maxDepthLimit)
            else { return false }
            return document == expected
        }
    }

    /// The value of an integer of at most 18 characters, without fraction or exponent; nil for any other number.
    private func plainInteger(_ text: Span<UInt8>) -> Int? {
        let isNegative = text[0] == UInt8(ascii: "-")
        guard text.count <= 18 else { return nil }
        var value = 0
        for index in (isNegative ? 1 : 0)..<text.count {
            guard text[index].isDigit else { return nil }
            value = value &* 10 &+ Int(text[index] &- 0x30)
        }
        return isNegative ? -value : value
    }
}
