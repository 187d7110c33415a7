// A table of slots that issues tickets and rejects stale ones.
//
//     slot 0   generation 7   value      <- ticket (0, 7) is live, (0, 6) is late, (0, 8) was never issued
//     slot 1   generation 3   -          <- in the free queue
//     slot 2   generation max            <- retired: its generations are used up, it is never issued again
//
// Freed slots are reused first in, first out, so that generations last as long as possible. With one exchange at a time
// and 100,000 per second a slot is used up after 12 hours; it then costs 24 bytes for the rest of the process's life.

public import Basics

/// Live values by ticket; O(1) and without allocation once it has grown.
public struct TicketTable<Value> {
    @usableFromInline
    struct Slot {
        @usableFromInline var generation: UInt32
        @usableFromInline var value: Value?
        @usableFromInline
        init(generation: UInt32, value: Value?) {
            self.generation = generation
            self.value = value
        }
    }

    /// The state of a ticket.
    public enum Lookup {
        case live(Value)
        /// This table issued it, and its value has been removed.
        case late
        /// This table never issued it; another reactor's table may have.
        case unknown
    }

    /// Live values.
    public var count: Int { liveCount }
    @usableFromInline var liveCount = 0
    /// Maximum number of live values; at most 2^24 - 1.
    public let capacity: Int

    @usableFromInline let reactor: UInt8
    @usableFromInline let lastGeneration: UInt32
    @usableFromInline var slots: [Slot] = []
    @usableFromInline var free = FIFO<Int>()

    /// - Parameter lastGeneration: the generation at which a slot is retired; smaller only in tests.
    public init(reactor: UInt8, capacity: Int, lastGeneration: UInt32 = .max) {
        precondition((1..<1 << 24).contains(capacity))
        self.reactor = reactor
        self.capacity = capacity
        self.lastGeneration = lastGeneration
    }

    /// Stores `value` and issues its ticket; nil when the table is full.
    @inlinable
    public mutating func insert(_ value: Value) -> Ticket? {
        guard liveCount < capacity, let slot = takeSlot() else { return nil }
        slots[slot].value = value
        liveCount += 1
        return Ticket(reactor: reactor, slot: slot, generation: slots[slot].generation)
    }

    @inlinable
    public func find(_ ticket: Ticket) -> Lookup {
        let slot = ticket.slot
        guard ticket.reactor == reactor, slot < slots.count else { return .unknown }
        let generation = slots[slot].generation
        if generation == ticket.generation, let value = slots[slot].value { return .live(value) }
        return ticket.generation < generation ? .late : .unknown
    }

    /// Removes the value of a live ticket, which becomes stale. Does nothing for other tickets.
    @inlinable
    public mutating func remove(_ ticket: Ticket) {
        let slot = ticket.slot
        guard ticket.reactor == reactor, slot < slots.count, slots[slot].generation == ticket.generation,
            slots[slot].value != nil
        else { return }
        slots[slot].value = nil
        slots[slot].generation += 1
        liveCount -= 1
        if slots[slot].generation < lastGeneration { free.append(slot) }
    }

    /// All live values, in no order. O(slots): for drain and shutdown.
    public var values: [Value] { slots.compactMap(\.value) }

    @inlinable
    mutating func takeSlot() -> Int? {
        if let slot = free.popFirst() { return slot }
        guard slots.count < 1 << 24 else { return nil }
        slots.append(Slot(generation: 0, value: nil))
        return slots.count - 1
    }
}
