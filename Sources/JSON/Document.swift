// A JSON document as a tree, built and read by jansson: for what is looked into, not for what passes through.

internal import CJansson

/// A parsed JSON value. Its parts are documents too and keep it alive.
@safe
public final class Document {
    /// SAFETY: one reference of jansson's count, taken in init, given back in deinit.
    private let value: UnsafeMutablePointer<json_t>

    /// Any JSON value, strings with NUL included; numbers beyond 64 bits or the range of a double are an error.
    public init(parsing text: Span<UInt8>) throws(SyntaxError) {
        var error = json_error_t()
        var parsed: UnsafeMutablePointer<json_t>?
        // SAFETY: jansson reads `count` bytes during the call and keeps none of them.
        unsafe text.withUnsafeBytes { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            unsafe parsed = json_loadb(start, buffer.count, Int(JSON_DECODE_ANY | JSON_ALLOW_NUL), &error)
        }
        guard let parsed = unsafe parsed else {
            throw SyntaxError(offset: Int(max(0, error.position)), message: Self.message(error))
        }
        unsafe value = parsed
    }

    private init(retaining part: UnsafeMutablePointer<json_t>) { unsafe value = json_incref(part) }

    deinit { unsafe json_decref(value) }

    public var kind: JSONKind {
        switch unsafe value.pointee.type {
        case JSON_OBJECT: .object
        case JSON_ARRAY: .array
        case JSON_STRING: .string
        case JSON_INTEGER, JSON_REAL: .number
        case JSON_NULL: .null
        default: .bool
        }
    }

    /// The member of that name, if this is an object that has one.
    public subscript(name: String) -> Document? {
        guard let part = unsafe json_object_get(value, name) else { return nil }
        return unsafe Document(retaining: part)
    }

    /// The names and values of an object, in no order; empty for anything else.
    public var members: [(name: String, value: Document)] {
        var members: [(String, Document)] = []
        var iterator = unsafe json_object_iter(value)
        while let current = unsafe iterator {
            let name = unsafe String(cString: json_object_iter_key(current))
            members.append((name, unsafe Document(retaining: json_object_iter_value(current))))
            unsafe iterator = json_object_iter_next(value, current)
        }
        return members
    }

    public var string: String? {
        guard kind == .string, let start = unsafe json_string_value(value) else { return nil }
        // SAFETY: jansson's text has this many bytes and lives as long as `value`.
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: json_string_length(value))
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// The value of an integer.
    public var integer: Int? {
        guard unsafe value.pointee.type == JSON_INTEGER else { return nil }
        return unsafe Int(json_integer_value(value))
    }

    private static func message(_ error: json_error_t) -> String {
        var error = error
        // SAFETY: jansson ends its text with a NUL inside the array.
        return unsafe withUnsafeBytes(of: &error.text) { buffer in
            unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
