// Values by the tickets of other tables. Tables reuse their slots, so the slot is the index here too: no hashing, and
// memory is one to three words for each slot that ever had a value.

/// Values by tickets that another table issued.
public struct TicketMap<Value> {
    @usableFromInline
    struct Entry {
        @usableFromInline var ticket: Ticket
        @usableFromInline var value: Value?
        @usableFromInline
        init(ticket: Ticket = .none, value: Value? = nil) {
            self.ticket = ticket
            self.value = value
        }
    }

    /// By reactor, then by slot.
    @usableFromInline var entries: [[Entry]] = []

    public init() {}

    /// The value for `ticket`. Setting it replaces the value of an older ticket with the same slot.
    public subscript(ticket: Ticket) -> Value? {
        @inlinable get {
            let (reactor, slot) = (Int(ticket.reactor), ticket.slot)
            guard reactor < entries.count, slot < entries[reactor].count, entries[reactor][slot].ticket == ticket
            else { return nil }
            return entries[reactor][slot].value
        }
        @inlinable set {
            let (reactor, slot) = (Int(ticket.reactor), ticket.slot)
            if newValue == nil && self[ticket] == nil { return }
            while entries.count <= reactor { entries.append([]) }
            while entries[reactor].count <= slot { entries[reactor].append(Entry()) }
            entries[reactor][slot] = newValue == nil ? Entry() : Entry(ticket: ticket, value: newValue)
        }
    }
}
