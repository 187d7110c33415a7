import Testing

@testable import Bridge

/// Requests that replies do not name: how many are open, and whose time is over.
struct RequestLineTests {
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }
    private let second: Nanoseconds = 1_000_000_000

    @Test func theOldestRequestEndsFirst() {
        var line = RequestLine()
        for number in 0..<3 { line.begin(at: at(number * 100)) }
        #expect(line.replied(isLast: false, bound: 1) == true)
        #expect(line.count == 2)
        #expect(line.expire(second, at: at(1_050)) == 0, "the first has ended already")
        #expect(line.expire(second, at: at(1_100)) == 1)
        #expect(line.endAll() == 1)
        #expect(line.count == 0)
    }

    @Test func repliesAreCountedOrMarkThemselvesAsTheLast() {
        var line = RequestLine()
        for _ in 0..<3 { line.begin(at: at(0)) }
        #expect((0..<6).map { _ in line.replied(isLast: false, bound: 3) } == [false, false, true, false, false, true])
        #expect(line.replied(isLast: false, bound: nil) == false)
        #expect(line.replied(isLast: true, bound: nil) == true)
        #expect(line.count == 0)
    }

    @Test func unsolicitedRepliesEndNothing() {
        var line = RequestLine()
        #expect(line.replied(isLast: true, bound: 1) == false)
        line.begin(at: at(0))
        #expect(line.count == 1)
        #expect(line.expire(second, at: at(5_000)) == 1)
        #expect(line.expire(second, at: at(5_000)) == 0)
        #expect(line.endAll() == 0)
    }

    @Test func endedRequestsAreForgotten() {
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
