// libyaml's event parser as an owned value: it takes a text and returns its events one by one; the first error ends it.
// No object of libyaml leaves this file: an event is copied and deleted before `next` returns. Used at startup only,
// and confined to the call that reads a configuration.

internal import CYAML

/// A parser of one text.
@safe
struct YAMLParser: ~Copyable {
    // SAFETY: both are allocated in init and freed in deinit only. libyaml keeps a pointer to the parser within the
    // parser and another to the text, so neither may move: they are on the heap.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    // SAFETY: as above; written in init only.
    private let text: UnsafeMutableBufferPointer<UInt8>

    /// Copies the text. It should be UTF-8, with or without a byte order mark; the parser reports invalid UTF-8.
    /// (libyaml also reads UTF-16 with a byte order mark.)
    init(_ bytes: [UInt8]) {
        // SAFETY (all of init): the buffer has room for all bytes, and for at least one, so that it has an address;
        // yaml_parser_initialize gets allocated memory and sets all of it.
        unsafe text = .allocate(capacity: max(bytes.count, 1))
        _ = unsafe text.initialize(fromContentsOf: bytes)
        unsafe parser = .allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            preconditionFailure("libyaml has no memory left for a parser")
        }
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
    }

    deinit {
        // SAFETY: frees what init allocated, in reverse order. The elements of both are trivial.
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next event. Do not call it after `streamEnd` or an error.
    mutating func next() throws(YAMLError) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        // SAFETY: libyaml fills in the event or leaves it empty; deleting an empty one does nothing. The result is a
        // copy.
        defer { unsafe yaml_event_delete(&event) }
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure }
        return unsafe YAMLEvent(&event)
    }

    /// libyaml's last error.
    private var failure: YAMLError {
        // SAFETY (all of failure): the parser has failed, so its error is set; the texts are static strings of libyaml,
        // or NULL.
        let state = unsafe parser
        guard let problem = unsafe state.pointee.problem else {
            return YAMLError(mark: YAMLMark(), message: "cannot be read: there is no memory left")
        }
        let words = unsafe String(cString: problem)
        if unsafe state.pointee.error == YAML_READER_ERROR {
            return .syntax(mark(at: unsafe state.pointee.problem_offset), words)
        }
        let mark = unsafe YAMLMark(state.pointee.problem_mark)
        guard let context = unsafe state.pointee.context else { return .syntax(mark, words) }
        let begun = unsafe YAMLMark(state.pointee.context_mark).line
        let origin = begun == mark.line ? "" : " (it began in line \(begun))"
        return .syntax(mark, unsafe "\(String(cString: context)) \(words)\(origin)")
    }

    /// The position of a byte in a UTF-8 text; libyaml does not report it for text that it cannot decode.
    private func mark(at offset: Int) -> YAMLMark {
        // SAFETY: the prefix lies within the buffer, which is fully initialized.
        let before = unsafe String(decoding: text.prefix(offset), as: UTF8.self).unicodeScalars
        var mark = YAMLMark(line: 1, column: 1)
        var previous: Unicode.Scalar?
        for scalar in before {
            let isBreak = "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains(scalar)
            if isBreak, !(scalar == "\n" && previous == "\r") { mark.line += 1 }
            mark.column = isBreak ? 1 : mark.column + 1
            previous = scalar
        }
        return mark
    }
}

extension YAMLMark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: mark.line + 1, column: mark.column + 1)
    }
}

extension YAMLEvent {
    /// Copies an event that libyaml has filled in.
    fileprivate init(_ event: inout yaml_event_t) {
        // SAFETY (all of init): the view's pointers belong to the event, which lives until its owner deletes it; its
        // text has the given number of bytes, and libyaml has checked that they are UTF-8.
        let view = unsafe cyaml_view_of(&event)
        anchor = unsafe view.anchor.map { unsafe String(cString: $0) }
        mark = unsafe YAMLMark(event.start_mark)
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let bytes = unsafe UnsafeBufferPointer(start: view.text, count: view.text_bytes)
            kind = unsafe .scalar(String(decoding: bytes, as: UTF8.self), isPlain: view.is_plain != 0)
        case YAML_ALIAS_EVENT: kind = .alias
        case YAML_SEQUENCE_START_EVENT: kind = .sequenceStart
        case YAML_MAPPING_START_EVENT: kind = .mappingStart
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: kind = .collectionEnd
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_STREAM_START_EVENT: kind = .streamStart
        default: kind = .streamEnd
        }
    }
}
