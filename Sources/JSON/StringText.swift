// What a JSON string stands for, once its escapes are read (RFC 8259 section 7).

/// Reads the inside of strings that a scanner has found valid.
enum StringText {
    /// The text between the quotes of `range`, unescaped, as UTF-8.
    static func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let byte = bytes[position]
            position += 1
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            let escape = bytes[position]
            position += 1
            switch escape {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = hex(bytes, position)
                position += 4
                if scalar & 0xFC00 == 0xD800 {
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + (hex(bytes, position + 2) & 0x3FF)
                    position += 6
                }
                if let unicode = Unicode.Scalar(scalar) { result.append(contentsOf: UTF8.encode(unicode)!) }
            default: result.append(escape)
            }
        }
        return result
    }

    static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: [UInt8]) -> Bool {
        if range.count == text.count {
            var position = 0
            while position < text.count && bytes[range.lowerBound + position] == text[position] { position += 1 }
            if position == text.count { return true }
        }
        guard range.count > text.count else { return false }
        return decode(bytes, range) == text
    }

    private static func hex(_ bytes: Span<UInt8>, _ start: Int) -> UInt32 {
        var value: UInt32 = 0
        for position in start..<start + 4 {
            let digit = bytes[position]
            value = value << 4 | UInt32(digit <= 0x39 ? digit - 0x30 : (digit | 0x20) - 0x57)
        }
        return value
    }
}
