// The name under which a worker answers: reactor + slot + generation, and its printable form.
//
//     |  8 hex digits  | 2 hex  |  6 hex  |   8 hex    |
//     |  instance      | reactor|  slot   | generation |     24 bytes, e.g. 5f3a91c200000012000004d2
//
// The instance is drawn once a process, so a worker that still answers a gateway that was restarted reaches nobody. The
// form is printable because workers in C take an identity for a string, and fits the 33 bytes that libzmq keeps inside
// a message without a second allocation.

/// Reactor, slot and generation of one exchange. A table never issues one twice.
public struct Ticket: Hashable, Sendable {
    /// reactor << 56 | slot << 32 | generation
    public let value: UInt64

    @inlinable
    init(value: UInt64) { self.value = value }

    @inlinable
    init(reactor: UInt8, slot: Int, generation: UInt32) {
        value = UInt64(reactor) << 56 | UInt64(slot) << 32 | UInt64(generation)
    }

    /// No table issues it.
    public static let none = Ticket(value: .max)

    /// The `number`th name that `reactor` mints outside of any table; at most 2^56 of them.
    public init(reactor: UInt8, number: UInt64) {
        precondition(number < 1 << 56)
        value = UInt64(reactor) << 56 | number
    }

    @inlinable public var reactor: UInt8 { UInt8(truncatingIfNeeded: value >> 56) }
    @inlinable var slot: Int { Int(value >> 32 & 0xFF_FFFF) }
    @inlinable var generation: UInt32 { UInt32(truncatingIfNeeded: value) }

    fileprivate var high: UInt32 { UInt32(truncatingIfNeeded: value >> 32) }
    fileprivate var low: UInt32 { UInt32(truncatingIfNeeded: value) }
}

/// Writes tickets as identities and reads them back; one a process.
public struct TicketCodec: Sendable {
    /// Bytes of a written ticket.
    public static let byteCount = 24

    /// As it is written.
    private let instance: UInt64

    /// - Parameter instance: what tells this process from the one before it; a random number.
    public init(instance: UInt32) { self.instance = Self.spell(instance) }

    /// Writes `ticket` over the first 24 bytes of `bytes`, which must have them.
    public func write(_ ticket: Ticket, into bytes: inout MutableSpan<UInt8>) {
        precondition(bytes.count >= Self.byteCount)
        Self.store(instance, into: &bytes, at: 0)
        Self.store(Self.spell(ticket.high), into: &bytes, at: 8)
        Self.store(Self.spell(ticket.low), into: &bytes, at: 16)
    }

    /// The written form as an array; for logs and identities that are made once.
    public func bytes(of ticket: Ticket) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        var span = bytes.mutableSpan
        write(ticket, into: &span)
        return bytes
    }

    /// The ticket that `bytes` spell, or nil if they are none of this process's.
    public func read(_ bytes: Span<UInt8>) -> Ticket? {
        guard bytes.count == Self.byteCount, Self.word(bytes, at: 0) == instance,
            let high = Self.value(Self.word(bytes, at: 8)), let low = Self.value(Self.word(bytes, at: 16))
        else { return nil }
        return Ticket(value: UInt64(high) << 32 | UInt64(low))
    }

    /// Eight bytes, the first one highest.
    private static func word(_ bytes: Span<UInt8>, at start: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in start..<start + 8 { word = word << 8 | UInt64(bytes[index]) }
        return word
    }

    // Inlined, the places are constants: the checks of their bounds fall away, and eight stores become one.
    @inline(__always)
    private static func store(_ word: UInt64, into bytes: inout MutableSpan<UInt8>, at start: Int) {
        for index in 0..<8 { bytes[start + index] = UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * index)) }
    }

    // Eight digits are worked on at once, a byte of a word for each: a message writes a ticket and reads one.

    /// The eight lower-case hex digits of `value`, the first one highest.
    private static func spell(_ value: UInt32) -> UInt64 {
        var digits = UInt64(value)
        digits = (digits << 16 | digits) & 0x0000_FFFF_0000_FFFF
        digits = (digits << 8 | digits) & 0x00FF_00FF_00FF_00FF
        digits = (digits << 4 | digits) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return digits &+ 0x3030_3030_3030_3030 &+ isLetter &* 0x27
    }

    /// What eight digits say. Whatever is not exactly what `spell` writes is none: each ticket has one spelling.
    private static func value(_ word: UInt64) -> UInt32? {
        let isLetter = word >> 6 & 0x0101_0101_0101_0101
        var digits = (word &+ isLetter &* 9) & 0x0F0F_0F0F_0F0F_0F0F
        digits = (digits >> 4 | digits) & 0x00FF_00FF_00FF_00FF
        digits = (digits >> 8 | digits) & 0x0000_FFFF_0000_FFFF
        let value = UInt32(truncatingIfNeeded: digits >> 16 | digits)
        return spell(value) == word ? value : nil
    }
}
