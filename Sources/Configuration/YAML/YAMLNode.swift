// A YAML file as a tree: nodes with their positions. Tags are not resolved: whether `on` is a boolean depends on the
// key.

/// One node of a file.
struct YAMLNode {
    enum Content {
        /// The text, unescaped; only plain text, without quotes, can be a number, a boolean or null.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In file order; the same key may occur more than once.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    let content: Content

    /// Where the node begins; for a node repeated by an alias, the position of its anchor.
    let mark: YAMLMark
}

extension YAMLNode {
    /// The text of a scalar; nil for other nodes.
    var scalar: ScalarText? {
        guard case .scalar(let text, let isPlain) = content else { return nil }
        return ScalarText(text: text, isPlain: isPlain)
    }

    var sequence: [YAMLNode]? {
        guard case .sequence(let items) = content else { return nil }
        return items
    }

    var mapping: [(key: YAMLNode, value: YAMLNode)]? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs
    }

    /// Whether the node is empty or one of YAML's words for null, without quotes.
    var isNull: Bool {
        guard let scalar, scalar.isPlain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.text)
    }

    /// The kind of the node, for a sentence.
    var kind: String {
        switch content {
        case .scalar: "text or a number"
        case .sequence: "a list"
        case .mapping: "a section of keys"
        }
    }
}
