// Tickets: their spelling, and the table that never takes an old one for a new one.

import Testing

@testable import Bridge

@Suite("A written ticket")
struct TicketCodecTests {
    private let codec = TicketCodec(instance: 0x5F3A_91C2)

    private func read(_ bytes: [UInt8], by reader: TicketCodec? = nil) -> Ticket? {
        (reader ?? codec).read(bytes.span)
    }

    @Test("looks like the example in its file's head")
    func example() {
        let ticket = Ticket(reactor: 0, slot: 0x12, generation: 0x4D2)
        #expect(String(decoding: codec.bytes(of: ticket), as: UTF8.self) == "5f3a91c200000012000004d2")
    }

    @Test("is read back as the same reactor, slot and generation, at the corners and at random")
    func roundTrip() {
        var random = SplitMix64(seed: 1)
        var values: [UInt64] = [0, .max, 0xFF00_0000_0000_0000, 0x00FF_FFFF_0000_0000, 0x0000_0000_FFFF_FFFF]
        for _ in 0..<2_000 { values.append(random.next()) }
        for value in values {
            let ticket = Ticket(value: value)
            let parts = Ticket(reactor: ticket.reactor, slot: ticket.slot, generation: ticket.generation)
            #expect(parts == ticket)
            let bytes = codec.bytes(of: ticket)
            #expect(bytes.count == TicketCodec.byteCount)
            #expect(bytes.allSatisfy { $0 >= 0x30 && $0 <= 0x66 })
            #expect(read(bytes) == ticket)
        }
    }

    @Test("has one spelling: any changed byte is no ticket or another ticket")
    func oneSpelling() {
        let ticket = Ticket(reactor: 0xAB, slot: 0xCDEF01, generation: 0x2345_6789)
        let bytes = codec.bytes(of: ticket)
        for position in bytes.indices {
            for byte in UInt8.min...UInt8.max where byte != bytes[position] {
                var other = bytes
                other[position] = byte
                let spelled = read(other)
                #expect(spelled != ticket)
                if let spelled { #expect(codec.bytes(of: spelled) == other) }
            }
        }
    }

    @Test("outside of any table keeps its reactor and its number apart from other reactors'")
    func minted() {
        let most = UInt64(1) << 56 - 1
        #expect(Ticket(reactor: 2, number: most).reactor == 2)
        #expect(Ticket(reactor: 2, number: most) != Ticket(reactor: 3, number: most))
        #expect(Ticket(reactor: 2, number: 0) != Ticket(reactor: 2, number: 1))
        var table = TicketTable<Int>(reactor: 0xFF, capacity: 1)
        _ = table.insert(1)
        guard case .unknown = table.find(.none) else {
            Issue.record("a table issued what no table issues")
            return
        }
    }

    @Test("of a foreign instance, of a wrong length or in capitals is none of ours")
    func foreign() {
        let ticket = Ticket(reactor: 1, slot: 0xA, generation: 3)
        let bytes = codec.bytes(of: ticket)
        #expect(read(bytes, by: TicketCodec(instance: 0x5F3A_91C3)) == nil)
        #expect(read(bytes.dropLast()) == nil)
        #expect(read(bytes + [0x30]) == nil)
        #expect(read([]) == nil)
        let capitals = bytes.map { $0 >= 0x61 ? $0 - 0x20 : $0 }
        #expect(read(capitals) == nil)
    }

    @Test("is written over the first bytes and no others")
    func writesInPlace() {
        var buffer = [UInt8](repeating: 0xEE, count: 30)
        var span = buffer.mutableSpan
        codec.write(Ticket(value: 7), into: &span)
        #expect(Array(buffer.prefix(24)) == codec.bytes(of: Ticket(value: 7)))
        #expect(buffer.dropFirst(24).allSatisfy { $0 == 0xEE })
    }
}

@Suite("A table of tickets")
struct TicketTableTests {
    private enum Found: Equatable {
        case live(Int), late, unknown
    }

    private func look(_ table: TicketTable<Int>, _ ticket: Ticket) -> Found {
        switch table.find(ticket) {
        case .live(let value): .live(value)
        case .late: .late
        case .unknown: .unknown
        }
    }

    @Test("distinguishes live, late and never issued tickets")
    func lookup() {
        var table = TicketTable<Int>(reactor: 3, capacity: 4)
        #expect(look(table, Ticket(reactor: 3, slot: 0, generation: 0)) == .unknown)
        let first = table.insert(11)!
        #expect(first.reactor == 3)
        #expect(look(table, first) == .live(11))
        table.remove(first)
        #expect(look(table, first) == .late)
        let next = Ticket(reactor: 3, slot: first.slot, generation: first.generation + 1)
        #expect(look(table, next) == .unknown)
        #expect(look(table, Ticket(reactor: 3, slot: 0xFF_FFFF, generation: 0)) == .unknown)
    }

    @Test("does not mistake another reactor's ticket for its own")
    func otherReactor() {
        var table = TicketTable<Int>(reactor: 0, capacity: 4)
        let ours = table.insert(1)!
        let theirs = Ticket(reactor: 1, slot: ours.slot, generation: ours.generation)
        #expect(look(table, theirs) == .unknown)
        table.remove(theirs)
        #expect(look(table, ours) == .live(1) && table.count == 1)
    }

    @Test("ignores a removal of what is not live")
    func idleRemoval() {
        var table = TicketTable<Int>(reactor: 0, capacity: 2)
        let first = table.insert(1)!
        table.remove(first)
        table.remove(first)
        let second = table.insert(2)!
        table.remove(first)
        table.remove(Ticket(reactor: 0, slot: 99, generation: 0))
        table.remove(Ticket(reactor: 0, slot: second.slot, generation: second.generation + 1))
        #expect(table.count == 1 && look(table, second) == .live(2))
        #expect(table.values == [2])
    }

    @Test("is full at its capacity and takes one more after a removal")
    func capacity() {
        var table = TicketTable<Int>(reactor: 0, capacity: 3)
        let tickets = (0..<3).compactMap { table.insert($0) }
        #expect(tickets.count == 3)
        let rejected = table.insert(9)
        #expect(rejected == nil)
        #expect(table.count == 3 && table.values.sorted() == [0, 1, 2])
        table.remove(tickets[1])
        #expect(table.insert(9)?.slot == tickets[1].slot)
        let rejectedAgain = table.insert(10)
        #expect(rejectedAgain == nil)
    }

    @Test("uses a freed slot as late as it can")
    func firstInFirstOut() {
        var table = TicketTable<Int>(reactor: 0, capacity: 8)
        let tickets = (0..<4).compactMap { table.insert($0) }
        for ticket in [tickets[2], tickets[0], tickets[3]] { table.remove(ticket) }
        let again = (0..<3).compactMap { table.insert($0)?.slot }
        #expect(again == [2, 0, 3])
    }

    @Test("never issues a ticket twice, whatever comes and goes", arguments: 0..<4 as Range<UInt64>)
    func churn(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let lastGeneration: UInt32 = seed % 2 == 0 ? .max : 5
        var table = TicketTable<Int>(reactor: 7, capacity: 40, lastGeneration: lastGeneration)
        var live: [Ticket: Int] = [:]
        var dead: Set<Ticket> = []
        for step in 0..<20_000 {
            if random.oneIn(2), let ticket = table.insert(step) {
                #expect(live[ticket] == nil && !dead.contains(ticket))
                #expect(ticket.generation < lastGeneration)
                live[ticket] = step
            } else if let (ticket, value) = live.randomElement(using: &random) {
                #expect(look(table, ticket) == .live(value))
                table.remove(ticket)
                live[ticket] = nil
                dead.insert(ticket)
            }
            if let ticket = dead.randomElement(using: &random) { #expect(look(table, ticket) == .late) }
            #expect(table.count == live.count)
        }
        #expect(table.values.sorted() == live.values.sorted())
        for ticket in dead { #expect(look(table, ticket) == .late) }
    }

    @Test("retires a slot at its last generation and takes a new one in its place")
    func retirement() {
        var table = TicketTable<Int>(reactor: 0, capacity: 1, lastGeneration: 3)
        var issued: [Ticket] = []
        for round in 0..<9 {
            let ticket = table.insert(round)!
            issued.append(ticket)
            table.remove(ticket)
        }
        #expect(issued.map(\.slot) == [0, 0, 0, 1, 1, 1, 2, 2, 2])
        #expect(issued.map(\.generation) == [0, 1, 2, 0, 1, 2, 0, 1, 2])
        for ticket in issued { #expect(look(table, ticket) == .late) }
        #expect(look(table, Ticket(reactor: 0, slot: 0, generation: 3)) == .unknown)
    }
}
