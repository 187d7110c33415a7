// What the YAML parser reports, as values of our own: a document is a list of events, and a node that has children is
// a start, the events of its children, and an end.

/// Where something begins in a text: from 1, columns in Unicode scalars. 0:0 stands for the text as a whole.
struct YAMLMark: Equatable {
    var line = 0
    var column = 0
}

/// One event.
struct YAMLEvent: Equatable {
    /// What happened. The events of other types only open the stream and close a document.
    enum Kind: Equatable {
        /// A text, a number, a word or nothing: what stands in a place without children.
        case scalar(String, isPlain: Bool)
        /// `*name`: the node with that anchor, again.
        case alias
        case sequenceStart
        case mappingStart
        /// The end of a sequence or of a mapping: the events come in pairs.
        case collectionEnd
        case documentStart
        case documentEnd
        case streamStart
        case streamEnd
    }

    let kind: Kind

    /// The name behind `&`; for an alias the name behind `*`.
    let anchor: String?

    let mark: YAMLMark
}

/// Why a text gives no tree.
struct YAMLError: Error, Equatable {
    /// Where; the parser names the place where it could not go on.
    let mark: YAMLMark

    /// What is wrong and what to do, without a full stop.
    let message: String

    /// The text breaks YAML's rules, in the parser's words.
    static func syntax(_ mark: YAMLMark, _ words: String) -> YAMLError {
        YAMLError(mark: mark, message: "is not YAML: \(words)")
    }
}
