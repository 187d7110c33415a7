// Decodes JSON strings. The text has passed a Scanner, so there is nothing left to reject.

/// Decodes a JSON string to UTF-8.
/// - Parameter literal: a string as written in a JSON text, with its quotes.
/// - Returns: nil if the bytes are not one JSON string.
public func decodeString(_ literal: Span<UInt8>) -> [UInt8]? {
    let scan = Scanner.scan(literal)
    guard scan.isValid, scan.kind == .string, literal[0] == .quote, literal[literal.count - 1] == .quote else {
        return nil
    }
    return unescaped(literal.extracting(1..<literal.count - 1))
}

/// Replaces the escapes of a valid string's content (RFC 8259, section 7).
func unescaped(_ content: Span<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(content.count)
    var index = 0
    while index < content.count {
        let byte = content[index]
        guard byte == .backslash else {
            text.append(byte)
            index += 1
            continue
        }
        let escape = content[index + 1]
        index += 2
        switch escape {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = fourDigits(content, at: index)
            index += 4
            if scalar & 0xFC00 == 0xD800 {
                scalar = 0x1_0000 + (scalar & 0x3FF) << 10 + (fourDigits(content, at: index + 2) & 0x3FF)
                index += 6
            }
            append(scalar, to: &text)
        default: text.append(escape)
        }
    }
    return text
}

private func fourDigits(_ content: Span<UInt8>, at index: Int) -> UInt32 {
    var value: UInt32 = 0
    for digit in index..<index + 4 { value = value << 4 | (content[digit].hexValue ?? 0) }
    return value
}

/// Appends a scalar value as UTF-8 (RFC 3629, section 3).
private func append(_ scalar: UInt32, to text: inout [UInt8]) {
    func tail(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(truncatingIfNeeded: scalar >> shift & 0x3F) }
    switch scalar {
    case 0..<0x80: text.append(UInt8(scalar))
    case 0x80..<0x800: text += [0xC0 | UInt8(scalar >> 6), tail(0)]
    case 0x800..<0x1_0000: text += [0xE0 | UInt8(scalar >> 12), tail(6), tail(0)]
    default: text += [0xF0 | UInt8(scalar >> 18), tail(12), tail(6), tail(0)]
    }
}
