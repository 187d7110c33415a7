// Which bytes may stand where in a request (RFC 9110 section 5.6.2, RFC 9112, RFC 3986). A class of ASCII bytes is two
// words of bits, so that a test is a shift; RequestValidatorTests compares them with the lists in the RFCs.

enum CharacterClass {
    @inline(__always)
    private static func holds(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
        byte < 128 && ((byte < 64 ? low : high) &>> UInt64(byte & 63)) & 1 != 0
    }

    /// tchar: letters, digits, and !#$%&'*+-.^_`|~
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool { holds(byte, 0x03ff_6cfa_0000_0000, 0x57ff_ffff_c7ff_fffe) }

    /// One tchar or more.
    static func isToken(_ bytes: Span<UInt8>) -> Bool {
        for i in bytes.indices where !isToken(bytes[i]) { return false }
        return !bytes.isEmpty
    }

    /// A tab, a space, a visible character, or a byte above 127 (obs-text).
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool { (byte >= 32 && byte != 127) || byte == 9 }

    /// Whether each byte may stand in a field's value. Eight at a time: most values are of visible characters alone.
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

    /// The first byte that may not stand in a target.
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

    // Eight bytes at once: the highest bit of each says whether it is such a byte, if it is ASCII. Whether there is one
    // is exact; which ones, not: a byte that is one may take the next with it, by what it borrows.

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

    /// Visible ASCII but `#`: more lenient than the grammar inside of ASCII ("<>\^`{|} pass), and as strict outside of
    /// it.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool { holds(byte, 0xffff_fff6_0000_0000, 0x7fff_ffff_ffff_ffff) }

    /// What a host and port are made of: letters, digits, and -._~!$&'()*+,;=%:[]
    @inline(__always)
    static func isHost(_ byte: UInt8) -> Bool { holds(byte, 0x2fff_7ff2_0000_0000, 0x47ff_fffe_afff_fffe) }

    @inline(__always)
    static func lowered(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 32 : byte }
}

extension Span<UInt8> {
    /// Compares ASCII without regard to case.
    func equalsIgnoringCase(_ other: StaticString) -> Bool {
        guard count == other.utf8CodeUnitCount else { return false }
        // SAFETY: a StaticString's bytes live for ever, and there are utf8CodeUnitCount of them.
        return unsafe equalsIgnoringCase(Span(_unsafeStart: other.utf8Start, count: count))
    }

    /// Eight bytes from `position` on, the first one lowest.
    @inline(__always)
    func word(at position: Int) -> UInt64 {
        precondition(position >= 0 && position &+ 8 <= count)
        // SAFETY: just checked.
        return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: position, as: UInt64.self) }
    }

    /// An array of the same bytes.
    var copied: [UInt8] {
        // SAFETY: the buffer is read during the call only.
        unsafe withUnsafeBufferPointer { unsafe Array($0) }
    }

    @inline(__always)
    func equals(_ other: StaticString) -> Bool {
        guard count == other.utf8CodeUnitCount else { return false }
        // SAFETY: a StaticString's bytes live for ever, and there are utf8CodeUnitCount of them.
        let bytes = unsafe Span(_unsafeStart: other.utf8Start, count: count)
        for i in indices where self[i] != bytes[i] { return false }
        return true
    }

    /// Compares ASCII without regard to case. Eight bytes at a time, the last eight perhaps once more.
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

    /// How often `byte` is among them.
    func count(of byte: UInt8) -> Int {
        var count = 0
        for i in indices where self[i] == byte { count += 1 }
        return count
    }
}
