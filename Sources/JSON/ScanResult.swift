// What a scan found: facts about a text, never its bytes. The room Bridge decides with these alone.

/// What a `Scanner` found out about a text.
public struct ScanResult: Sendable, Equatable {
    /// Why the text is not JSON; nil when it is.
    public let error: SyntaxError?
    /// What the top-level value is; nil when there is none or its first byte is wrong. With an error, what it began as.
    public let kind: JSONKind?
    /// Bit i is set when test i of the matcher holds. 0 with an error, and without a matcher.
    public let matches: UInt32
    /// White space holds a raw LF or CR: as a line of NDJSON the text must go out with spaces in their place.
    public let containsLineBreak: Bool

    /// The text is JSON.
    public var isValid: Bool { error == nil }

    /// Test `index` of the matcher holds.
    public func holds(_ index: Int) -> Bool { matches >> UInt32(truncatingIfNeeded: index) & 1 == 1 }
}
