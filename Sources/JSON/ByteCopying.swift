// Copies out of spans that other rooms need too.

extension String {
    /// The text that `bytes` hold, with U+FFFD for what is not UTF-8.
    public init(copying bytes: Span<UInt8>) {
        // SAFETY: the buffer is read during the call only.
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

/// Reads scalars out of a text that was found valid.
public enum JSONText {
    /// The number at `range`, or nil if something else is there.
    public static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Double? {
        Double(String(copying: bytes.extracting(range)))
    }

    /// The text of the string at `range`, unescaped, or nil if something else is there.
    public static func string(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8]? {
        bytes[range.lowerBound] == 0x22 ? decodeString(bytes.extracting(range)) : nil
    }
}
