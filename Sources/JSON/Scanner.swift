// The scanner: is a text JSON, what kind of value is it, and do the values at some pointers match? One pass, without
// building a tree and without allocation. It runs on every request and every reply.
//
// The text may come in pieces, cut anywhere, even inside an escape, a number or a UTF-8 sequence: the fields below hold
// everything that is known at a cut. `+Structure` reads between tokens, `+Strings` and `+Numbers` inside them, and
// `Tracking` follows the pointers.
//
// It accepts RFC 8259 in UTF-8, without a byte order mark. Beyond the grammar it rejects lone surrogate escapes
// (\ud800), like jansson: no UTF-8 text can hold them, so each receiver has to reject or falsify them. \u0000 and
// numbers of any size pass. If a key occurs more than once in an object, the last one counts, as in jansson. A value
// type, confined to its owner; it may be moved between threads.

/// Checks one JSON text, which may arrive in pieces, and evaluates a `Matcher` in the same pass.
public struct Scanner: Sendable {
    /// The default of `maxDepth`: `[[]]` has two levels.
    public static let defaultMaxDepth = 128
    /// The largest `maxDepth`.
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
    /// The innermost open container is an object.
    var inObject = false
    /// The current string is a key; it has escapes.
    var isKey = false
    var hasEscapes = false
    /// The matcher has a question about the current or next value.
    var isCandidate: Bool
    var containsLineBreak = false
    /// The number of open containers, and how many of them, from the root, lie on a path of the matcher; -1 without a
    /// matcher.
    var depth = 0
    var watchedDepth: Int
    let maxDepth: Int
    /// The total length of earlier pieces: an offset in the text is this plus an index in the piece.
    var consumed = 0
    /// The number of LF so far, and the offset after the last one.
    var lineBreaks = 0
    var lineStart = 0
    /// The offset of the current string, number or word.
    var tokenStart = 0
    /// The offset of the current UTF-8 sequence, or of the first escape of a surrogate pair.
    var sequenceStart = 0
    var sequence = UTF8Sequence()
    /// In \uXXXX: digits still due, their value so far, and the high surrogate waiting for its partner (or 0).
    var hexDue: UInt8 = 0
    var hexValue: UInt32 = 0
    var highSurrogate: UInt32 = 0
    /// In a word: the bytes still due, little-endian.
    var literalDue: UInt32 = 0
    var kind: JSONKind?
    /// The innermost 64 containers, the innermost in bit 0, set for an object; then the outer ones, 64 per word.
    var objects: UInt64 = 0
    var outerObjects = InlineArray<7, UInt64>(repeating: 0)
    var tracking: Optional<Tracking>

    /// The first error, as soon as it is found; a body need not be read to its end to be rejected.
    public internal(set) var error: SyntaxError?

    /// A scanner at the start of a text.
    /// - Parameters:
    ///   - matching: tests to evaluate in the same pass.
    ///   - maxDepth: maximum nesting depth, 1...`maxDepthLimit`.
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

    /// Takes the next piece of the text. Pieces after an error are ignored.
    public mutating func feed(_ bytes: Span<UInt8>) {
        guard state != .failed else { return }
        run(bytes)
        if watchedDepth >= 0, state != .failed {
            let openToken = tokenToKeep
            tracking?.keep(bytes, from: consumed, openToken: openToken)
        }
        consumed &+= bytes.count
    }

    /// Ends the text. The scanner takes no more pieces until `reset()`.
    public mutating func finish() -> ScanResult {
        conclude(Span(), at: 0)
        return result
    }

    /// Scans a whole text at once, such as a reply.
    public static func scan(_ bytes: Span<UInt8>, matching: Matcher? = nil) -> ScanResult {
        var scanner = Scanner(trie: matching?.trie, maxDepth: defaultMaxDepth)
        scanner.run(bytes)
        if scanner.state != .end { scanner.conclude(bytes, at: bytes.count) }
        return scanner.result
    }

    /// Prepares the scanner for another text, with the same matcher and depth.
    public mutating func reset() {
        self = Scanner(trie: tracking?.trie, maxDepth: maxDepth)
    }

    var result: ScanResult {
        ScanResult(
            error: error, kind: kind, matches: error == nil ? tracking?.matches ?? 0 : 0,
            containsLineBreak: containsLineBreak)
    }

    /// The offset of a token that crosses the end of the piece and that the matcher will read; else nil.
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
