// Where and why a text is not JSON. A few plain words: the scanner creates an error without allocating, and the
// sentence is composed only on demand.

/// The text is not JSON, or (from `Document`) it is JSON that cannot be held.
public struct SyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The offset of the error in bytes, counted from 0; the length of the text if it ends too early. For an ill-formed
    /// UTF-8 sequence or a surrogate escape, the offset of its first byte.
    public let offset: Int
    /// The line, counted from 1. Lines end with LF (so CR LF is one end).
    public let line: Int
    /// The column, counted from 1, in bytes.
    public let column: Int

    let fault: SyntaxErrorKind
    /// The byte at `offset`; 0 if not applicable.
    let found: UInt8
    /// The limit that was exceeded, for `SyntaxErrorKind.tooDeep`.
    let limit: UInt16

    init(_ fault: SyntaxErrorKind, offset: Int, line: Int, column: Int, found: UInt8 = 0, limit: UInt16 = 0) {
        self.fault = fault
        self.offset = offset
        self.line = line
        self.column = column
        self.found = found
        self.limit = limit
    }

    /// What is wrong and what was expected, as a sentence.
    public var message: String { fault.message(found: found, limit: limit) }

    /// The message with its position: `line 2, column 7 (byte 15): ...`.
    public var description: String { "line \(line), column \(column) (byte \(offset)): \(message)" }
}
