// A JSON value as a tree, held by jansson: for what is built or read now and then (literals of the configuration,
// a reply envelope's headers, control messages), never for what travels per message (21-29 MB/s).
//
// Immutable after its making. A value inside another is a Document of its own that shares the same tree: jansson counts
// references atomically and its read-only functions may run in many threads at once (jansson's "Thread safety").

internal import CJansson

/// An immutable JSON value.
///
/// Numbers are signed 64-bit integers or doubles; JSON beyond these is rejected when it is parsed, as is an object
/// with `\u0000` in a key. Of equal keys in one object the last one counts.
@safe public final class Document: @unchecked Sendable {
    // SAFETY: the one reference this object owns, given back in deinit. Nothing in this room changes a json_t after it
    // was made, so sharing it between threads needs no more than jansson's atomic count (@unchecked Sendable).
    let value: UnsafeMutablePointer<json_t>

    /// Takes over one reference. jansson answers nil only when memory is exhausted.
    init(owning value: UnsafeMutablePointer<json_t>?) {
        guard let value = unsafe value else { preconditionFailure("jansson has no memory left for a value") }
        unsafe self.value = value
    }

    /// Shares a value that lives in another tree.
    private init(sharing value: UnsafeMutablePointer<json_t>) {
        unsafe self.value = json_incref(value)
    }

    deinit {
        // SAFETY: this object owned one reference, and ends here.
        unsafe json_decref(value)
    }

    /// Reads a JSON text; any top-level value (RFC 8259, section 2).
    /// - Parameter maxDepth: levels of nesting that are accepted, 1...`Scanner.maxDepthLimit`.
    /// - Throws: `SyntaxError` for a text that is not JSON, and for JSON that cannot be held: an integer beyond 64
    ///   bits, a number beyond a double, `\u0000` in a key.
    public convenience init(parsing text: Span<UInt8>, maxDepth: Int = Scanner.defaultMaxDepth) throws(SyntaxError) {
        // The scanner first: it is fast, its errors are exact, and it bounds the recursion that follows.
        var scanner = Scanner(trie: nil, maxDepth: maxDepth)
        scanner.run(text)
        scanner.conclude(text, at: text.count)
        if let error = scanner.error { throw error }
        var fault: JanssonError?
        let parsed = unsafe Document.load(text, &fault)
        if let fault { throw SyntaxError(fault, in: text) }
        unsafe self.init(owning: parsed)
    }

    /// Reads a JSON text, as `init(parsing:maxDepth:)` does.
    public convenience init(parsing text: String, maxDepth: Int = Scanner.defaultMaxDepth) throws(SyntaxError) {
        try self.init(parsing: text.utf8.span, maxDepth: maxDepth)
    }

    // MARK: Reading

    /// What this value is.
    public var kind: JSONKind {
        // SAFETY: value is alive as long as this object.
        switch unsafe jansson_type(value) {
        case JSON_OBJECT: .object
        case JSON_ARRAY: .array
        case JSON_STRING: .string
        case JSON_INTEGER, JSON_REAL: .number
        case JSON_TRUE, JSON_FALSE: .bool
        default: .null
        }
    }

    /// The truth value; nil for other kinds.
    public var boolValue: Bool? {
        // SAFETY: value is alive as long as this object.
        switch unsafe jansson_type(value) {
        case JSON_TRUE: true
        case JSON_FALSE: false
        default: nil
        }
    }

    /// The number as an integer; nil for other kinds and for a number with a fraction or beyond 64 bits. 1.0 is 1.
    public var intValue: Int? {
        // SAFETY: value is alive as long as this object, and each getter gets the type it is for.
        switch unsafe jansson_type(value) {
        case JSON_INTEGER: unsafe Int(json_integer_value(value))
        case JSON_REAL: unsafe Int(exactly: json_real_value(value))
        default: nil
        }
    }

    /// The number as a double, rounded if it is a great integer; nil for other kinds.
    public var doubleValue: Double? {
        // SAFETY: value is alive as long as this object; json_number_value takes integers and reals.
        kind == .number ? unsafe json_number_value(value) : nil
    }

    /// The string's text; nil for other kinds.
    public var stringValue: String? {
        guard kind == .string else { return nil }
        // SAFETY: a string's bytes belong to the value, which is alive as long as this object; the length is jansson's.
        let text = unsafe UnsafeRawBufferPointer(start: json_string_value(value), count: json_string_length(value))
        return unsafe String(decoding: text, as: UTF8.self)
    }

    /// The number of members or elements; 0 for other kinds.
    public var count: Int {
        // SAFETY: value is alive as long as this object; both functions answer 0 for a value of another type.
        unsafe Int(kind == .object ? json_object_size(value) : json_array_size(value))
    }

    /// The member with a key; nil when there is none, and for other kinds.
    public subscript(key: String) -> Document? {
        let name = key.utf8.span
        // SAFETY: jansson reads the key within the call; it answers a borrowed value or nil, also for other types.
        let member = unsafe name.withUnsafeBytes { bytes in
            unsafe json_object_getn(value, bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? Document.noBytes,
                bytes.count)
        }
        return unsafe member.map { unsafe Document(sharing: $0) }
    }

    /// The element at an index; nil when there is none, and for other kinds.
    public subscript(index: Int) -> Document? {
        guard index >= 0 else { return nil }
        // SAFETY: jansson checks type and index, and answers a borrowed value or nil.
        return unsafe json_array_get(value, index).map { unsafe Document(sharing: $0) }
    }

    /// The value at a pointer (RFC 6901); nil when it leads nowhere.
    public subscript(pointer: Pointer) -> Document? {
        var current = self
        for token in pointer.tokens {
            let next = current.kind == .array
                ? Pointer.index(of: token).flatMap { current[$0] }
                : current[String(decoding: token, as: UTF8.self)]
            guard let next else { return nil }
            current = next
        }
        return current
    }

    /// The keys of an object, in the order of the text; none for other kinds.
    public var keys: [String] {
        var keys: [String] = []
        // SAFETY: an iterator is valid while its object is not changed, and nobody changes it; a key's bytes live as
        // long as its object. json_object_iter answers nil for other types.
        var iterator = unsafe json_object_iter(value)
        while let current = unsafe iterator {
            let name = unsafe UnsafeRawBufferPointer(
                start: json_object_iter_key(current), count: json_object_iter_key_len(current))
            keys.append(unsafe String(decoding: name, as: UTF8.self))
            unsafe iterator = json_object_iter_next(value, current)
        }
        return keys
    }
}
