// The six kinds of JSON value (RFC 8259, section 3). `true` and `false` are one kind: a service that requires an object
// does not care which of the two it got.

/// The kind of a JSON value.
public enum JSONKind: UInt8, Sendable, CustomStringConvertible {
    case null, bool, number, string, array, object

    /// The kind with its article, for a sentence: "an object", "null".
    public var description: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
