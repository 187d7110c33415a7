// The bytes that are valid in each part of a request (RFC 9110 section 5.6.2, RFC 9112, RFC 3986). A class of ASCII
// bytes is two words of bits, so a test is a shift; RequestValidatorTests compares them with the lists in the RFCs.

enum CharacterClass {
    @inline(__always)
    private static func holds(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        byte < 128 && ((byte < 64 ? low : high) &>> UInt64(byte & 63)) & 1 != 0
    }

    /// tchar: letters, digits, and !#$%&'*+-.^_`|~
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool { holds(byte, 0x03ff_6cfa_0000_0000, 0x57ff_ffff_c7ff_fffe) }

    /// One or more tchar.
    static func isToken(_ bytes: Span<UInt8>) -> Bool {
        for i in bytes.indices where !isToken(bytes[i]) { return false }
        return !bytes.isEmpty
    }

    /// A tab, a space, a visible character, or a byte above 127 (obs-text).
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool { (byte >= 32 && byte != 127) || byte == 9 }

    /// Whether every byte is valid in a field value. Checks eight at a time: most values are visible characters only.
    static func areFieldValue(_ bytes: Span<UInt8>) -> Bool {
        var position = 0
        while position &+ 8 <= bytes.count {
            let word = bytes.word(at: position)
            if (isBelow(32, word) | isEqual(127, word)) & ~word & highBits != 0 { break }
            position &+= 8
        }
        while position < bytes.count {
            if !isFieldValue(bytes[position]) { return false }
            position &+= 1
        }
        return true
    }

    /// The first byte that is not valid in a request target.
    static func firstOutsideTarget(_ bytes: Span<UInt8>) -> Int? {
        var position = 0
        while position &+ 8 <= bytes.count {
            let word = bytes.word(at: position)
            let isBad = isBelow(33, word) | isEqual(127, word) | isEqual(35, word) | word
            if isBad & highBits != 0 { break }
            position &+= 8
        }
        while position < bytes.count {
            if !isTarget(bytes[position]) { return position }
            position &+= 1
        }
        return nil
    }

    // Eight bytes at once: the high bit of each byte says whether it matches, provided that it is ASCII. Whether any
    // byte matches is exact; which one is not, because the borrow of a match can mark the next byte.

    private static func isBelow(_ bound: UInt64, _ word: UInt64) -> UInt64 { word &- bound &* ones }

    private static func isEqual(_ byte: UInt64, _ word: UInt64) -> UInt64 { (word ^ byte &* ones) &- ones }

    /// ASCII letters in lower case, eight bytes at once.
    @inline(__always)
    static func lowered(_ word: UInt64) -> UInt64 {
        let low = word & ~highBits
        let isUpper = (low &+ (128 - 65) &* ones) & ~(low &+ (128 - 91) &* ones) & ~word & highBits
        return word | isUpper >> 2
    }

    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// Visible ASCII except `#`: more lenient than the grammar within ASCII ("<>\^`{|} pass), and as strict outside of
    /// it.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool { holds(byte, 0xffff_fff6_0000_0000, 0x7fff_ffff_ffff_ffff) }

    /// The bytes of a host and port: letters, digits, and -._~!$&'()*+,;=%:[]
    @inline(__always)
    static func isHost(_ byte: UInt8) -> Bool { holds(byte, 0x2fff_7ff2_0000_0000, 0x47ff_fffe_afff_fffe) }

    @inline(__always)
    static func lowered(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 32 : byte }
}

extension Span<UInt8> {
    /// ASCII case-insensitive comparison.
    func equalsIgnoringCase(_ other: StaticString) -> Bool {
        guard count == other.utf8CodeUnitCount else { return false }
        // SAFETY: a StaticString lives for ever and has utf8CodeUnitCount bytes.
        return unsafe equalsIgnoringCase(Span(_unsafeStart: other.utf8Start, count: count))
    }

    /// Eight bytes from `position`, little-endian.
    @inline(__always)
    func word(at position: Int) -> UInt64 {
        precondition(position >= 0 && position &+ 8 <= count)
        // SAFETY: just checked.
        return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: position, as: UInt64.self) }
    }

    /// A copy as an array.
    var copied: [UInt8] {
        // SAFETY: the buffer is read during the call only.
        unsafe withUnsafeBufferPointer { unsafe Array($0) }
    }

    @inline(__always)
    func equals(_ other: StaticString) -> Bool {
        guard count == other.utf8CodeUnitCount else { return false }
        // SAFETY: a StaticString lives for ever and has utf8CodeUnitCount bytes.
        let bytes = unsafe Span(_unsafeStart: other.utf8Start, count: count)
        for i in indices where self[i] != bytes[i] { return false }
        return true
    }

    /// ASCII case-insensitive comparison, eight bytes at a time; the last eight may overlap.
    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        guard count >= 8 else {
            for i in indices where CharacterClass.lowered(self[i]) != CharacterClass.lowered(other[i]) { return false }
            return true
        }
        var position = 0
        while position < count {
            let start = min(position, count &- 8)
            if CharacterClass.lowered(word(at: start)) != CharacterClass.lowered(other.word(at: start)) { return false }
            position &+= 8
        }
        return true
    }

    /// The number of bytes equal to `byte`.
    func count(of byte: UInt8) -> Int {
        var count = 0
        for i in indices where self[i] == byte { count += 1 }
        return count
    }
}
