// Encodes bytes as a JSON string (RFC 8259, section 7): quotes, backslashes and control characters are escaped, valid
// UTF-8 stays as it is, and a byte that is not part of valid UTF-8 becomes U+FFFD.

extension [UInt8] {
    /// Appends bytes as a JSON string with its quotes.
    public mutating func appendJSONString(_ text: Span<UInt8>) {
        append(.quote)
        var start = 0
        var index = 0
        while true {
            index = text.endOfPlainText(from: index)
            if index < text.count, text.at(index) >= 0x80 {
                let length = text.sequenceLength(at: index)
                if length > 0 {
                    index += length
                    continue
                }
            }
            append(copying: text.extracting(start..<index))
            guard index < text.count else { break }
            appendEscape(text.at(index))
            index += 1
            start = index
        }
        append(.quote)
    }

    private mutating func appendEscape(_ byte: UInt8) {
        switch byte {
        case .quote, .backslash: self += [.backslash, byte]
        case 0x08: self += [.backslash, UInt8(ascii: "b")]
        case 0x09: self += [.backslash, UInt8(ascii: "t")]
        case 0x0A: self += [.backslash, UInt8(ascii: "n")]
        case 0x0C: self += [.backslash, UInt8(ascii: "f")]
        case 0x0D: self += [.backslash, UInt8(ascii: "r")]
        case 0x00..<0x20:
            let low = byte & 0x0F
            append(contentsOf: "\\u00".utf8)
            append(byte < 0x10 ? 0x30 : 0x31)
            append(low < 10 ? 0x30 + low : 0x57 + low)
        default: self += [0xEF, 0xBF, 0xBD]
        }
    }

    /// Appends an integer in decimal, padded with leading zeros to `digits` (at most 20).
    public mutating func append(decimal magnitude: UInt64, atLeast digits: Int = 1) {
        // On the stack: reversing a slice of the array in place would copy it.
        var text = [20 of UInt8](repeating: UInt8(ascii: "0"))
        var start = text.count
        var rest = magnitude
        repeat {
            start -= 1
            text[start] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
            rest /= 10
        } while rest > 0
        start = Swift.min(start, text.count - digits)
        append(copying: text.span.extracting(start...))
    }
}
