// The pointers of a Matcher or a Locator as one tree, so that a scan follows all of them at once:
//
//     /done, /error/code, /error/text        root --done--> 1
//                                                 --error-> 2 --code--> 3
//                                                             --text--> 4
//
// Built once per service, immutable, shared by all scans. Nodes and edges are stored in flat arrays.

/// The compiled form of a list of pointers, each with a question about its value.
final class PointerTrie: Sendable {
    /// A question about the value at a pointer.
    enum Question: Sendable {
        case exists
        case equals(Expectation)
        /// The position of the value; for a Locator.
        case location
    }

    struct Node: Sendable {
        /// The parent node; 0 for the root itself.
        var parent: Int32 = 0
        /// The index after this value's own, if it is an element of an array.
        var nextIndex: UInt32 = 0
        /// The outgoing edges, as a range of `edges`.
        var edges = 0..<0
        /// Bit n is set if an outgoing edge has a key of n bytes (63: or more): most keys are skipped by this test
        /// alone.
        var keyLengths: UInt64 = 0
        /// The tests that compare the value here, as a range of `comparisons`.
        var comparisons = 0..<0
        /// Bits of the tests that hold as soon as the value exists.
        var exists: UInt32 = 0
        /// Bits of the tests that ask for the value's position.
        var locations: UInt32 = 0
        /// Bits of all tests here and below, which a repeated key resets.
        var below: UInt32 = 0
        /// The slot in `Tracking.starts`, if the start of an array or object here is needed; else -1.
        var startSlot: Int32 = -1
    }

    /// An edge to a child: an object's key and, if the token is one, an array's index.
    struct Edge: Sendable {
        /// The key's bytes, as a range of `keys`.
        let key: Range<Int>
        /// `UInt32.max` if the key is not an index.
        let index: UInt32
        let child: Int
    }

    struct Comparison: Sendable {
        let bit: UInt32
        let expectation: Expectation
    }

    let nodes: [Node]
    let edges: [Edge]
    /// The concatenated keys of all edges.
    let keys: [UInt8]
    let comparisons: [Comparison]
    /// Nodes with a `startSlot`.
    let startSlots: Int
    /// The number of location slots: one per test, if any test asks for a location.
    let locationSlots: Int
    /// A key or value with more bytes than this equals nothing. The limit bounds what a scanner keeps when a text comes
    /// in pieces. It applies to whole texts too, so that the result does not depend on the pieces.
    let maxKeptBytes: Int

    init(_ tests: [(Pointer, Question)]) {
        var builder = Builder()
        for (number, test) in tests.enumerated() { builder.add(test.0, test.1, bit: 1 << UInt32(number)) }
        (nodes, edges, keys, comparisons) = builder.flattened()
        startSlots = builder.startSlots
        locationSlots = tests.contains { if case .location = $0.1 { true } else { false } } ? tests.count : 0
        maxKeptBytes = max(65_536, builder.longestLiteral * 6 + 2)
    }

    /// The child for an object's key.
    func child(of node: Node, key: Span<UInt8>) -> Int? {
        let keys = keys
        for index in node.edges where key.equals(keys.span, in: edges[index].key) { return edges[index].child }
        return nil
    }

    /// The child for an array's index.
    func child(of node: Node, index: UInt32) -> Int? {
        for edge in node.edges where edges[edge].index == index { return edges[edge].child }
        return nil
    }

    /// Grows the tree node by node, then flattens it.
    private struct Builder {
        struct Growing {
            var node = Node()
            var children: [(key: [UInt8], child: Int)] = []
            var comparisons: [Comparison] = []
        }

        var growing = [Growing()]
        var longestLiteral = 0
        var startSlots = 0

        mutating func add(_ pointer: Pointer, _ question: Question, bit: UInt32) {
            var current = 0
            growing[current].node.below |= bit
            for token in pointer.tokens {
                current = child(of: current, token)
                growing[current].node.below |= bit
                longestLiteral = max(longestLiteral, token.count)
            }
            switch question {
            case .exists: growing[current].node.exists |= bit
            case .location:
                growing[current].node.locations |= bit
                addStartSlot(current)
            case .equals(let expectation):
                growing[current].comparisons.append(Comparison(bit: bit, expectation: expectation))
                if expectation.isContainer { addStartSlot(current) }
                longestLiteral = max(longestLiteral, expectation.textLength)
            }
        }

        private mutating func addStartSlot(_ node: Int) {
            guard growing[node].node.startSlot < 0 else { return }
            growing[node].node.startSlot = Int32(startSlots)
            startSlots += 1
        }

        private mutating func child(of parent: Int, _ key: [UInt8]) -> Int {
            if let found = growing[parent].children.first(where: { $0.key == key }) { return found.child }
            var node = Node()
            node.parent = Int32(parent)
            node.nextIndex = Pointer.index(of: key).map { UInt32($0) + 1 } ?? 0
            growing.append(Growing(node: node))
            growing[parent].children.append((key, growing.count - 1))
            return growing.count - 1
        }

        func flattened() -> ([Node], [Edge], [UInt8], [Comparison]) {
            var (nodes, edges, comparisons): ([Node], [Edge], [Comparison]) = ([], [], [])
            var keys: [UInt8] = []
            for one in growing {
                var node = one.node
                node.edges = edges.count..<edges.count + one.children.count
                node.comparisons = comparisons.count..<comparisons.count + one.comparisons.count
                for (key, child) in one.children {
                    let index = Pointer.index(of: key).map { UInt32($0) } ?? .max
                    edges.append(Edge(key: keys.count..<keys.count + key.count, index: index, child: child))
                    keys += key
                    node.keyLengths |= 1 << UInt64(min(key.count, 63))
                }
                comparisons += one.comparisons
                nodes.append(node)
            }
            return (nodes, edges, keys, comparisons)
        }
    }
}
