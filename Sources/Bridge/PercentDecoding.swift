// Strict percent-decoding of paths and queries (RFC 3986 section 2.1).
//
// A malformed escape is rejected, not passed through: a proxy or a worker might read it differently. NUL is rejected
// because workers in C would truncate the text there. Dot segments are rejected because the gateway does not resolve
// them.

/// Decodes parts of a URL.
public enum PercentDecoding {
    public enum Decoded: Equatable, Sendable {
        case text(String)
        /// What is wrong, as a sentence.
        case failure(String)
    }

    /// One path segment.
    static func segment(_ path: Span<UInt8>, _ start: Int, _ end: Int) -> Decoded {
        let decoded = decode(path, start, end, plusIsSpace: false)
        if decoded == .text(".") || decoded == .text("..") {
            return .failure("the dot segments . and .. are not allowed")
        }
        return decoded
    }

    /// All segments from `start` on.
    static func rest(_ path: Span<UInt8>, _ start: Int) -> Decoded {
        let decoded = decode(path, start, path.count, plusIsSpace: false)
        if case .text(let text) = decoded, text.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) {
            return .failure("the dot segments . and .. are not allowed")
        }
        return decoded
    }

    /// A name or value of a query, where `+` is a space (application/x-www-form-urlencoded).
    public static func queryPart(_ query: Span<UInt8>, _ range: Range<Int>) -> Decoded {
        decode(query, range.lowerBound, range.upperBound, plusIsSpace: true)
    }

    /// The byte that the escape at `position` encodes; nil if there is no valid escape.
    static func escape(_ bytes: Span<UInt8>, _ position: Int, _ end: Int) -> UInt8? {
        guard position + 2 < end, bytes[position] == UInt8(ascii: "%"), let high = hexValue(bytes[position + 1]),
            let low = hexValue(bytes[position + 2])
        else { return nil }
        return high << 4 | low
    }

    private static func decode(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, plusIsSpace: Bool) -> Decoded {
        var result: [UInt8] = []
        result.reserveCapacity(end - start)
        var position = start
        while position < end {
            var byte = bytes[position]
            if byte == UInt8(ascii: "%") {
                guard let escaped = escape(bytes, position, end) else {
                    return .failure("a % is not followed by two hexadecimal digits")
                }
                byte = escaped
                position += 2
            } else if plusIsSpace && byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            }
            if byte == 0 { return .failure("a URL may not contain NUL") }
            result.append(byte)
            position += 1
        }
        guard let text = String(validating: result, as: UTF8.self) else { return .failure("it is not valid UTF-8") }
        return .text(text)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
