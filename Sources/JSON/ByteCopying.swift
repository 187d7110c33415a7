// Copies from spans that other rooms need too.

extension String {
    /// The text of `bytes`, with U+FFFD for invalid UTF-8.
    public init(copying bytes: Span<UInt8>) {
        // SAFETY: the buffer is read during the call only.
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

/// Reads scalars from a valid JSON text.
public enum JSONText {
    /// The number at `range`; nil if the value there is not a number.
    public static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Double? {
        Double(String(copying: bytes.extracting(range)))
    }

    /// The unescaped text of the string at `range`; nil if the value there is not a string.
    public static func string(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8]? {
        bytes[range.lowerBound] == 0x22 ? decodeString(bytes.extracting(range)) : nil
    }
}
