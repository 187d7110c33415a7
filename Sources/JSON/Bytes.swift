// Copying a span to the end of an array: the standard library has no spelling for it yet.

extension [UInt8] {
    /// An array with the bytes of a span.
    public init(copying bytes: Span<UInt8>) {
        // SAFETY: the pointer is read within the call that borrows the span, and nowhere kept.
        self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// Appends the bytes of a span.
    @inline(__always)
    public mutating func append(copying bytes: Span<UInt8>) {
        // SAFETY: the pointer is read within the call that borrows the span, and nowhere kept.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends a text of the program's own.
    @inline(__always)
    public mutating func append(_ text: StaticString) {
        // SAFETY: the text is part of the program, and read within the call only.
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }
}
