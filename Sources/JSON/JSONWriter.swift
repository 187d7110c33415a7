// Writes JSON text without a tree: names, scalars, and pieces of text that are JSON already.

/// Appends to a buffer of bytes and puts the commas where they belong.
public struct JSONWriter {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init() {}

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    public mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func string(_ text: String) {
        separate()
        var text = text
        text.withUTF8 { appendQuoted(unsafe Span(_unsafeElements: $0)) }
    }

    /// A string of these bytes; what is not UTF-8 in them becomes U+FFFD.
    public mutating func string(utf8 text: Span<UInt8>) {
        separate()
        if UTF8Validation.firstInvalidOffset(text) == nil { return appendQuoted(text) }
        var copy: [UInt8] = []
        for position in 0..<text.count { copy.append(text[position]) }
        appendQuoted(Array(String(decoding: copy, as: UTF8.self).utf8).span)
    }

    /// A string that holds `data` as base64 (RFC 4648 section 4).
    public mutating func base64(_ data: Span<UInt8>) {
        separate()
        bytes.append(0x22)
        Base64.encode(data, into: &bytes)
        bytes.append(0x22)
    }

    public mutating func integer(_ number: Int) {
        separate()
        bytes.append(contentsOf: String(number).utf8)
    }

    /// A number with at most three decimals.
    public mutating func decimal(_ number: Double) {
        separate()
        let thousandths = Int((number * 1000).rounded())
        bytes.append(contentsOf: String(thousandths / 1000).utf8)
        guard thousandths % 1000 != 0 else { return }
        let digits = String(abs(thousandths % 1000))
        bytes.append(UInt8(ascii: "."))
        bytes.append(contentsOf: repeatElement(0x30, count: 3 - digits.utf8.count))
        bytes.append(contentsOf: digits.utf8)
    }

    public mutating func bool(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// JSON text that is known to be one value.
    public mutating func raw(_ json: Span<UInt8>) {
        separate()
        bytes.append(copying: json)
    }

    public mutating func newline() { bytes.append(0x0A) }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func appendQuoted(_ text: Span<UInt8>) {
        bytes.append(0x22)
        for position in 0..<text.count {
            let byte = text[position]
            switch byte {
            case 0x22, 0x5C:
                bytes.append(0x5C)
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: [0x5C, UInt8(ascii: "n")])
            case 0x0D: bytes.append(contentsOf: [0x5C, UInt8(ascii: "r")])
            case 0x09: bytes.append(contentsOf: [0x5C, UInt8(ascii: "t")])
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(byte < 0x10 ? 0x30 : 0x31)
                bytes.append(Base64.hexDigits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }
}

/// Base64 with padding (RFC 4648 section 4).
public enum Base64 {
    static let hexDigits = Array("0123456789abcdef".utf8)
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    public static func encode(_ data: Span<UInt8>, into text: inout [UInt8]) {
        text.reserveCapacity(text.count + (data.count + 2) / 3 * 4)
        var position = 0
        while position < data.count {
            let left = data.count - position
            let word =
                UInt32(data[position]) << 16 | (left > 1 ? UInt32(data[position + 1]) << 8 : 0)
                | (left > 2 ? UInt32(data[position + 2]) : 0)
            text.append(alphabet[Int(word >> 18)])
            text.append(alphabet[Int(word >> 12 & 63)])
            text.append(left > 1 ? alphabet[Int(word >> 6 & 63)] : 0x3D)
            text.append(left > 2 ? alphabet[Int(word & 63)] : 0x3D)
            position += 3
        }
    }

    /// The data that `text` stands for, or nil if it is not base64.
    public static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var data: [UInt8] = []
        var word: UInt32 = 0
        let padding = text.suffix(2).count { $0 == 0x3D }
        for (position, byte) in text.enumerated() {
            let isPadding = position >= text.count - padding
            guard let value = isPadding ? 0 : alphabet.firstIndex(of: byte) else { return nil }
            word = word << 6 | UInt32(value)
            guard position % 4 == 3 else { continue }
            data.append(contentsOf: [UInt8(word >> 16 & 255), UInt8(word >> 8 & 255), UInt8(word & 255)])
            word = 0
        }
        data.removeLast(padding)
        return data
    }
}
