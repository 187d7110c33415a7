// How the process goes, step by step.

import Testing

@testable import Bridge

@Suite("A drain")
struct DrainTests {
    @Test("that was not begun is never over, even with nothing in flight")
    func running() {
        var drain = Drain()
        #expect(drain.acceptsRequests)
        #expect(drain.isOver(at: .distantFuture, inFlight: 0) == false)
        #expect(drain.phase == .running)
    }

    @Test("with nothing in flight is over at once")
    func nothingInFlight() {
        var drain = Drain()
        drain.begin(at: at(10), patience: 100)
        #expect(drain.isOver(at: at(10), inFlight: 0) == true)
        #expect(drain.phase == .over)
    }

    @Test("accepts nothing new and waits for what is in flight")
    func waits() {
        var drain = Drain()
        drain.begin(at: at(10), patience: 100)
        #expect(!drain.acceptsRequests)
        #expect(drain.phase == .draining(deadline: at(110)))
        #expect(drain.isOver(at: at(109), inFlight: 1) == false)
        #expect(drain.isOver(at: at(109), inFlight: 0) == true)
    }

    @Test("does not wait beyond its patience")
    func patience() {
        var drain = Drain()
        drain.begin(at: at(10), patience: 100)
        #expect(drain.isOver(at: at(109), inFlight: 5) == false)
        #expect(drain.isOver(at: at(110), inFlight: 5) == true)
    }

    @Test("that is begun again is over at once, and stays over")
    func twice() {
        var drain = Drain()
        drain.begin(at: at(10), patience: 100)
        drain.begin(at: at(11), patience: 100)
        #expect(drain.phase == .over)
        drain.begin(at: at(12), patience: 100)
        #expect(drain.isOver(at: at(0), inFlight: 7) == true)
        #expect(!drain.acceptsRequests)
    }

    @Test("with patience beyond the clock waits forever")
    func saturates() {
        var drain = Drain()
        drain.begin(at: at(10), patience: .max)
        #expect(drain.phase == .draining(deadline: .distantFuture))
    }
}

@Suite("An instant")
struct InstantTests {
    @Test("saturates instead of overflowing")
    func saturation() {
        #expect(at(.max - 1) + 5 == .distantFuture)
        #expect(at(5) + 5 == at(10))
    }

    @Test("is zero nanoseconds after a later one")
    func since() {
        #expect(at(10).since(at(4)) == 6)
        #expect(at(4).since(at(10)) == 0)
    }
}
