// A question about one reply that is answered yes or no: the value at a JSON pointer, or an empty frame.
// Pointers are RFC 6901 text and literals JSON text, both checked here; JSON compiles them for its scanner.

/// What a reply must look like for a rule to hold.
public enum Predicate: Sendable, Equatable {
    /// `{pointer, equals}`: the value at the pointer (RFC 6901 text) equals the literal.
    case equals(pointer: String, JSONLiteral)

    /// `{pointer, exists: true}`: there is a value at the pointer (RFC 6901 text), be it null.
    case exists(pointer: String)

    /// `{empty: true}`: the frame has no bytes.
    case emptyFrame
}

/// A JSON scalar as JSON text (RFC 8259).
public struct JSONLiteral: Sendable, Equatable, CustomStringConvertible {
    /// What the text holds.
    public enum Kind: String, Sendable {
        case null, bool, number, string
    }

    public let kind: Kind

    /// One valid JSON value without white space around it: `true`, `42`, `"done"` with its quotes and escapes.
    public let text: String

    public var description: String { text }

    /// Makes it from text that is known to be JSON of that kind.
    init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
    }
}

extension JSONLiteral {
    /// `true` or `false`.
    public init(bool value: Bool) { self.init(kind: .bool, text: value ? "true" : "false") }
}
