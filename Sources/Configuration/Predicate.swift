// A condition on one reply: the value at a JSON pointer, or an empty frame. Pointers are RFC 6901 text and literals
// JSON text, both checked here; JSON compiles them for its scanner.

/// A condition on a reply.
public enum Predicate: Sendable, Equatable {
    /// `{pointer, equals}`: the value at the pointer (RFC 6901 text) equals the literal.
    case equals(pointer: String, JSONLiteral)

    /// `{pointer, exists: true}`: the value at the pointer (RFC 6901 text) exists; it may be null.
    case exists(pointer: String)

    /// `{empty: true}`: the frame has no bytes.
    case emptyFrame
}

/// A JSON scalar as JSON text (RFC 8259).
public struct JSONLiteral: Sendable, Equatable, CustomStringConvertible {
    /// The kind of the literal.
    public enum Kind: String, Sendable {
        case null, bool, number, string
    }

    public let kind: Kind

    /// One valid JSON value, trimmed: `true`, `42`, `"done"` with its quotes and escapes.
    public let text: String

    public var description: String { text }

    /// Creates a literal from text that is known to be JSON of that kind.
    init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
    }
}

extension JSONLiteral {
    /// `true` or `false`.
    public init(bool value: Bool) { self.init(kind: .bool, text: value ? "true" : "false") }
}
