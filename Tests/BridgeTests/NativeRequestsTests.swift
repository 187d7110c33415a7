import Testing

@testable import Bridge

/// Requests without an exchange: how many are open, and whose time is over.
struct NativeRequestsTests {
    private func ticket(_ number: Int) -> Ticket { Ticket(reactor: 0, number: UInt64(number)) }
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }
    private let second: Nanoseconds = 1_000_000_000

    @Test func theOldestThatHaveNotEndedAreOver() {
        var times = RequestTimes()
        var open = Set((0..<6).map(ticket))
        for number in 0..<6 { times.begin(ticket(number), at: at(number * 100)) { open.contains($0) } }
        open.remove(ticket(1))
        times.end()
        #expect(times.expired(second, at: at(999)) { open.contains($0) }.isEmpty)
        #expect(times.expired(second, at: at(1_250)) { open.contains($0) } == [0, 2].map(ticket))
        #expect(times.expired(second, at: at(1_250)) { open.contains($0) }.isEmpty, "told once")
        #expect(times.count == 5, "until whoever ends them says so")
    }

    /// One that is never answered must not keep the thousands that were answered behind it.
    @Test func memoryFollowsWhatIsOpen() {
        var times = RequestTimes()
        var open: Set<Ticket> = []
        var most = 0
        for number in 0..<10_000 {
            times.begin(ticket(number), at: at(number)) { open.contains($0) }
            open.insert(ticket(number))
            guard number > 0 else { continue }
            open.remove(ticket(number))
            times.end()
            most = max(most, times.entryCount)
        }
        #expect(most <= 70 && times.count == 1)
        #expect(times.expired(second, at: at(2_000)) { open.contains($0) } == [ticket(0)])
    }

    @Test func theEldestOfALineEnds() {
        var line = RequestLine()
        for number in 0..<3 { line.begin(at: at(number * 100)) }
        #expect(line.replied(isLast: false, bound: 1) == true)
        #expect(line.count == 2)
        #expect(line.expire(second, at: at(1_050)) == 0, "the first has ended already")
        #expect(line.expire(second, at: at(1_100)) == 1)
        #expect(line.endAll() == 1)
        #expect(line.count == 0)
    }

    @Test func repliesAreCountedOrSayThemselvesThatTheyAreTheLast() {
        var line = RequestLine()
        for _ in 0..<3 { line.begin(at: at(0)) }
        #expect((0..<6).map { _ in line.replied(isLast: false, bound: 3) } == [false, false, true, false, false, true])
        #expect(line.replied(isLast: false, bound: nil) == false)
        #expect(line.replied(isLast: true, bound: nil) == true)
        #expect(line.count == 0)
    }

    @Test func repliesThatNobodyAskedForEndNothing() {
        var line = RequestLine()
        #expect(line.replied(isLast: true, bound: 1) == false)
        line.begin(at: at(0))
        #expect(line.count == 1)
        #expect(line.expire(second, at: at(5_000)) == 1)
        #expect(line.expire(second, at: at(5_000)) == 0)
        #expect(line.endAll() == 0)
    }

    @Test func aLineForgetsWhatHasEnded() {
        var line = RequestLine()
        line.begin(at: at(0))
        var most = 0
        for number in 0..<10_000 {
            line.begin(at: at(number))
            #expect(line.replied(isLast: true, bound: nil) == true)
            most = max(most, line.entryCount)
        }
        #expect(line.count == 1 && most <= 70)
        #expect(MemoryLayout<RequestLine>.size <= 24)
    }
}
