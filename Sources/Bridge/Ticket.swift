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
        writeHex(UInt64(instance), digits: 8, into: &bytes, at: 0)
        writeHex(ticket.value, digits: 16, into: &bytes, at: 8)
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
        guard bytes.count == Self.byteCount,
            let instance = readHex(bytes, from: 0, digits: 8), instance == UInt64(self.instance),
            let value = readHex(bytes, from: 8, digits: 16)
        else { return nil }
        return Ticket(value: value)
    }

    private func writeHex(_ value: UInt64, digits: Int, into bytes: inout MutableSpan<UInt8>, at start: Int) {
        var rest = value
        for position in stride(from: start + digits - 1, through: start, by: -1) {
            let nibble = UInt8(truncatingIfNeeded: rest & 0xF)
            bytes[position] = nibble < 10 ? nibble + 0x30 : nibble + 0x57
            rest >>= 4
        }
    }

    /// Lower-case digits only: exactly what `writeHex` writes, so that each ticket has one spelling.
    private func readHex(_ bytes: Span<UInt8>, from start: Int, digits: Int) -> UInt64? {
        var value: UInt64 = 0
        for position in start..<start + digits {
            switch bytes[position] {
            case let digit where digit >= 0x30 && digit <= 0x39: value = value << 4 | UInt64(digit - 0x30)
            case let letter where letter >= 0x61 && letter <= 0x66: value = value << 4 | UInt64(letter - 0x57)
            default: return nil
            }
        }
        return value
    }
}
