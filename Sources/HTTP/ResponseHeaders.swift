// The header fields of a response: a flat run of C strings, name and value in turn, because that is what the library
// takes. Copying one is a reference count; so keep prebuilt ones in a `static let` and add to a copy only where a value
// varies.
//
// Content-Length, Transfer-Encoding, Connection and Date are ours: the room writes them, nobody else can.

/// An ordered list of header fields, checked when they are added.
public struct ResponseHeaders: Sendable {
    /// name, 0, value, 0, name, 0, ...
    private(set) var bytes: [UInt8] = []
    public private(set) var count = 0
    /// Close the connection after this response (`Connection: close`).
    public var close = false

    public init() {}

    /// Fields that are known to be good: a bad one is our own bug, and traps.
    public init(_ fields: KeyValuePairs<StaticString, String>, close: Bool = false) {
        for (name, value) in fields {
            let added = add(name, value)
            precondition(added, "not a header field to send")
        }
        self.close = close
    }

    /// Appends a field. False, and nothing happens, when the value is empty or has a control character other than a
    /// tab.
    @discardableResult
    public mutating func add(_ name: StaticString, _ value: String) -> Bool {
        name.withUTF8Buffer { name in
            var value = value
            return value.withUTF8 { value in unsafe append(name.span, value.span) }
        }
    }

    /// Appends a field.
    @discardableResult
    public mutating func add(_ name: StaticString, _ value: Span<UInt8>) -> Bool {
        name.withUTF8Buffer { unsafe append($0.span, value) }
    }

    /// Appends a field whose name comes from outside. False when the name is not a token (RFC 9110, section 5.1) or is
    /// one of those that the room writes itself, or when the value is not acceptable.
    @discardableResult
    public mutating func add(name: Span<UInt8>, value: Span<UInt8>) -> Bool { append(name, value) }

    private mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        guard Self.isAllowed(name), !value.isEmpty else { return false }
        for i in value.indices where !CharacterClass.isFieldValue(value[i]) { return false }
        bytes.reserveCapacity(bytes.count + name.count + value.count + 2)
        // SAFETY: the buffers are read during the calls only.
        unsafe name.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        bytes.append(0)
        unsafe value.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        bytes.append(0)
        count += 1
        return true
    }

    private static func isAllowed(_ name: Span<UInt8>) -> Bool {
        guard !name.isEmpty else { return false }
        for i in name.indices where !CharacterClass.isToken(name[i]) { return false }
        return !(name.equalsIgnoringCase("content-length") || name.equalsIgnoringCase("transfer-encoding")
            || name.equalsIgnoringCase("connection") || name.equalsIgnoringCase("date"))
    }
}
