// The header fields of a response: a flat run of C strings, name and value in turn, because that is what the library
// takes. Keep prebuilt ones in a `static let` and add to a copy only what varies: small additions are stored inline, so
// that neither the copy nor the addition allocates.
//
// Only this room writes Content-Length, Transfer-Encoding, Connection and Date.

/// An ordered list of header fields, checked when they are added.
public struct ResponseHeaders: Sendable {
    private static let tailRoom = 96

    /// name, 0, value, 0, name, 0, ...
    private(set) var bytes: [UInt8] = []
    /// The fields after those, stored inline.
    private(set) var tail = [96 of UInt8](repeating: 0)
    private(set) var tailCount = 0
    public private(set) var count = 0
    /// Close the connection after this response (`Connection: close`).
    public var close = false

    public init() {}

    /// Creates known-good fields: a bad one is our own bug, and traps.
    public init(_ fields: KeyValuePairs<StaticString, String>, close: Bool = false) {
        for (name, value) in fields {
            let added = add(name, value)
            precondition(added, "not a header field to send")
        }
        settle()
        self.close = close
    }

    /// Appends a field.
    /// - Returns: false, without appending, if the value is empty or has a control character other than a tab.
    @discardableResult
    public mutating func add(_ name: StaticString, _ value: String) -> Bool {
        var value = value
        // SAFETY: the bytes are read during the call only.
        return value.withUTF8 { value in unsafe add(name, value.span) }
    }

    /// Appends a field; as above.
    @discardableResult
    public mutating func add(_ name: StaticString, _ value: Span<UInt8>) -> Bool {
        // SAFETY: the bytes of a literal, which live for ever.
        name.withUTF8Buffer { name in
            unsafe assert(Self.isAllowed(name.span), "not the name of a header field to send")
            return unsafe append(name.span, value)
        }
    }

    /// Appends a field whose name comes from outside.
    /// - Returns: false if the name is not a token (RFC 9110, section 5.1) or one that only this room writes, or if the
    ///   value is not valid.
    @discardableResult
    public mutating func add(name: Span<UInt8>, value: Span<UInt8>) -> Bool {
        Self.isAllowed(name) && append(name, value)
    }

    /// Whether a field with that name, which comes from outside, can be added.
    public static func isName(_ name: String) -> Bool { isAllowed(Array(name.utf8).span) }

    /// Whether a value has no control characters except tabs.
    public static func isValue(_ value: String) -> Bool { CharacterClass.areFieldValue(Array(value.utf8).span) }

    /// The same fields, all in memory that copies share.
    public var prebuilt: ResponseHeaders {
        var headers = self
        headers.settle()
        return headers
    }

    private mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        guard !value.isEmpty, CharacterClass.areFieldValue(value) else { return false }
        count += 1
        if tailCount + name.count + value.count + 2 <= Self.tailRoom {
            write(name)
            write(value)
        } else {
            settle()
            bytes.reserveCapacity(bytes.count + name.count + value.count + 2)
            for text in [name.copied, value.copied] {
                bytes += text
                bytes.append(0)
            }
        }
        return true
    }

    /// Appends a C string to the tail, which must have room for it.
    private mutating func write(_ text: Span<UInt8>) {
        let start = tailCount
        precondition(start + text.count < Self.tailRoom)
        // SAFETY: there is room for the text and a zero, and the text lies elsewhere.
        unsafe withUnsafeMutableBytes(of: &tail) { tail in
            unsafe text.withUnsafeBytes { text in
                unsafe UnsafeMutableRawBufferPointer(rebasing: tail[start...]).copyMemory(from: text)
            }
            unsafe tail[start + text.count] = 0
        }
        tailCount += text.count + 1
    }

    private mutating func settle() {
        guard tailCount > 0 else { return }
        bytes.reserveCapacity(bytes.count + tailCount)
        for i in 0..<tailCount { bytes.append(tail[i]) }
        tailCount = 0
    }

    private static func isAllowed(_ name: Span<UInt8>) -> Bool {
        guard !name.isEmpty else { return false }
        for i in name.indices where !CharacterClass.isToken(name[i]) { return false }
        return !(name.equalsIgnoringCase("content-length") || name.equalsIgnoringCase("transfer-encoding")
            || name.equalsIgnoringCase("connection") || name.equalsIgnoringCase("date"))
    }
}
