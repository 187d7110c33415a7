import Testing

@testable import Bridge

/// What waits, whose turn it is, and when it is too much.
struct FairQueueTests {
    private func ticket(_ number: Int) -> Ticket { Ticket(reactor: 0, number: UInt64(number)) }
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }

    private func queue(count: Int = 100, bytes: Int = 1_000, age: Int = 1_000) -> PlacedQueue {
        let bounds = QueueBounds(count: count, bytes: bytes, age: Nanoseconds(age) * 1_000_000)
        return PlacedQueue(queue: FairQueue(bounds: bounds))
    }

    private func drain(_ queue: inout PlacedQueue) -> [Ticket] {
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

    @Test func aLaterClientDoesNotWaitBehindAThousandOfAnother() {
        var queue = queue()
        for number in 1...50 { #expect(queue.push(ticket(number), client: 1, bytes: 1, at: at(0)) == true) }
        #expect(queue.pop() == ticket(1))
        #expect(queue.push(ticket(99), client: 2, bytes: 1, at: at(1)) == true)
        #expect(queue.pop() == ticket(99))
        #expect(queue.pop() == ticket(2))
        #expect(queue.pop() == ticket(3))
    }

    @Test func requestsPoppedAtOneInstantMayBeOfOneClient() {
        var queue = queue()
        for number in 1...24 {
            #expect(queue.push(ticket(number), client: UInt64(number % 2), bytes: 1, at: at(0)) == true)
        }
        let order = (0..<24).map { number in queue.queue.pop(at: at(number < 20 ? 1 : number), workers: 100) }
        let odd = stride(from: 1, through: 23, by: 2).map { ticket($0) }
        let even = stride(from: 2, through: 24, by: 2).map { ticket($0) }
        // Eight of each, then four of the first at the same instant; from then on each time another's.
        let expected = Array(odd[0..<8]) + even[0..<8] + odd[8..<12] + even[8..<12]
        #expect(order == expected)
    }

    /// One worker may be free again and again within an instant: that is no reason to pass others over.
    @Test func aTurnIsNoLongerThanTheNumberOfWorkers() {
        var queue = queue()
        for number in 1...8 {
            #expect(queue.push(ticket(number), client: UInt64(number % 2), bytes: 1, at: at(0)) == true)
        }
        #expect((0..<4).map { _ in queue.queue.pop(at: at(1), workers: 1) } == (1...4).map { ticket($0) })
        #expect((0..<4).map { _ in queue.queue.pop(at: at(2), workers: 2) } == [5, 7, 6, 8].map { ticket($0) })
    }

    @Test func aTurnEndsWithItsInstantOrItsRequests() {
        var queue = queue()
        for (number, client) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
            #expect(queue.push(ticket(number), client: UInt64(client), bytes: 1, at: at(0)) == true)
        }
        #expect(queue.queue.pop(at: at(1)) == ticket(1))
        #expect(queue.queue.pop(at: at(2)) == ticket(3))
        // The line whose turn it is goes: the next begins its own.
        #expect(queue.withdraw(ticket(4)) == true)
        #expect(queue.queue.pop(at: at(3)) == ticket(5))
        #expect(queue.queue.pop(at: at(4)) == ticket(2))
        #expect(queue.isEmpty)
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

    @Test func withdrawnRequestsAreSkipped() {
        var queue = queue()
        for number in 1...4 {
            #expect(queue.push(ticket(number), client: UInt64(number % 2), bytes: 5, at: at(0)) == true)
        }
        #expect(queue.withdraw(ticket(1)) == true)
        #expect(queue.withdraw(ticket(1)) == false)
        #expect(queue.count == 3 && queue.bytes == 15)
        #expect(drain(&queue) == [3, 2, 4].map(ticket))
    }

    @Test func requestsExpireByAge() {
        var queue = queue(age: 100)
        #expect(queue.push(ticket(1), client: 1, bytes: 1, at: at(0)) == true)
        #expect(queue.push(ticket(2), client: 1, bytes: 1, at: at(50)) == true)
        #expect(queue.queue.oldest == at(0))
        #expect(queue.expired(at: at(99)) == [])
        #expect(queue.expired(at: at(120)) == [ticket(1)])
        #expect(queue.expired(at: at(150)) == [ticket(1), ticket(2)])
    }

    /// Requests that leave before their turn cost no memory: a queue whose clients all give up stays small.
    @Test func aQueueWithOnlyWithdrawalsStaysSmall() {
        var queue = queue()
        #expect(queue.push(ticket(0), client: 0, bytes: 1, at: at(0)) == true)
        for number in 1...10_000 {
            #expect(queue.push(ticket(number), client: UInt64(number % 5), bytes: 1, at: at(0)) == true)
            queue.withdraw(ticket(number))
        }
        #expect(queue.queue.placeCount < 20)
        #expect(drain(&queue) == [ticket(0)])
    }

    @Test func aCrowdThatHasLeftLeavesNoMemoryBehind() {
        var queue = queue(count: 10_000, bytes: .max)
        for number in 0..<5_000 {
            #expect(queue.push(ticket(number), client: UInt64(number), bytes: 1, at: at(0)) == true)
        }
        #expect(drain(&queue).count == 5_000)
        #expect(queue.push(ticket(0), client: 0, bytes: 1, at: at(0)) == true)
        #expect(queue.queue.placeCount < 10)
        #expect(queue.withdraw(ticket(4_000)) == false)
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

/// A queue, and the place of each request in it, as a pool keeps them.
private struct PlacedQueue {
    var queue: FairQueue
    private var places: [Ticket: Int] = [:]
    private var clock: UInt64 = 0

    init(queue: FairQueue) { self.queue = queue }

    var count: Int { queue.count }
    var bytes: Int { queue.bytes }
    var isEmpty: Bool { queue.isEmpty }

    mutating func push(_ request: Ticket, client: UInt64, bytes: Int, at now: Instant) -> Bool {
        places[request] = queue.push(request, client: QueueClient(client), bytes: bytes, at: now)
        return places[request] != nil
    }

    mutating func putBack(_ request: Ticket, bytes: Int, since: Instant) {
        places[request] = queue.putBack(request, bytes: bytes, since: since)
    }

    /// At an instant of its own.
    mutating func pop() -> Ticket? {
        clock += 1
        return queue.pop(at: Instant(nanoseconds: clock))
    }

    mutating func expired(at now: Instant) -> [Ticket] { queue.expired(at: now) }

    /// The place stays known: it may be another's by the next time.
    @discardableResult
    mutating func withdraw(_ request: Ticket) -> Bool {
        places[request].map { queue.withdraw(request, from: $0) } ?? false
    }
}
