import Testing

@testable import Bridge

/// What is kept for the tickets of others.
struct TicketMapTests {
    @Test func eachTicketHasItsOwn() {
        var map = TicketMap<String>()
        let tickets = [Ticket(reactor: 0, slot: 3, generation: 1), Ticket(reactor: 2, slot: 3, generation: 1)]
        map[tickets[0]] = "a"
        map[tickets[1]] = "b"
        #expect(map[tickets[0]] == "a" && map[tickets[1]] == "b")
        map[tickets[0]] = nil
        #expect(map[tickets[0]] == nil && map[tickets[1]] == "b")
        #expect(map[.none] == nil)
    }

    @Test func aStaleTicketFindsNothingAndClearsNothing() {
        var map = TicketMap<String>()
        let (old, new) = (Ticket(reactor: 0, slot: 0, generation: 1), Ticket(reactor: 0, slot: 0, generation: 2))
        map[old] = "old"
        map[new] = "new"
        #expect(map[old] == nil)
        map[old] = nil
        #expect(map[new] == "new")
    }
}
