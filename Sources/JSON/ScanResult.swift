// The result of a scan: facts about a text, never its bytes. Bridge decides by these alone.

/// What a `Scanner` found out about a text.
public struct ScanResult: Sendable, Equatable {
    /// Why the text is not JSON; nil if it is.
    public let error: SyntaxError?
    /// The kind of the top-level value, even if an error follows; nil if there is none or its first byte is wrong.
    public let kind: JSONKind?
    /// Bit i is set if test i of the matcher holds. 0 after an error, and without a matcher.
    public let matches: UInt32
    /// The white space has a raw LF or CR, which must be replaced by spaces in a line of NDJSON.
    public let containsLineBreak: Bool

    /// Whether the text is JSON.
    public var isValid: Bool { error == nil }

    /// Whether test `index` of the matcher holds.
    public func holds(_ index: Int) -> Bool { matches >> UInt32(truncatingIfNeeded: index) & 1 == 1 }
}
