import Testing

@testable import Bridge

/// What waits, whose turn it is, and when it is too much.
struct FairQueueTests {
    private func ticket(_ number: Int) -> Ticket { Ticket(reactor: 0, number: UInt64(number)) }
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }

    private func queue(count: Int = 100, bytes: Int = 1_000, age: Int = 1_000) -> FairQueue {
        FairQueue(bounds: QueueBounds(count: count, bytes: bytes, age: Nanoseconds(age) * 1_000_000))
    }

    private func drain(_ queue: inout FairQueue) -> [Ticket] {
        var order: [Ticket] = []
        while let next = queue.pop() { order.append(next) }
        return order
    }

    @Test func clientsTakeTurnsAndKeepTheirOrder() {
        var queue = queue()
        for (number, client) in [(1, 7), (2, 7), (3, 7), (4, 8), (5, 9), (6, 9)] {
            #expect(queue.push(ticket(number), client: UInt64(client), bytes: 1, at: at(0)) == true)
        }
        #expect(drain(&queue) == [1, 4, 5, 2, 6, 3].map(ticket))
        #expect(queue.isEmpty && queue.bytes == 0)
    }

    @Test func aClientThatComesLaterWaitsForOneOfTheOthers() {
        var queue = queue()
        for number in 1...50 { #expect(queue.push(ticket(number), client: 1, bytes: 1, at: at(0)) == true) }
        #expect(queue.pop() == ticket(1))
        #expect(queue.push(ticket(99), client: 2, bytes: 1, at: at(1)) == true)
        #expect(queue.pop() == ticket(2))
        #expect(queue.pop() == ticket(99))
        #expect(queue.pop() == ticket(3))
    }

    @Test func theBoundsHold() {
        var few = queue(count: 2)
        #expect(few.push(ticket(1), client: 1, bytes: 1, at: at(0)) == true)
        #expect(few.push(ticket(2), client: 2, bytes: 1, at: at(0)) == true)
        #expect(few.push(ticket(3), client: 3, bytes: 1, at: at(0)) == false)
        few.putBack(ticket(4), bytes: 1, since: at(0))
        #expect(few.pop() == ticket(4))
        var small = queue(bytes: 10)
        #expect(small.push(ticket(1), client: 1, bytes: 100, at: at(0)) == true)
        #expect(small.push(ticket(2), client: 1, bytes: 1, at: at(0)) == false)
        #expect(small.pop() == ticket(1))
        #expect(small.push(ticket(3), client: 1, bytes: 10, at: at(0)) == true)
        var none = queue(count: 0)
        #expect(none.push(ticket(1), client: 1, bytes: 0, at: at(0)) == false)
    }

    @Test func whatIsWithdrawnIsPassedOver() {
        var queue = queue()
        for number in 1...4 { #expect(queue.push(ticket(number), client: UInt64(number % 2), bytes: 5, at: at(0)) == true) }
        #expect(queue.withdraw(ticket(1)) == true)
        #expect(queue.withdraw(ticket(1)) == false)
        #expect(queue.count == 3 && queue.bytes == 15)
        #expect(drain(&queue) == [3, 2, 4].map(ticket))
    }

    @Test func ageIsCounted() {
        var queue = queue(age: 100)
        #expect(queue.push(ticket(1), client: 1, bytes: 1, at: at(0)) == true)
        #expect(queue.push(ticket(2), client: 1, bytes: 1, at: at(50)) == true)
        #expect(queue.oldest == at(0))
        #expect(queue.expired(at: at(99)) == [])
        #expect(queue.expired(at: at(120)) == [ticket(1)])
        #expect(queue.expired(at: at(150)) == [ticket(1), ticket(2)])
    }

    /// Requests that leave before their turn cost no memory: a queue whose clients all give up stays small.
    @Test func aQueueThatIsOnlyLeftStaysSmall() {
        var queue = queue()
        #expect(queue.push(ticket(0), client: 0, bytes: 1, at: at(0)) == true)
        for number in 1...10_000 {
            #expect(queue.push(ticket(number), client: UInt64(number % 5), bytes: 1, at: at(0)) == true)
            queue.withdraw(ticket(number))
        }
        #expect(queue.entryCount < 200)
        #expect(drain(&queue) == [ticket(0)])
    }

    @Test(arguments: [UInt64(11), 12, 13])
    func aRandomLifeIsFairAndLosesNothing(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var queue = queue(count: 10_000, bytes: .max)
        var lines: [UInt64: [Ticket]] = [:]
        var served: [UInt64: Int] = [:]
        for number in 0..<5_000 {
            let client = random.next() % 6
            switch random.next() % 4 {
            case 0, 1:
                #expect(queue.push(ticket(number), client: client, bytes: 1, at: at(number)) == true)
                lines[client, default: []].append(ticket(number))
            case 2:
                guard let line = lines[client], let request = line.randomElement(using: &random) else { continue }
                #expect(queue.withdraw(request) == true)
                lines[client]?.removeAll { $0 == request }
            default:
                guard let next = queue.pop() else {
                    #expect(!lines.values.contains { !$0.isEmpty })
                    continue
                }
                let owner = lines.first { $0.value.first == next }
                #expect(owner != nil, "the first of a client's line")
                guard let owner else { return }
                lines[owner.key]?.removeFirst()
                served[owner.key, default: 0] += 1
            }
            #expect(queue.count == lines.values.reduce(0) { $0 + $1.count })
        }
        #expect(served.count == 6)
    }
}
