// Where and why a text is not JSON. A value of a few plain words: the scanner makes one without allocating, and
// the sentence is composed only when somebody asks for it.

/// A text that is not JSON, or (from `Document`) JSON that cannot be held.
public struct SyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The byte, counted from 0, at which the text went wrong; the length of the text when it ends too early.
    /// For an ill-formed UTF-8 sequence or a surrogate escape this is the first byte of it.
    public let offset: Int
    /// The line, counted from 1. Lines end with LF (so CR LF is one end).
    public let line: Int
    /// The column, counted from 1, in bytes.
    public let column: Int

    let fault: SyntaxErrorKind
    /// The byte at `offset`; 0 where the fault has none.
    let found: UInt8
    /// The bound that was passed, for `SyntaxErrorKind.tooDeep`.
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

    /// The message with its place: `line 2, column 7 (byte 15): ...`.
    public var description: String { "line \(line), column \(column) (byte \(offset)): \(message)" }
}
