// Writes JSON text from front to back into one array of bytes: envelopes, problems, end records. There is no tree in
// between.
//
//     var writer = JSONWriter()
//     writer.beginObject()
//     writer.member("method", "GET")
//     writer.member("body", json: body)
//     writer.endObject()                            -> {"method":"GET","body":...}
//
// The writer adds commas and colons. The caller must alternate keys and values and balance the brackets; a debug build
// checks the brackets.

/// An append-only writer of compact JSON.
public struct JSONWriter: Sendable {
    /// The text written so far, as UTF-8.
    public private(set) var bytes: [UInt8]
    private var needsComma = false
    private var depth = 0

    /// - Parameter capacity: bytes to allocate at once.
    public init(reservingBytes capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Removes the text and keeps the memory.
    public mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
        depth = 0
    }

    // MARK: Structure

    /// Begins an object; keys and values follow in turn.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Ends the innermost object.
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Begins an array; values follow.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Ends the innermost array.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a key; its value must follow.
    public mutating func key(_ name: String) { key(name.utf8.span) }

    /// Writes a key from bytes, like `string(_:)`; its value must follow.
    public mutating func key(_ name: Span<UInt8>) {
        separate()
        bytes.appendJSONString(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Members

    /// Writes a key and a string.
    public mutating func member(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    /// Writes a key and bytes as a string, as `string(_:)` does.
    public mutating func member(_ name: String, _ text: Span<UInt8>) {
        key(name)
        string(text)
    }

    /// Writes a key and a whole number.
    public mutating func member(_ name: String, _ value: Int) {
        key(name)
        int(value)
    }

    /// Writes a key and a whole number. Beyond 2^53 many receivers round it.
    public mutating func member(_ name: String, _ value: UInt64) {
        key(name)
        uint(value)
    }

    /// Writes a key and true or false.
    public mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// Writes a key and a number with at most three decimals, for a time in milliseconds.
    public mutating func member(_ name: String, milliseconds value: Double) {
        key(name)
        milliseconds(value)
    }

    /// Writes a key and splices in its value byte for byte. The caller knows that it is valid JSON.
    public mutating func member(_ name: String, json value: Span<UInt8>) {
        key(name)
        raw(value)
    }

    // MARK: Values

    /// Writes a string.
    public mutating func string(_ text: String) { string(text.utf8.span) }

    /// Writes bytes as a string. Each byte that is not part of valid UTF-8 becomes U+FFFD.
    public mutating func string(_ text: Span<UInt8>) {
        beginValue()
        bytes.appendJSONString(text)
    }

    /// Writes an integer.
    public mutating func int(_ value: Int) {
        beginValue()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(decimal: UInt64(value.magnitude))
    }

    /// Writes an integer. Many receivers round integers beyond 2^53.
    public mutating func uint(_ value: UInt64) {
        beginValue()
        bytes.append(decimal: value)
    }

    /// Writes a number with the fewest digits that read back as the same double; null if it is not finite, because JSON
    /// has no notation for that.
    public mutating func double(_ value: Double) {
        beginValue()
        bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
    }

    /// Writes true or false.
    public mutating func bool(_ value: Bool) {
        beginValue()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Writes null.
    public mutating func null() {
        beginValue()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes bytes as a base64 string (RFC 4648, section 4).
    public mutating func base64(_ value: Span<UInt8>) {
        beginValue()
        bytes.append(.quote)
        Base64.encode(value, into: &bytes)
        bytes.append(.quote)
    }

    /// Writes one value byte for byte. The caller guarantees that it is valid JSON.
    public mutating func raw(_ value: Span<UInt8>) {
        beginValue()
        bytes.append(copying: value)
    }

    // MARK: Helpers

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    @inline(__always)
    private mutating func beginValue() {
        separate()
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
        depth += 1
    }

    private mutating func close(_ bracket: UInt8) {
        assert(depth > 0, "a bracket is closed that was never opened")
        bytes.append(bracket)
        needsComma = true
        depth -= 1
    }
}

extension JSONWriter {
    /// Writes a line feed after the value, to end a text file.
    public mutating func newline() { bytes.append(0x0A) }

    /// Writes a number with at most three decimals, for a time in milliseconds.
    public mutating func milliseconds(_ value: Double) { double((value * 1000).rounded() / 1000) }
}
