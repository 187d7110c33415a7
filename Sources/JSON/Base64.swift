// Base64 with the standard alphabet and padding (RFC 4648, section 4): the form of binary bytes in JSON.

/// Base64 as defined in RFC 4648, section 4.
public enum Base64 {
    /// The encoded length of `count` bytes.
    public static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Appends the encoded form of some bytes.
    public static func encode(_ bytes: Span<UInt8>, into text: inout [UInt8]) {
        let alphabet = alphabet
        var target = text.count
        text.append(contentsOf: repeatElement(padding, count: encodedCount(bytes.count)))
        var index = 0
        while index + 3 <= bytes.count {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            for position in 0..<4 {
                text[target + position] = alphabet[Int(group >> UInt32(18 - 6 * position) & 0x3F)]
            }
            index += 3
            target += 4
        }
        guard index < bytes.count else { return }
        let second = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
        let group = UInt32(bytes[index]) << 16 | second << 8
        text[target] = alphabet[Int(group >> 18)]
        text[target + 1] = alphabet[Int(group >> 12 & 0x3F)]
        if index + 1 < bytes.count { text[target + 2] = alphabet[Int(group >> 6 & 0x3F)] }
    }

    /// The encoded form of some bytes.
    public static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        encode(bytes, into: &text)
        return text
    }

    /// Decodes a text. Nil if it has a character outside of the alphabet, white space, wrong or missing padding, or
    /// non-zero trailing bits (RFC 4648, sections 3.2 to 3.5): each value has one encoding.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var length = text.count
        while length > 0, length > text.count - 2, text[length - 1] == padding { length -= 1 }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length / 4 * 3 + 2)
        var group: UInt32 = 0
        var bits = 0
        for index in 0..<length {
            guard let value = value(text[index]) else { return nil }
            group = group << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        guard group & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return bytes
    }

    private static let padding = UInt8(ascii: "=")
    private static let alphabet =
        Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func value(_ character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5A: UInt32(character) - 0x41
        case 0x61...0x7A: UInt32(character) - 0x61 + 26
        case 0x30...0x39: UInt32(character) - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
