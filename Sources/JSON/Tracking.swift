// Follows the pointers of a trie through one scan. The scanner tells of keys, elements, beginnings and ends, and only
// of those inside containers that lie on the way of a pointer (`watchedDepth`): everything else costs nothing.
//
// When a text comes in pieces, `kept` holds the bytes of earlier pieces that a comparison will still need: from the
// first byte of the outermost open token or container that is asked about. It is bounded by `maxKeptBytes`.

/// The state of a matcher's or a locator's pointers within one text.
struct Tracking: Sendable {
    let trie: PointerTrie
    /// Bits of the tests that hold so far.
    private(set) var matches: UInt32 = 0
    /// For a Locator: where the value of test i lies, when bit i of `matches` is set.
    private(set) var locations: [Range<Int>]

    /// The node of the innermost watched container. No stack is needed: a node knows its parent, and the index at
    /// which a parent array goes on.
    private var node = 0
    private var nextIndex: UInt32 = 0
    private var keyLengths: UInt64 = 0
    /// The node of the value that comes next or is being read, and that value's kind.
    private var candidate = 0
    private var candidateKind = JSONKind.null
    /// By `startSlot`: where an open container begins whose text or place is asked for; -1 when it is not open.
    private var starts: [Int]
    private(set) var kept: [UInt8] = []
    /// The offset of the first byte of `kept`.
    private var keptStart = 0

    init(_ trie: PointerTrie) {
        self.trie = trie
        // Empty arrays are no allocation: only container literals and locators have slots.
        starts = trie.startSlots == 0 ? [] : Array(repeating: -1, count: trie.startSlots)
        locations = trie.locationSlots == 0 ? [] : Array(repeating: 0..<0, count: trie.locationSlots)
    }

    // MARK: What the scanner tells

    /// Whether a key of some bytes without escapes may be one that a pointer asks about. Only then is `key` to be told.
    @inline(__always)
    func mayLead(keyLength: Int) -> Bool { keyLengths &>> UInt64(truncatingIfNeeded: min(keyLength, 63)) & 1 == 1 }

    /// A key ended in a watched object. Whether a pointer asks about its value.
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

    /// An element of a watched array may follow. Whether a pointer asks about it.
    mutating func nextElement() -> Bool {
        let index = nextIndex
        nextIndex = index &+ 1
        let node = trie.nodes[node]
        guard let child = trie.child(of: node, index: index) else { return false }
        return expect(child)
    }

    /// The next value is that of a node; what an earlier key of the same name found is void.
    private mutating func expect(_ node: Int) -> Bool {
        candidate = node
        matches &= ~trie.nodes[node].below
        return true
    }

    /// The candidate is a string, a number or a word, and begins.
    mutating func begin(_ kind: JSONKind) {
        candidateKind = kind
        matches |= trie.nodes[candidate].exists
    }

    /// The candidate is an array or an object, and begins.
    mutating func open(_ kind: JSONKind, at offset: Int) {
        let entered = trie.nodes[candidate]
        matches |= entered.exists
        if entered.startSlot >= 0 { starts[Int(entered.startSlot)] = offset }
        node = candidate
        nextIndex = 0
        keyLengths = entered.keyLengths
    }

    /// The candidate, which `begin` announced, ended just before an index of the piece.
    mutating func end(_ bytes: Span<UInt8>, from base: Int, token: Int, end: Int, hasEscapes: Bool) {
        conclude(candidate, candidateKind, bytes, from: base, token: token, end: end, hasEscapes: hasEscapes)
    }

    /// The innermost watched container ended just before an index of the piece.
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

    /// The text of a token that began in an earlier piece; nil when it is too long to equal anything.
    private func assembled(_ bytes: Span<UInt8>, end: Int, token: Int) -> [UInt8]? {
        guard !kept.isEmpty, token >= keptStart else { return nil }
        let earlier = token - keptStart
        guard kept.count - earlier + end <= trie.maxKeptBytes else { return nil }
        var text = Array(kept[earlier...])
        text.append(copying: bytes.extracting(0..<end))
        return text
    }

    /// A piece ended: keeps what a comparison will still need of it.
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
