// Follows the pointers of a trie through one scan. The scanner reports keys, elements, beginnings and ends, and only
// inside containers on the path of a pointer (`watchedDepth`): everything else costs nothing.
//
// If a text comes in pieces, `kept` holds the bytes of earlier pieces that a comparison will still need: from the first
// byte of the outermost open token or container that a pointer asks about. It is limited to `maxKeptBytes`.

/// The state of the pointers of a Matcher or a Locator within one text.
struct Tracking: Sendable {
    let trie: PointerTrie
    /// Bits of the tests that hold so far.
    private(set) var matches: UInt32 = 0
    /// For a Locator: the range of value i, if bit i of `matches` is set.
    private(set) var locations: [Range<Int>]

    /// The node of the innermost watched container. It needs no stack: a node knows its parent, and the index at which
    /// a parent array continues.
    private var node = 0
    private var nextIndex: UInt32 = 0
    private var keyLengths: UInt64 = 0
    /// The node of the next or current value, and that value's kind.
    private var candidate = 0
    private var candidateKind = JSONKind.null
    /// By `startSlot`: the start of an open container whose text or position is needed; -1 if it is not open.
    private var starts: [Int]
    private(set) var kept: [UInt8] = []
    /// The offset of the first byte of `kept`.
    private var keptStart = 0

    init(_ trie: PointerTrie) {
        self.trie = trie
        // Empty arrays do not allocate: only container literals and locators have slots.
        starts = trie.startSlots == 0 ? [] : Array(repeating: -1, count: trie.startSlots)
        locations = trie.locationSlots == 0 ? [] : Array(repeating: 0..<0, count: trie.locationSlots)
    }

    // MARK: What the scanner tells

    /// Whether a key without escapes may be one that a pointer asks about, judged by its length. If not, `key` need not
    /// be called.
    @inline(__always)
    func mayLead(keyLength: Int) -> Bool { keyLengths &>> UInt64(truncatingIfNeeded: min(keyLength, 63)) & 1 == 1 }

    /// Takes a key that ended in a watched object.
    /// - Returns: whether a pointer asks about its value.
    mutating func key(
        _ bytes: Span<UInt8>, from base: Int, token: Int, end: Int, hasEscapes: Bool
    ) -> Bool {
        let node = trie.nodes[node]
        if node.keyLengths == 0 { return false }
        if token >= base {
            return key(bytes.extracting(token &- base &+ 1..<end &- 1), hasEscapes, node)
        }
        guard let text = assembled(bytes, end: end, token: token) else { return false }
        return key(text.span.extracting(1..<text.count - 1), hasEscapes, node)
    }

    private mutating func key(_ content: Span<UInt8>, _ hasEscapes: Bool, _ node: PointerTrie.Node) -> Bool {
        if hasEscapes {
            guard content.count + 2 <= trie.maxKeptBytes else { return false }
            let plain = unescaped(content)
            return key(plain.span, false, node)
        }
        guard let child = trie.child(of: node, key: content) else { return false }
        return expect(child)
    }

    /// Takes the start of an element in a watched array; the array may also end here.
    /// - Returns: whether a pointer asks about it.
    mutating func nextElement() -> Bool {
        let index = nextIndex
        nextIndex = index &+ 1
        let node = trie.nodes[node]
        guard let child = trie.child(of: node, index: index) else { return false }
        return expect(child)
    }

    /// Makes `node` the candidate, and voids the results of an earlier key with the same name.
    private mutating func expect(_ node: Int) -> Bool {
        candidate = node
        matches &= ~trie.nodes[node].below
        return true
    }

    /// The candidate begins; it is a string, a number or a word.
    mutating func begin(_ kind: JSONKind) {
        candidateKind = kind
        matches |= trie.nodes[candidate].exists
    }

    /// The candidate begins; it is an array or an object.
    mutating func open(_ kind: JSONKind, at offset: Int) {
        let entered = trie.nodes[candidate]
        matches |= entered.exists
        if entered.startSlot >= 0 { starts[Int(entered.startSlot)] = offset }
        node = candidate
        nextIndex = 0
        keyLengths = entered.keyLengths
    }

    /// The candidate of the last `begin` ended just before the index `end` of the piece.
    mutating func end(_ bytes: Span<UInt8>, from base: Int, token: Int, end: Int, hasEscapes: Bool) {
        conclude(candidate, candidateKind, bytes, from: base, token: token, end: end, hasEscapes: hasEscapes)
    }

    /// The innermost watched container ended just before the index `end` of the piece.
    mutating func close(isArray: Bool, _ bytes: Span<UInt8>, from base: Int, end: Int) {
        let closed = trie.nodes[node]
        if closed.startSlot >= 0 {
            let start = starts[Int(closed.startSlot)]
            starts[Int(closed.startSlot)] = -1
            conclude(node, isArray ? .array : .object, bytes, from: base, token: start, end: end, hasEscapes: false)
        }
        node = Int(closed.parent)
        nextIndex = closed.nextIndex
        keyLengths = trie.nodes[node].keyLengths
    }

    // MARK: Comparing

    private mutating func conclude(
        _ number: Int, _ kind: JSONKind, _ bytes: Span<UInt8>, from base: Int, token: Int, end: Int,
        hasEscapes: Bool
    ) {
        let node = trie.nodes[number]
        if node.locations != 0 {
            matches |= node.locations
            for bit in locations.indices where node.locations >> UInt32(bit) & 1 == 1 {
                locations[bit] = token..<base &+ end
            }
        }
        if node.comparisons.isEmpty { return }
        if token >= base {
            guard base &+ end &- token <= trie.maxKeptBytes else { return }
            compare(node, kind, bytes.extracting(token &- base..<end), hasEscapes)
        } else if let text = assembled(bytes, end: end, token: token) {
            compare(node, kind, text.span, hasEscapes)
        }
    }

    private mutating func compare(
        _ node: PointerTrie.Node, _ kind: JSONKind, _ text: Span<UInt8>, _ hasEscapes: Bool
    ) {
        for index in node.comparisons {
            let comparison = trie.comparisons[index]
            if comparison.expectation.equals(kind, text, hasEscapes: hasEscapes) { matches |= comparison.bit }
        }
    }

    // MARK: Pieces

    /// The text of a token that began in an earlier piece; nil if it is too long to equal anything.
    private func assembled(_ bytes: Span<UInt8>, end: Int, token: Int) -> [UInt8]? {
        guard !kept.isEmpty, token >= keptStart else { return nil }
        let earlier = token - keptStart
        guard kept.count - earlier + end <= trie.maxKeptBytes else { return nil }
        var text = Array(kept[earlier...])
        text.append(copying: bytes.extracting(0..<end))
        return text
    }

    /// Keeps the part of an ended piece that a comparison will still need.
    mutating func keep(_ bytes: Span<UInt8>, from base: Int, openToken: Int?) {
        let end = base + bytes.count
        var first = openToken ?? end
        for start in starts where start >= 0 && end - start <= trie.maxKeptBytes { first = min(first, start) }
        if end - first > trie.maxKeptBytes { first = end }
        if first >= base {
            kept.removeAll(keepingCapacity: true)
            kept.append(copying: bytes.extracting(first - base..<bytes.count))
            keptStart = first
        } else {
            if first > keptStart {
                kept.removeFirst(min(kept.count, first - keptStart))
                keptStart = first
            }
            kept.append(copying: bytes)
        }
    }
}
