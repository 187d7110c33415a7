// UTF-8 as the Unicode Standard defines it (chapter 3, table 3-7; RFC 3629): no overlong form, no surrogate, nothing
// above U+10FFFF. Three entry points: one sequence at an index (the scanner's fast path), one byte at a time (for a
// sequence cut by the end of a piece), and whole texts, for bodies that are text but not JSON.

/// The byte offset of the first ill-formed sequence; nil if the text is UTF-8.
public func validateUTF8(_ bytes: Span<UInt8>) -> Int? {
    var validator = UTF8Validator()
    validator.feed(bytes)
    return validator.finish()
}

/// Checks UTF-8 that arrives in pieces, cut anywhere.
public struct UTF8Validator: Sendable {
    private var sequence = UTF8Sequence()
    private var sequenceStart = 0
    private var consumed = 0

    /// The byte offset of the first ill-formed sequence so far.
    public private(set) var firstError: Int?

    /// A validator at the start of a text.
    public init() {}

    /// Takes the next piece. Pieces after an error are ignored.
    public mutating func feed(_ bytes: Span<UInt8>) {
        guard firstError == nil else { return }
        var index = 0
        while index < bytes.count {
            if sequence.isOpen {
                guard sequence.take(bytes.at(index)) else { return firstError = sequenceStart }
                index &+= 1
                continue
            }
            index = bytes.endOfASCII(from: index)
            guard index < bytes.count else { break }
            let length = bytes.sequenceLength(at: index)
            if length > 0 {
                index &+= length
            } else {
                sequenceStart = consumed &+ index
                guard sequence.begin(bytes.at(index)) else { return firstError = sequenceStart }
                index &+= 1
            }
        }
        consumed &+= bytes.count
    }

    /// Ends the text.
    /// - Returns: the byte offset of the first sequence that is ill-formed or cut by the end; nil if the text is UTF-8.
    public mutating func finish() -> Int? {
        if firstError == nil, sequence.isOpen { firstError = sequenceStart }
        return firstError
    }

    /// Prepares the validator for another text.
    public mutating func reset() { self = UTF8Validator() }
}

/// A multi-byte sequence read byte by byte: how many bytes are due, and the range of the next one.
struct UTF8Sequence: Sendable {
    private var due: UInt8 = 0
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    /// Whether bytes of the sequence are still due.
    @inline(__always) var isOpen: Bool { due > 0 }

    /// Takes the first byte, which is above 0x7F.
    /// - Returns: false if it cannot begin a sequence.
    mutating func begin(_ lead: UInt8) -> Bool {
        low = 0x80
        high = 0xBF
        switch lead {
        case 0xC2...0xDF: due = 1
        case 0xE0: (due, low) = (2, 0xA0)
        case 0xED: (due, high) = (2, 0x9F)
        case 0xE1...0xEF: due = 2
        case 0xF0: (due, low) = (3, 0x90)
        case 0xF1...0xF3: due = 3
        case 0xF4: (due, high) = (3, 0x8F)
        default: return false
        }
        return true
    }

    /// Takes the next byte.
    /// - Returns: false if the sequence is ill-formed.
    mutating func take(_ byte: UInt8) -> Bool {
        guard byte >= low, byte <= high else { return false }
        due &-= 1
        low = 0x80
        high = 0xBF
        return true
    }
}

extension Span<UInt8> {
    /// The length (2 to 4) of the well-formed multi-byte sequence at an index; 0 if it is ill-formed or cut by the end,
    /// which `UTF8Sequence` tells apart.
    @inline(__always)
    func sequenceLength(at index: Int) -> Int {
        let lead = at(index)
        if lead < 0xE0 {
            guard lead >= 0xC2, index &+ 2 <= count else { return 0 }
            return at(index &+ 1) & 0xC0 == 0x80 ? 2 : 0
        }
        if lead < 0xF0 {
            guard index &+ 3 <= count else { return 0 }
            let scalar = UInt32(lead & 0x0F) &<< 12 | UInt32(at(index &+ 1) & 0x3F) &<< 6
            let continued = (at(index &+ 1) & 0xC0 == 0x80) && (at(index &+ 2) & 0xC0 == 0x80)
            return continued && scalar >= 0x800 && scalar & 0xF800 != 0xD800 ? 3 : 0
        }
        guard lead <= 0xF4, index &+ 4 <= count else { return 0 }
        let scalar = UInt32(lead & 0x07) &<< 18 | UInt32(at(index &+ 1) & 0x3F) &<< 12
        let continued = (at(index &+ 1) & 0xC0 == 0x80) && (at(index &+ 2) & 0xC0 == 0x80)
            && (at(index &+ 3) & 0xC0 == 0x80)
        return continued && scalar >= 0x1_0000 && scalar < 0x11_0000 ? 4 : 0
    }

    /// The first index from `start` with a byte above 0x7F; `count` if there is none.
    @inline(__always)
    func endOfASCII(from start: Int) -> Int {
        var index = start
        while index &+ 8 <= count {
            let marks = word(at: index) & .everyByte(0x80)
            if marks != 0 { return index &+ marks.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < count, at(index) < 0x80 { index &+= 1 }
        return index
    }
}
