// Appending a span to an array: the standard library does not have that yet.

extension [UInt8] {
    /// A copy of a span.
    public init(copying bytes: Span<UInt8>) {
        // SAFETY: the pointer is read within the call that borrows the span, and not kept.
        self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// Appends the bytes of a span.
    @inline(__always)
    public mutating func append(copying bytes: Span<UInt8>) {
        // SAFETY: the pointer is read within the call that borrows the span, and not kept.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends a literal.
    @inline(__always)
    public mutating func append(_ text: StaticString) {
        // SAFETY: the text is part of the program, and read within the call only.
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }
}

extension Span<UInt8> {
    /// Whether both have the same bytes.
    public func equals(_ bytes: [UInt8]) -> Bool {
        guard count == bytes.count else { return false }
        let other = bytes.span
        var position = 0
        while position &+ 8 <= count {
            guard word(at: position) == other.word(at: position) else { return false }
            position &+= 8
        }
        while position < count {
            guard self[position] == other[position] else { return false }
            position &+= 1
        }
        return true
    }
}
