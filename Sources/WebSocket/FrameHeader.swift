// The header of a WS frame (RFC 6455, section 5.2): read from bytes that may come one at a time, and written.
//
//     FIN RSV1-3 opcode(4) | MASK length(7) | 0, 2 or 8 bytes of length | 4 bytes of mask, from a client

enum Opcode: UInt8 {
    case continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xA

    var isControl: Bool { rawValue >= 0x8 }
}

/// A frame header.
struct FrameHeader {
    var opcode = Opcode.continuation
    var isFinal = false
    /// RSV1: the message is compressed (RFC 7692, section 6).
    var isCompressed = false
    var length = 0
    var mask: UInt32 = 0

    /// The longest header of a server's frame, which has no mask.
    static var mostBytes: Int { 10 }
}

/// Reads one header after the other.
struct FrameHeaderReader {
    enum Outcome {
        case incomplete
        case header(FrameHeader)
        case wrong(StaticString)
    }

    private var bytes = [14 of UInt8](repeating: 0)
    private var count = 0
    private var needed = 2

    /// Takes bytes from `position` up to `end`, and moves `position` past those it took.
    /// - Parameter allowsCompression: RSV1 has a meaning on this connection.
    mutating func read(
        _ input: Span<UInt8>, upTo end: Int, _ position: inout Int, allowsCompression: Bool
    ) -> Outcome {
        while true {
            while count < needed {
                guard position < end else { return .incomplete }
                bytes[count] = input[position]
                count += 1
                position += 1
            }
            if needed > 2 { break }
            if let fault = fault(allowsCompression) { return .wrong(fault) }
            let short = bytes[1] & 0x7F
            needed = 6 + (short == 126 ? 2 : short == 127 ? 8 : 0)
        }
        defer { (count, needed) = (0, 2) }
        return finish()
    }

    /// The error that the first two bytes show; nil for none.
    private func fault(_ allowsCompression: Bool) -> StaticString? {
        let first = bytes[0]
        guard first & 0x30 == 0, first & 0x40 == 0 || allowsCompression else { return "a reserved bit is set" }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { return "the opcode is reserved" }
        guard bytes[1] & 0x80 != 0 else { return "a client's frame must be masked" }
        if opcode.isControl {
            if first & 0x80 == 0 { return "a control frame is fragmented" }
            if first & 0x40 != 0 { return "a control frame is compressed" }
            if bytes[1] & 0x7F > 125 { return "a control frame is longer than 125 bytes" }
        } else if opcode == .continuation && first & 0x40 != 0 {
            return "a continuation frame has the bit of a compressed message"
        }
        return nil
    }

    private func finish() -> Outcome {
        var length = UInt64(bytes[1] & 0x7F)
        let extra = needed - 6
        if extra > 0 {
            length = 0
            for index in 2..<2 + extra { length = length << 8 | UInt64(bytes[index]) }
            if length <= (extra == 2 ? 125 : 65_535) { return .wrong("the length is not in its shortest form") }
            if length > UInt64(Int.max) { return .wrong("the highest bit of the length is set") }
        }
        var mask: UInt32 = 0
        for index in 0..<4 { mask |= UInt32(bytes[2 + extra + index]) << UInt32(8 * index) }
        return .header(
            FrameHeader(
                opcode: Opcode(rawValue: bytes[0] & 0x0F) ?? .continuation, isFinal: bytes[0] & 0x80 != 0,
                isCompressed: bytes[0] & 0x40 != 0, length: Int(length), mask: mask))
    }
}

extension [UInt8] {
    /// Appends the header of a server's frame: final and not masked.
    mutating func appendFrameHeader(_ opcode: Opcode, _ length: Int, isCompressed: Bool = false) {
        append(0x80 | (isCompressed ? 0x40 : 0) | opcode.rawValue)
        if length <= 125 { return append(UInt8(length)) }
        let bytes = length <= 65_535 ? 2 : 8
        append(bytes == 2 ? 126 : 127)
        for index in (0..<bytes).reversed() { append(UInt8(truncatingIfNeeded: length >> (8 * index))) }
    }

    /// Appends bytes in one copy.
    mutating func append(copying bytes: Span<UInt8>) {
        // SAFETY: the buffer is read during the call only.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
