// A queue that is full, and clients that have to leave room: who is let in, and who has to go for that.

import Testing

@testable import Bridge

/// Room for newcomers, native clients that are passed over, and clients that are held back.
struct FullQueueTests {
    private func ticket(_ number: Int) -> Ticket { Ticket(reactor: 0, number: UInt64(number)) }
    private let now = Instant(nanoseconds: 1_000)

    private func queue(count: Int = 100, bytes: Int = 1_000) -> FairQueue {
        FairQueue(bounds: QueueBounds(count: count, bytes: bytes, age: 1_000_000))
    }

    /// Requests `numbers` of one client, of so many bytes each.
    private func fill(_ queue: inout FairQueue, _ numbers: ClosedRange<Int>, _ client: QueueClient, bytes: Int = 1) {
        for number in numbers {
            let place = queue.push(ticket(number), client: client, bytes: bytes, at: now)
            #expect(place != nil)
        }
    }

    @Test func theLastRequestOfTheClientWithTheMostMakesRoom() {
        var queue = queue(count: 6)
        fill(&queue, 1...4, QueueClient(1))
        fill(&queue, 5...6, QueueClient(2))
        let rejected = queue.push(ticket(7), client: QueueClient(3), bytes: 1, at: now)
        #expect(rejected == nil)
        #expect(queue.surplus(before: QueueClient(3), bytes: 1) == [ticket(4)])
        #expect(queue.count == 6, "it is only looked for")
    }

    @Test func noClientLosesToOneWithAsMany() {
        var queue = queue(count: 4)
        fill(&queue, 1...2, QueueClient(1))
        fill(&queue, 3...4, QueueClient(2))
        #expect(queue.surplus(before: QueueClient(1), bytes: 1) == [])
        #expect(queue.surplus(before: QueueClient(3), bytes: 1).count == 1)
        var single = self.queue(count: 2)
        fill(&single, 1...1, QueueClient(1))
        fill(&single, 2...2, QueueClient(2))
        #expect(single.surplus(before: QueueClient(3), bytes: 1) == [], "no client loses its only request")
    }

    @Test func aLargeBodyTakesRoomFromTheClientWithTheMostBytes() {
        var queue = queue(bytes: 100)
        fill(&queue, 1...4, QueueClient(1), bytes: 20)
        fill(&queue, 5...14, QueueClient(2))
        #expect(queue.surplus(before: QueueClient(3), bytes: 40) == [ticket(4), ticket(3)])
        #expect(queue.surplus(before: QueueClient(3), bytes: 60) == [], "it would have more than the other keeps")
        #expect(queue.surplus(before: QueueClient(3), bytes: 1_000) == [])
    }

    @Test func clientsThatCanBeHeldBackHaveHalfAndLoseNothing() {
        var queue = queue(count: 10)
        let patient = QueueClient(1, isNative: true, canBeHeldBack: true)
        fill(&queue, 1...5, patient)
        let rejected = queue.push(ticket(6), client: patient, bytes: 1, at: now)
        #expect(rejected == nil)
        #expect(queue.surplus(before: QueueClient(2, canBeHeldBack: true), bytes: 1) == [])
        for number in 10...14 { fill(&queue, number...number, QueueClient(UInt64(number))) }
        #expect(
            queue.surplus(before: QueueClient(99), bytes: 1) == [],
            "others have one each, and the patient are left alone")
    }

    @Test func requestsPutBackCountAndStay() {
        var queue = queue(count: 3)
        fill(&queue, 1...3, QueueClient(1))
        _ = queue.putBack(ticket(9), bytes: 1, since: now)
        #expect(
            queue.surplus(before: QueueClient(2), bytes: 1) == [ticket(3), ticket(2)], "two have to go for one place")
        var few = self.queue(count: 2)
        fill(&few, 1...2, QueueClient(1))
        _ = few.putBack(ticket(9), bytes: 1, since: now)
        #expect(few.surplus(before: QueueClient(2), bytes: 1) == [])
    }

    @Test func nativeClientsAreSkippedAndKeepTheirTurns() {
        var queue = queue()
        fill(&queue, 1...2, QueueClient(1, isNative: true))
        fill(&queue, 3...4, QueueClient(2))
        fill(&queue, 5...6, QueueClient(3, isNative: true))
        #expect(queue.nativeCount == 4)
        let passed = [queue.pop(at: at(1), passesNatives: true), queue.pop(at: at(2), passesNatives: true)]
        #expect(passed == [ticket(3), ticket(4)])
        let nothing = queue.pop(at: at(3), passesNatives: true)
        #expect(nothing == nil && queue.count == 4)
        let order = (4..<8).map { queue.pop(at: at($0)) }
        #expect(order == [1, 5, 2, 6].map { ticket($0) })
        #expect(queue.isEmpty && queue.nativeCount == 0)
    }

    @Test func aNativeClientInTheMiddleOfItsTurnIsSkippedToo() {
        var queue = queue()
        fill(&queue, 1...3, QueueClient(1, isNative: true))
        fill(&queue, 4...4, QueueClient(2))
        let first = queue.pop(at: at(1), workers: 8)
        let second = queue.pop(at: at(1), workers: 8, passesNatives: true)
        #expect(first == ticket(1) && second == ticket(4))
    }

    @Test func requestsPutBackComeFirstOfAnyClient() {
        var queue = queue()
        fill(&queue, 1...1, QueueClient(1))
        _ = queue.putBack(ticket(2), bytes: 1, since: now)
        #expect(queue.nativeCount == 0)
        let next = queue.pop(at: now, passesNatives: true)
        #expect(next == ticket(2))
    }

    /// A newcomer for whom `surplus` makes room fits, and no client ends up with fewer than it has.
    @Test(arguments: [UInt64(3), 4, 5])
    func roomThatIsMadeIsEnough(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var queue = queue(count: 40, bytes: 400)
        var places: [Ticket: Int] = [:]
        var lines: [UInt64: [(ticket: Ticket, bytes: Int)]] = [:]
        for number in 0..<4_000 {
            let (client, bytes) = (random.next() % 9, Int(random.next() % 30))
            if random.next() % 5 == 0, let next = queue.pop(at: at(number)) {
                for key in lines.keys { lines[key]?.removeAll { $0.ticket == next } }
                continue
            }
            var place = queue.push(ticket(number), client: QueueClient(client), bytes: bytes, at: at(number))
            if place == nil {
                let surplus = queue.surplus(before: QueueClient(client), bytes: bytes)
                guard let first = surplus.first else { continue }
                let loser = lines.first { $0.value.contains { $0.ticket == first } }
                for ticket in surplus {
                    let isLast = lines[loser?.key ?? .max]?.popLast()?.ticket == ticket
                    let was = queue.withdraw(ticket, from: places[ticket] ?? -1)
                    #expect(isLast && was)
                }
                place = queue.push(ticket(number), client: QueueClient(client), bytes: bytes, at: at(number))
                #expect(place != nil)
                let isLeft = lines[loser?.key ?? .max]?.isEmpty == false
                #expect(isLeft)
            }
            places[ticket(number)] = place
            lines[client, default: []].append((ticket(number), bytes))
            #expect(queue.count == lines.values.reduce(0) { $0 + $1.count })
        }
    }

    private func at(_ number: Int) -> Instant { Instant(nanoseconds: UInt64(number)) }
}
