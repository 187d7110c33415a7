// A JSON value as a tree, held by jansson: for values that are built or read occasionally (literals of the
// configuration, a reply envelope's headers, control messages), never for every message (21-29 MB/s).
//
// Immutable. A value inside another one is a Document that shares the same tree: jansson counts references atomically,
// and its read-only functions may run in several threads at once (jansson's "Thread safety").

internal import CJansson

/// An immutable JSON value.
///
/// Numbers are signed 64-bit integers or doubles; other numbers are rejected when the text is parsed, as is an object
/// with `\u0000` in a key. If a key occurs more than once in an object, the last one counts.
@safe public final class Document: @unchecked Sendable {
    // SAFETY: the one reference this object owns, released in deinit. No code in this room changes a json_t after it
    // was created, so sharing it between threads needs only jansson's atomic count (@unchecked Sendable).
    let value: UnsafeMutablePointer<json_t>

    /// Takes over one reference. jansson returns nil only when memory is exhausted.
    init(owning value: UnsafeMutablePointer<json_t>?) {
        guard let value = unsafe value else { preconditionFailure("jansson has no memory left for a value") }
        unsafe self.value = value
    }

    /// Shares a value inside another tree.
    private init(sharing value: UnsafeMutablePointer<json_t>) {
        unsafe self.value = json_incref(value)
    }

    deinit {
        // SAFETY: this object owned one reference, and ends here.
        unsafe json_decref(value)
    }

    /// Parses a JSON text with any top-level value (RFC 8259, section 2).
    /// - Parameter maxDepth: maximum nesting depth, 1...`Scanner.maxDepthLimit`.
    /// - Throws: `SyntaxError` if the text is not JSON, or cannot be held: an integer beyond 64 bits, a number beyond a
    ///   double, `\u0000` in a key.
    public convenience init(parsing text: Span<UInt8>, maxDepth: Int = Scanner.defaultMaxDepth) throws(SyntaxError) {
        // The scanner runs first: it is fast, its errors are exact, and it bounds the recursion that follows.
        var scanner = Scanner(trie: nil, maxDepth: maxDepth)
        scanner.run(text)
        scanner.conclude(text, at: text.count)
        if let error = scanner.error { throw error }
        var fault: JanssonError?
        let parsed = unsafe Document.load(text, &fault)
        if let fault { throw SyntaxError(fault, in: text) }
        unsafe self.init(owning: parsed)
    }

    /// Parses a JSON text, like `init(parsing:maxDepth:)`.
    public convenience init(parsing text: String, maxDepth: Int = Scanner.defaultMaxDepth) throws(SyntaxError) {
        try self.init(parsing: text.utf8.span, maxDepth: maxDepth)
    }

    // MARK: Reading

    /// The kind of this value.
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

    /// The boolean; nil for other kinds.
    public var boolValue: Bool? {
        // SAFETY: value is alive as long as this object.
        switch unsafe jansson_type(value) {
        case JSON_TRUE: true
        case JSON_FALSE: false
        default: nil
        }
    }

    /// The number as an integer; nil for other kinds, and for a number with a fraction or beyond 64 bits. 1.0 is 1.
    public var intValue: Int? {
        // SAFETY: value is alive as long as this object, and each getter is called for its type.
        switch unsafe jansson_type(value) {
        case JSON_INTEGER: unsafe Int(json_integer_value(value))
        case JSON_REAL: unsafe Int(exactly: json_real_value(value))
        default: nil
        }
    }

    /// The number as a double, rounded if it is a large integer; nil for other kinds.
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
        // SAFETY: value is alive as long as this object; both functions return 0 for a value of another type.
        unsafe Int(kind == .object ? json_object_size(value) : json_array_size(value))
    }

    /// The member with that key; nil if there is none, and for other kinds.
    public subscript(key: String) -> Document? {
        let name = key.utf8.span
        // SAFETY: jansson reads the key within the call; it returns a borrowed value or nil, also for other types.
        let member = unsafe name.withUnsafeBytes { bytes in
            unsafe json_object_getn(value, bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? Document.noBytes,
                bytes.count)
        }
        return unsafe member.map { unsafe Document(sharing: $0) }
    }

    /// The element at that index; nil if there is none, and for other kinds.
    public subscript(index: Int) -> Document? {
        guard index >= 0 else { return nil }
        // SAFETY: jansson checks type and index, and returns a borrowed value or nil.
        return unsafe json_array_get(value, index).map { unsafe Document(sharing: $0) }
    }

    /// The value at a pointer (RFC 6901); nil if there is none.
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

    /// The keys of an object, in their original order; empty for other kinds.
    public var keys: [String] {
        var keys: [String] = []
        // SAFETY: an iterator is valid while its object does not change, and it never does; a key's bytes live as long
        // as its object. json_object_iter returns nil for other types.
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
