// Builds the tree from events, with limits, so that a small file cannot become a huge or a deep tree:
//
// - A file has at most 1 MiB.
// - Lists and sections nest at most 64 levels deep: the reader recurses once per level.
// - There are at most 32 aliases. An alias shares the nodes that it repeats, so it costs nothing here; walking the tree
//   visits at most 3^(32/3) nodes, some 120,000.

/// Reads one text.
struct YAMLReader: ~Copyable {
    static let maxBytes = 1 << 20
    static let maxDepth = 64
    static let maxAliases = 32

    private var parser: YAMLParser
    private var anchors: [String: YAMLNode] = [:]
    private var aliases = 0

    /// The tree of a text with one document; nil if the text is empty.
    static func read(_ text: [UInt8]) throws(YAMLError) -> YAMLNode? {
        guard text.count <= maxBytes else {
            throw YAMLError(mark: YAMLMark(), message: "is larger than 1MiB; a configuration is smaller")
        }
        var reader = YAMLReader(parser: YAMLParser(text))
        return try reader.document()
    }

    private init(parser: consuming YAMLParser) {
        self.parser = parser
    }

    private mutating func document() throws(YAMLError) -> YAMLNode? {
        _ = try parser.next()  // streamStart
        guard try parser.next().kind == .documentStart else { return nil }
        let root = try node(parser.next(), depth: 0)
        _ = try parser.next()  // documentEnd
        let after = try parser.next()
        guard after.kind == .streamEnd else {
            throw YAMLError(mark: after.mark, message: "a second document begins here; write one document in a file")
        }
        return root
    }

    /// Reads the node that begins with `event`, at nesting level `depth`.
    private mutating func node(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> YAMLNode {
        let content: YAMLNode.Content
        switch event.kind {
        case .alias: return try repeated(event)
        case .scalar(let text, let isPlain): content = .scalar(text, isPlain: isPlain)
        case .sequenceStart: content = .sequence(try items(of: event, depth: depth + 1))
        case .mappingStart: content = .mapping(try pairs(of: event, depth: depth + 1))
        case .collectionEnd, .documentStart, .documentEnd, .streamStart, .streamEnd:
            preconditionFailure("libyaml ends nothing that it has not begun")
        }
        let node = YAMLNode(content: content, mark: event.mark)
        // Stored after its children, because a node cannot contain itself. If two anchors have one name, the later one
        // counts.
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    private mutating func items(of event: YAMLEvent, depth: Int) throws(YAMLError) -> [YAMLNode] {
        try check(event, depth)
        var items: [YAMLNode] = []
        while true {
            let next = try parser.next()
            if next.kind == .collectionEnd { return items }
            items.append(try node(next, depth: depth))
        }
    }

    private mutating func pairs(
        of event: YAMLEvent, depth: Int
    ) throws(YAMLError) -> [(key: YAMLNode, value: YAMLNode)] {
        try check(event, depth)
        var pairs: [(key: YAMLNode, value: YAMLNode)] = []
        while true {
            let next = try parser.next()
            if next.kind == .collectionEnd { return pairs }
            let key = try node(next, depth: depth)
            pairs.append((key: key, value: try node(parser.next(), depth: depth)))
        }
    }

    private func check(_ event: YAMLEvent, _ depth: Int) throws(YAMLError) {
        guard depth > Self.maxDepth else { return }
        throw YAMLError(mark: event.mark, message: "is nested more than \(Self.maxDepth) levels deep; write it flatter")
    }

    /// The node that an alias repeats.
    private mutating func repeated(_ event: YAMLEvent) throws(YAMLError) -> YAMLNode {
        let name = event.anchor ?? ""
        guard let node = anchors[name] else {
            throw .syntax(event.mark, "found undefined alias *\(name); write &\(name) before the value that it repeats")
        }
        aliases += 1
        guard aliases <= Self.maxAliases else {
            throw YAMLError(mark: event.mark, message: "has more than \(Self.maxAliases) aliases; write the values out")
        }
        return node
    }
}
