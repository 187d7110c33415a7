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
}

/// Writes tickets as identities and reads them back; one a process.
public struct TicketCodec: Sendable {
    /// Bytes of a written ticket.
    public static let byteCount = 24

    private let instance: UInt32

    /// - Parameter instance: what tells this process from the one before it; a random number.
    public init(instance: UInt32) { self.instance = instance }

    /// Writes `ticket` over the first 24 bytes of `bytes`, which must have them.
    public func write(_ ticket: Ticket, into bytes: inout MutableSpan<UInt8>) {
        precondition(bytes.count >= Self.byteCount)
        Hex.write(instance, into: &bytes, at: 0)
        Hex.write(UInt32(truncatingIfNeeded: ticket.value >> 32), into: &bytes, at: 8)
        Hex.write(UInt32(truncatingIfNeeded: ticket.value), into: &bytes, at: 16)
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
        guard bytes.count == Self.byteCount, Hex.value(bytes, at: 0) == instance,
            let high = Hex.value(bytes, at: 8), let low = Hex.value(bytes, at: 16)
        else { return nil }
        return Ticket(value: UInt64(high) << 32 | UInt64(low))
    }
}

/// Eight hex digits at a time, one in each byte of a word; the first digit is the highest byte.
private enum Hex {
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    @inline(__always)
    static func write(_ value: UInt32, into bytes: inout MutableSpan<UInt8>, at start: Int) {
        var text = digits(of: value).byteSwapped
        for position in start..<start + 8 {
            bytes[position] = UInt8(truncatingIfNeeded: text)
            text >>= 8
        }
    }

    private static func digits(of value: UInt32) -> UInt64 {
        var nibbles = UInt64(value)
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & (0x0F &* ones)
        let letters = (nibbles &+ 6 &* ones) >> 4 & ones
        return nibbles &+ 0x30 &* ones &+ letters &* 0x27
    }

    /// Lower-case digits only: exactly what `digits` gives, so that each ticket has one spelling.
    static func value(_ bytes: Span<UInt8>, at start: Int) -> UInt32? {
        var text: UInt64 = 0
        for position in start..<start + 8 { text = text << 8 | UInt64(bytes[position]) }
        var nibbles = (text & (0x0F &* ones)) &+ (text >> 6 & ones) &* 9
        nibbles = (nibbles | nibbles >> 4) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles >> 8) & 0x0000_FFFF_0000_FFFF
        let value = UInt32(truncatingIfNeeded: nibbles | nibbles >> 16)
        return digits(of: value) == text ? value : nil
    }
}
