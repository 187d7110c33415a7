// What a scan tells.

/// The type of a JSON value.
public enum JSONKind: UInt8, Sendable {
    case null, bool, number, string, array, object
}

/// Where a text stops being JSON, and why.
public struct SyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The byte at which it shows, counted from 0.
    public let offset: Int
    /// What is wrong and what was expected, for a person.
    public let message: String

    public var description: String { "\(message) at byte \(offset)" }
}

/// The facts about a text.
public struct ScanResult: Sendable {
    /// Nil for valid JSON.
    public var error: SyntaxError?
    /// The type of the value; nil where not even its beginning was seen.
    public var kind: JSONKind?
    /// Bit i: test i of the matcher holds.
    public var matches: UInt32 = 0
    /// A raw line break stands in the white space (it can stand nowhere else).
    public var containsLineBreak = false

    public var isValid: Bool { error == nil }
}
