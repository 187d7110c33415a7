// The events of the YAML parser, as Swift values. A document is a list of events; a node with children is a start, the
// events of its children, and an end.

/// A position in a text, from 1, with columns in Unicode scalars. 0:0 means the text as a whole.
struct YAMLMark: Equatable {
    var line = 0
    var column = 0
}

/// One event.
struct YAMLEvent: Equatable {
    /// The type of an event. The types without a comment open and close the stream and its documents.
    enum Kind: Equatable {
        /// A node without children: text, a number, a word or nothing.
        case scalar(String, isPlain: Bool)
        /// `*name`: repeats the node with that anchor.
        case alias
        case sequenceStart
        case mappingStart
        /// The end of a sequence or a mapping.
        case collectionEnd
        case documentStart
        case documentEnd
        case streamStart
        case streamEnd
    }

    let kind: Kind

    /// The name after `&`, or of an alias the name after `*`; nil if there is none.
    let anchor: String?

    let mark: YAMLMark
}

/// Why a text cannot be read as a tree.
struct YAMLError: Error, Equatable {
    /// The position at which the parser gave up.
    let mark: YAMLMark

    /// What is wrong and what to do, without a full stop.
    let message: String

    /// A violation of the YAML syntax, in the parser's words.
    static func syntax(_ mark: YAMLMark, _ words: String) -> YAMLError {
        YAMLError(mark: mark, message: "is not YAML: \(words)")
    }
}
