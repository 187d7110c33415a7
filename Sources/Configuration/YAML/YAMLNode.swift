// A YAML file as a tree: each node with its place, and no more than that. Tags are not resolved: whether `on` is a
// boolean is for the key that wants one to say.

/// One node of a file.
struct YAMLNode {
    enum Content {
        /// Text as it was written, unescaped; only plain text, without quotes, can be a number, a boolean or null.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the order of the file; the same key may be there more than once.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    let content: Content

    /// Where the node begins; the node behind an alias begins at its anchor.
    let mark: YAMLMark
}

extension YAMLNode {
    /// The text of a scalar, or nil.
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

    /// Nothing, or one of YAML's words for it, without quotes.
    var isNull: Bool {
        guard let scalar, scalar.isPlain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.text)
    }

    /// What it is, in a sentence.
    var kind: String {
        switch content {
        case .scalar: "text or a number"
        case .sequence: "a list"
        case .mapping: "a section of keys"
        }
    }
}
