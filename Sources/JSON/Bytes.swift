// Copying between spans and arrays: the one loop that everybody needs and that safety makes slow.

extension [UInt8] {
    /// Appends all of `bytes`.
    public mutating func append(copying bytes: Span<UInt8>) {
        // SAFETY: the buffer is read during the call only; an array's append from it is one memcpy.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// An array of the same bytes.
    public init(copying bytes: Span<UInt8>) {
        self = []
        append(copying: bytes)
    }
}

extension String {
    /// The text that `bytes` hold, with U+FFFD for what is not UTF-8.
    public init(copying bytes: Span<UInt8>) {
        // SAFETY: the buffer is read during the call only.
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
