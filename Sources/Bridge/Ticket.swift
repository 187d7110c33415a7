// The identity that a worker replies to: reactor, slot and generation, in printable form.
//
//       |  8 hex digits  | 2 hex  |  6 hex  |   8 hex    |
//       |  instance      | reactor|  slot   | generation |     24 bytes, e.g. 5f3a91c200000012000004d2
//
// The instance is a random number per process, so a late reply to a gateway that has been restarted is dropped. The
// form is printable because workers in C treat an identity as a string. It fits the 33 bytes that libzmq stores inside
// a message without another allocation.

/// Reactor, slot and generation of one exchange. A table never issues the same ticket twice.
public struct Ticket: Hashable, Sendable {
    /// reactor << 56 | slot << 32 | generation
    public let value: UInt64

    @inlinable
    init(value: UInt64) { self.value = value }

    @inlinable
    init(reactor: UInt8, slot: Int, generation: UInt32) {
        value = UInt64(reactor) << 56 | UInt64(slot) << 32 | UInt64(generation)
    }

    /// A ticket that no table issues.
    public static let none = Ticket(value: .max)

    /// The ticket for the `number`th name that `reactor` makes outside of any table; `number` is below 2^56.
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

/// Writes tickets as identities and reads them back; one per process.
public struct TicketCodec: Sendable {
    /// Bytes of a written ticket.
    public static let byteCount = 24

    /// Its eight hex digits.
    private let instance: UInt64

    /// - Parameter instance: a random number that sets this process apart from its predecessor.
    public init(instance: UInt32) { self.instance = Self.spell(instance) }

    /// Writes `ticket` over the first 24 bytes of `bytes`, which must be at least that long.
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

    /// Reads a ticket; nil if `bytes` are not a ticket of this process.
    public func read(_ bytes: Span<UInt8>) -> Ticket? {
        guard bytes.count == Self.byteCount, Self.word(bytes, at: 0) == instance,
            let high = Self.value(Self.word(bytes, at: 8)), let low = Self.value(Self.word(bytes, at: 16))
        else { return nil }
        return Ticket(value: UInt64(high) << 32 | UInt64(low))
    }

    /// Eight bytes, big-endian.
    private static func word(_ bytes: Span<UInt8>, at start: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in start..<start + 8 { word = word << 8 | UInt64(bytes[index]) }
        return word
    }

    // When inlined, the offsets are constants: the bounds checks fold away and eight stores become one.
    @inline(__always)
    private static func store(_ word: UInt64, into bytes: inout MutableSpan<UInt8>, at start: Int) {
        for index in 0..<8 { bytes[start + index] = UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * index)) }
    }

    // A message writes one ticket and reads one, so eight digits are converted at once, one per byte of a word.

    /// The eight lower-case hex digits of `value`, most significant first.
    private static func spell(_ value: UInt32) -> UInt64 {
        var digits = UInt64(value)
        digits = (digits << 16 | digits) & 0x0000_FFFF_0000_FFFF
        digits = (digits << 8 | digits) & 0x00FF_00FF_00FF_00FF
        digits = (digits << 4 | digits) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return digits &+ 0x3030_3030_3030_3030 &+ isLetter &* 0x27
    }

    /// The value of eight hex digits; nil unless `spell` would write exactly these: each ticket has one spelling.
    private static func value(_ word: UInt64) -> UInt32? {
        let isLetter = word >> 6 & 0x0101_0101_0101_0101
        var digits = (word &+ isLetter &* 9) & 0x0F0F_0F0F_0F0F_0F0F
        digits = (digits >> 4 | digits) & 0x00FF_00FF_00FF_00FF
        digits = (digits >> 8 | digits) & 0x0000_FFFF_0000_FFFF
        let value = UInt32(truncatingIfNeeded: digits >> 16 | digits)
        return spell(value) == word ? value : nil
    }
}
