// Documents from Swift values, equality, and serialization. Equality is by value: numbers compare numerically (1 equals
// 1.0), objects in any order, strings byte for byte.

internal import CJansson

extension Document {
    /// null.
    public static var null: Document {
        // SAFETY: json_null returns a singleton that needs no reference count.
        unsafe Document(owning: json_null())
    }

    /// true or false.
    public convenience init(_ value: Bool) {
        // SAFETY: both return a singleton that needs no reference count.
        unsafe self.init(owning: value ? json_true() : json_false())
    }

    /// A whole number.
    public convenience init(_ value: Int) {
        // SAFETY: the new reference is handed over.
        unsafe self.init(owning: json_integer(json_int_t(value)))
    }

    /// A number.
    /// - Parameter value: finite; JSON has no notation for other values.
    public convenience init(_ value: Double) {
        precondition(value.isFinite, "JSON has no NaN and no infinity")
        // SAFETY: the new reference is handed over.
        unsafe self.init(owning: json_real(value))
    }

    /// A string.
    public convenience init(_ text: String) {
        let bytes = text.utf8.span
        // SAFETY: jansson copies the bytes within the call; the new reference is handed over.
        let made = unsafe bytes.withUnsafeBytes { buffer in
            unsafe json_stringn(
                buffer.baseAddress?.assumingMemoryBound(to: CChar.self) ?? Document.noBytes, buffer.count)
        }
        unsafe self.init(owning: made)
    }
}

extension Document: Equatable {
    /// Numbers by value, strings byte for byte, arrays in order, objects in any order.
    public static func == (one: Document, other: Document) -> Bool {
        guard one.kind == other.kind else { return false }
        switch one.kind {
        case .null: return true
        case .bool: return one.boolValue == other.boolValue
        case .string: return one.hasSameText(as: other)
        case .number:
            if let integer = one.intValue { return integer == other.intValue }
            return other.intValue == nil && one.doubleValue == other.doubleValue
        case .array:
            guard one.count == other.count else { return false }
            return (0..<one.count).allSatisfy { one[$0] == other[$0] }
        case .object:
            guard one.count == other.count else { return false }
            return one.keys.allSatisfy { key in
                guard let member = other[key] else { return false }
                return one[key] == member
            }
        }
    }

    /// Byte for byte: a Swift String would treat "é" in one and in two code points as equal.
    private func hasSameText(as other: Document) -> Bool {
        guard let text = stringValue, let otherText = other.stringValue else { return false }
        return text.utf8.elementsEqual(otherText.utf8)
    }
}

extension Document {
    /// The value as compact JSON: keys in their original order, numbers with the fewest digits that read back the same.
    public func serialize() -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// Writes the value as the next value of a writer.
    public func write(to writer: inout JSONWriter) {
        switch kind {
        case .null: writer.null()
        case .bool: writer.bool(boolValue ?? false)
        case .string: writer.string(stringValue ?? "")
        case .number: writeNumber(to: &writer)
        case .array:
            writer.beginArray()
            for index in 0..<count { self[index]?.write(to: &writer) }
            writer.endArray()
        case .object:
            writer.beginObject()
            for key in keys {
                writer.key(key)
                self[key]?.write(to: &writer)
            }
            writer.endObject()
        }
    }

    /// An integer stays an integer, and 1.0 stays 1.0.
    private func writeNumber(to writer: inout JSONWriter) {
        // SAFETY: value is alive as long as this object, and each getter is called for its type.
        if unsafe jansson_type(value) == JSON_INTEGER {
            unsafe writer.int(Int(json_integer_value(value)))
        } else {
            unsafe writer.double(json_real_value(value))
        }
    }
}

extension Document: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral
{
    public convenience init(booleanLiteral value: Bool) { self.init(value) }
    public convenience init(integerLiteral value: Int) { self.init(value) }
    public convenience init(floatLiteral value: Double) { self.init(value) }
    public convenience init(stringLiteral value: String) { self.init(value) }
}

extension Document: CustomStringConvertible {
    /// The value as compact JSON.
    public var description: String { String(decoding: serialize(), as: UTF8.self) }
}
