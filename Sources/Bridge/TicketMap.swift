// What somebody keeps for each ticket of other tables. A table uses its slots again, so the slot is the index here too:
// nothing is hashed, and memory is a word or three for each slot that ever had something.

/// Values by tickets that others issue.
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

    /// What is kept for `ticket`. An older ticket of its slot loses its place to it.
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
