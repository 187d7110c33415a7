// UTF-8, byte by byte (RFC 3629 section 4): no overlong form, no surrogate, nothing above U+10FFFF.

/// Where a reader stands inside a character of several bytes.
struct UTF8Step {
    /// Bytes that must still come.
    private(set) var needed: UInt8 = 0
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xBF

    /// Takes a byte from 0x80 on, or any byte while `needed` is not zero. - Returns: whether it may stand here.
    mutating func take(_ byte: UInt8) -> Bool {
        if needed > 0 {
            guard byte >= lower && byte <= upper else { return false }
            (lower, upper) = (0x80, 0xBF)
            needed -= 1
            return true
        }
        switch byte {
        case 0xC2...0xDF: needed = 1
        case 0xE0: (needed, lower) = (2, 0xA0)
        case 0xED: (needed, upper) = (2, 0x9F)
        case 0xE1...0xEF: needed = 2
        case 0xF0: (needed, lower) = (3, 0x90)
        case 0xF4: (needed, upper) = (3, 0x8F)
        case 0xF1...0xF3: needed = 3
        default: return false
        }
        return true
    }
}

/// Checks text that may come in pieces.
public struct UTF8Validation: Sendable {
    private var step = UTF8Step()
    private var consumed = 0
    /// The offset of the first byte that is not UTF-8; nil while all is well.
    public private(set) var invalidOffset: Int?

    public init() {}

    public mutating func feed(_ bytes: Span<UInt8>) {
        guard invalidOffset == nil else { return }
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte >= 0x80 || step.needed > 0, !step.take(byte) {
                invalidOffset = consumed + position
                return
            }
            position += 1
        }
        consumed += bytes.count
    }

    /// No more comes: a character that is not complete is none.
    public mutating func finish() {
        if invalidOffset == nil && step.needed > 0 { invalidOffset = consumed }
    }

    /// The offset of the first byte of `bytes` that is not UTF-8, or nil.
    public static func firstInvalidOffset(_ bytes: Span<UInt8>) -> Int? {
        var validation = UTF8Validation()
        validation.feed(bytes)
        validation.finish()
        return validation.invalidOffset
    }
}

extension UTF8Step: Sendable {}
