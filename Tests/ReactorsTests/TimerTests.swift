import Glibc
import Testing
@testable import Reactors

@Suite("Timers and turns") struct TimerTests {
    let reactor: Reactor
    let handler = Handler()

    init() throws { reactor = try Reactor.bounded() }

    @Test("timers fire in the order of their deadlines, none early, each with its key")
    func order() {
        var fired: [(key: UInt64, late: Bool)] = []
        let start = Clocks.monotonic
        handler.onTimer = { key in fired.append((key, Clocks.monotonic >= start + key)) }
        for delay in [3_000_000, 1_000_001, 7_500_001, 5_000_000, 1] as [UInt64] {
            _ = reactor.schedule(at: start + delay, handler, key: delay)
        }
        while fired.count < 5, reactor.isInTime { reactor.turn() }
        #expect(fired.map(\.key) == [1, 1_000_001, 3_000_000, 5_000_000, 7_500_001])
        #expect(fired.allSatisfy { $0.late })
    }

    @Test("a timer that schedules itself for a past deadline fires once a turn")
    func rescheduling() {
        var fired = 0
        handler.onTimer = { [reactor, handler] key in
            fired += 1
            _ = reactor.schedule(at: 0, handler, key: key)
        }
        _ = reactor.schedule(at: 0, handler, key: 1)
        reactor.turn()
        #expect(fired == 1)
        reactor.turn()
        #expect(fired == 2)
    }

    @Test("a timer may cancel another that is due in the same turn")
    func cancelInTurn() {
        var fired: [UInt64] = []
        var second: TimerID?
        handler.onTimer = { [reactor] key in
            fired.append(key)
            if let second { reactor.cancel(second) }
        }
        _ = reactor.schedule(at: 0, handler, key: 1)
        second = reactor.schedule(at: 0, handler, key: 2)
        reactor.turn()
        #expect(fired == [1])
    }

    @Test("descriptors come before timers in a turn: what was received before the deadline has been seen by then")
    func descriptorsFirst() throws {
        var order: [String] = []
        handler.onReady = { _ in order.append("ready") }
        handler.onTimer = { _ in order.append("timer") }
        let pair = SocketPair()
        _ = try reactor.watch(pair.near, .readable, handler)
        _ = reactor.schedule(at: 0, handler, key: 0)
        pair.writeFar()
        reactor.turn()
        #expect(order == ["ready", "timer"])
    }

    @Test("the participant ends each turn, and what it returns bounds the sleep")
    func participant() {
        let participant = Participant()
        reactor.participant = participant
        participant.sleeps = [0, 2_000_001, nil]
        // The first turn does not sleep: the participant has not run yet.
        reactor.turn()
        #expect(participant.turns == 1)
        // 0: at once.
        reactor.turn()
        #expect(participant.turns == 2)
        let before = Clocks.monotonic
        reactor.turn()
        #expect(Clocks.monotonic - before >= 2_000_001)
        #expect(participant.turns == 3)
    }

    @Test("the reactor's time stands still within a turn and moves on with refresh")
    func time() {
        let first = reactor.now
        while Clocks.monotonic == first {}
        #expect(reactor.now == first)
        reactor.refresh()
        #expect(reactor.now > first)
        let before = reactor.now
        reactor.pollOnce()
        #expect(reactor.now > before)
        #expect(Clocks.wall.seconds > 1_700_000_000)
        #expect((0..<1_000_000_000).contains(Clocks.wall.nanoseconds))
    }

    @Test("run goes on until stop, and can be run again")
    func stopping() {
        var fired = 0
        handler.onTimer = { [reactor] _ in
            fired += 1
            reactor.stop()
        }
        for _ in 0..<2 {
            _ = reactor.schedule(at: 0, handler, key: 0)
            reactor.run()
        }
        #expect(fired == 2)
    }
}

private final class Participant: TurnParticipant {
    var turns = 0
    var sleeps: [UInt64?] = []

    func turnEnded() -> UInt64? {
        turns += 1
        return turns <= sleeps.count ? sleeps[turns - 1] : nil
    }
}
