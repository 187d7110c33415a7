// The scanner: is this text JSON, what kind of value is it, and do the values at a few pointers equal what we look
// for? One pass, nothing built, nothing allocated. It runs on every request and every reply.
//
// The text may come in pieces that are cut anywhere, also inside an escape, a number or a UTF-8 sequence: all that is
// known at a cut is in the fields below. `Scanner+Structure` reads between tokens, `+Strings` and `+Numbers` inside
// them, `Tracking` follows the pointers.
//
// Strictness is RFC 8259 with UTF-8 and without a byte order mark. Beyond the grammar, lone surrogate escapes (\ud800)
// are rejected: the grammar lets them pass, but no UTF-8 text can hold what they stand for, so every receiver has to
// reject or to falsify them; jansson, the measure of this scanner, rejects. \u0000 and numbers of any size are JSON
// and pass: what a receiver does with them is its own affair. Of equal keys in one object the last one counts, as in
// jansson.
//
// A value type confined to whoever holds it; it may be moved between threads.

/// Checks one JSON text, which may arrive in pieces, and evaluates a `Matcher` in the same pass.
public struct Scanner: Sendable {
    /// The depth to which values may be nested unless told otherwise: `[[]]` has two levels.
    public static let defaultMaxDepth = 128
    /// The greatest `maxDepth` that can be asked for.
    public static let maxDepthLimit = 512

    /// What the next byte belongs to.
    enum State: UInt8 {
        /// Before the first byte of the text, or in white space before the value -> a value's state.
        case start
        /// After `:` or `,` in an array; after `[`, where `]` may come too -> a value's state.
        case value, firstElement
        /// After `,` in an object; after `{`, where `}` may come too -> `string` as a key -> `colon` -> `value`.
        case key, firstKey, colon
        /// After a value inside a container -> `value`, `key`, or itself one level up, or `end`.
        case separator
        /// After the top-level value: only white space.
        case end
        /// Inside a string -> `colon`, `separator` or `end`. Cut inside a UTF-8 sequence: `sequence` -> `string`.
        case string, sequence
        /// After a backslash; in \uXXXX; after a high surrogate, where the backslash and then the u is due -> `string`.
        case escape, hex, pairBackslash, pairU
        /// Inside a number -> `separator` or `end`.
        case minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits
        /// Inside true, false or null -> `separator` or `end`.
        case literal
        /// An error was found; no exit but `reset()`.
        case failed
    }

    var state = State.start
    /// The open container is an object.
    var inObject = false
    /// The string being read is a key; it has escapes.
    var isKey = false
    var hasEscapes = false
    /// The value being read, or the next one, is what the matcher asks about.
    var isCandidate: Bool
    var containsLineBreak = false
    /// The open containers, and how many of them from the root on lie on a way of the matcher; -1 without a matcher.
    var depth = 0
    var watchedDepth: Int
    let maxDepth: Int
    /// The bytes of all earlier pieces: offsets in the text are this plus an index in the piece.
    var consumed = 0
    /// LF seen so far, and the offset just behind the last one.
    var lineBreaks = 0
    var lineStart = 0
    /// The offset of the string, number or word that is being read.
    var tokenStart = 0
    /// The offset of the UTF-8 sequence or the first escape of a pair that is being read.
    var sequenceStart = 0
    var sequence = UTF8Sequence()
    /// In \uXXXX: digits still due, their value so far, and the high surrogate that waits for its partner (or 0).
    var hexDue: UInt8 = 0
    var hexValue: UInt32 = 0
    var highSurrogate: UInt32 = 0
    /// In a word: the bytes still due, the next one lowest.
    var literalDue: UInt32 = 0
    var kind: JSONKind?
    /// The innermost 64 containers, the innermost in bit 0: set for an object. Those further out, 64 to a word.
    var objects: UInt64 = 0
    var outerObjects = InlineArray<7, UInt64>(repeating: 0)
    var tracking: Optional<Tracking>

    /// The first error, as soon as it is seen; a body need not be read to its end to be rejected.
    public internal(set) var error: SyntaxError?

    /// A scanner at the start of a text.
    /// - Parameters:
    ///   - matching: tests to evaluate in the same pass.
    ///   - maxDepth: levels of nesting that are accepted, 1...`maxDepthLimit`.
    public init(matching: Matcher? = nil, maxDepth: Int = Scanner.defaultMaxDepth) {
        self.init(trie: matching?.trie, maxDepth: maxDepth)
    }

    @inline(__always)
    init(trie: PointerTrie?, maxDepth: Int) {
        precondition((1...Scanner.maxDepthLimit).contains(maxDepth), "maxDepth is 1...\(Scanner.maxDepthLimit)")
        self.maxDepth = maxDepth
        // From the first byte on, the top-level value is what the pointers ask about.
        watchedDepth = trie == nil ? -1 : 0
        isCandidate = trie != nil
        if let trie { tracking = Tracking(trie) } else { tracking = nil }
    }

    /// Takes the next piece of the text. After an error further pieces are ignored.
    public mutating func feed(_ bytes: Span<UInt8>) {
        guard state != .failed else { return }
        run(bytes)
        if watchedDepth >= 0, state != .failed {
            let openToken = tokenToKeep
            tracking?.keep(bytes, from: consumed, openToken: openToken)
        }
        consumed &+= bytes.count
    }

    /// Ends the text. The scanner answers no further pieces until `reset()`.
    public mutating func finish() -> ScanResult {
        conclude(Span(), at: 0)
        return result
    }

    /// Scans a whole text at once: the way of replies.
    public static func scan(_ bytes: Span<UInt8>, matching: Matcher? = nil) -> ScanResult {
        var scanner = Scanner(trie: matching?.trie, maxDepth: defaultMaxDepth)
        scanner.run(bytes)
        if scanner.state != .end { scanner.conclude(bytes, at: bytes.count) }
        return scanner.result
    }

    /// Makes the scanner ready for another text, with the same matcher and depth.
    public mutating func reset() {
        self = Scanner(trie: tracking?.trie, maxDepth: maxDepth)
    }

    var result: ScanResult {
        ScanResult(
            error: error, kind: kind, matches: error == nil ? tracking?.matches ?? 0 : 0,
            containsLineBreak: containsLineBreak)
    }

    /// The offset of a token that lies across the end of a piece and that the matcher will want to read.
    private var tokenToKeep: Int? {
        switch state {
        case .string, .sequence, .escape, .hex, .pairBackslash, .pairU:
            (isKey ? depth == watchedDepth : isCandidate) ? tokenStart : nil
        case .minus, .zero, .integer, .point, .fraction, .exponent, .exponentSign, .exponentDigits, .literal:
            isCandidate ? tokenStart : nil
        default: nil
        }
    }
}
