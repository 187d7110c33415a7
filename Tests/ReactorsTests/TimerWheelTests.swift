// The wheel against the plainest model there is: a list that is sorted by tick and by order of scheduling.

import Testing
@testable import Reactors

@Suite("Timer wheel") struct TimerWheelTests {
    @Test(
        "a timer is due at its tick and not before",
        arguments: [0, 1, 63, 64, 65, 4095, 4096, 262_144, 1 << 40] as [UInt64])
    func neverEarly(delay: UInt64) {
        var wheel = TimerWheel<Int>(current: 1000)
        _ = wheel.schedule(at: 1000 + delay, 7)
        if delay > 0 {
            wheel.advance(to: 1000 + delay - 1)
            #expect(wheel.popDue() == nil)
            #expect(wheel.count == 1)
        }
        wheel.advance(to: 1000 + delay)
        #expect(wheel.popDue() == 7)
        #expect(wheel.popDue() == nil)
        #expect(wheel.count == 0)
        #expect(wheel.nextTick == nil)
    }

    @Test("timers of one tick fire in the order they were scheduled, from whatever level they come")
    func order() {
        var wheel = TimerWheel<Int>()
        _ = wheel.schedule(at: 5000, 1)
        wheel.advance(to: 4000)
        _ = wheel.schedule(at: 5000, 2)
        wheel.advance(to: 4990)
        _ = wheel.schedule(at: 5000, 3)
        wheel.advance(to: 9000)
        #expect(wheel.popAll() == [1, 2, 3])
    }

    @Test("a tick that has passed is due at the next advance, not in the middle of this one")
    func past() {
        var wheel = TimerWheel<Int>(current: 100)
        _ = wheel.schedule(at: 100, 1)
        wheel.advance(to: 100)
        #expect(wheel.popDue() == 1)
        _ = wheel.schedule(at: 7, 2)
        #expect(wheel.popDue() == nil)
        #expect(wheel.nextTick == 100)
        wheel.advance(to: 100)
        #expect(wheel.popDue() == 2)
    }

    @Test("a cancelled timer does not fire, even when it is due; a stale id cancels nothing")
    func cancel() {
        var wheel = TimerWheel<Int>()
        let (first, second) = (wheel.schedule(at: 10, 1), wheel.schedule(at: 10, 2))
        wheel.advance(to: 10)
        #expect(wheel.popDue() == 1)
        #expect(wheel.cancel(second) == 2)
        #expect(wheel.popDue() == nil)
        let third = wheel.schedule(at: 20, 3)
        #expect(third != first && third != second)
        #expect(wheel.cancel(first) == nil)
        #expect(wheel.cancel(second) == nil)
        wheel.advance(to: 20)
        #expect(wheel.popDue() == 3)
        #expect(wheel.cancel(third) == nil)
    }

    @Test("the next tick is a stop on the way at most seven times, and never after the timer")
    func stops() {
        var wheel = TimerWheel<Int>(current: 12_345)
        let tick: UInt64 = 12_345 + 123_456_789_012
        _ = wheel.schedule(at: tick, 1)
        var stops = 0
        while let next = wheel.nextTick, wheel.popDue() == nil {
            #expect(next <= tick)
            wheel.advance(to: next)
            stops += 1
        }
        #expect(wheel.current == tick)
        #expect(stops <= 8)
    }

    @Test("random schedules, cancels and jumps agree with a sorted list", arguments: 1...40 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SplitMix(state: seed)
        var wheel = TimerWheel<UInt64>(current: random.next() >> 20)
        var model = Model(current: wheel.current)
        var timers: [(id: TimerID, payload: UInt64)] = []
        for step in 0..<2000 as Range<UInt64> {
            switch random.next() % 4 {
            case 0, 1:
                // Delays of all magnitudes, some in the past.
                let delay = random.next() >> (24 + random.next() % 40)
                let tick = random.next() % 16 == 0 ? wheel.current - min(delay, wheel.current) : wheel.current + delay
                timers.append((wheel.schedule(at: tick, step), step))
                model.schedule(at: tick, step)
            case 2 where !timers.isEmpty:
                let timer = timers[Int(random.next() % UInt64(timers.count))]
                #expect(wheel.cancel(timer.id) == model.cancel(timer.payload))
            default:
                let jump = wheel.current + random.next() >> (24 + random.next() % 40)
                wheel.advance(to: jump)
                #expect(wheel.popAll() == model.advance(to: jump))
            }
            #expect(wheel.count == model.timers.count)
            if let next = wheel.nextTick { #expect(next <= model.timers.map(\.tick).min()!) }
        }
    }

    @Test("nodes are used again: a million timers one after the other take no more room than one")
    func reuse() {
        var wheel = TimerWheel<Int>()
        let first = wheel.schedule(at: 1, 0)
        wheel.cancel(first)
        for index in 0..<100_000 {
            let id = wheel.schedule(at: 1, index)
            #expect(id.slot == first.slot)
            wheel.cancel(id)
        }
    }
}

extension TimerWheel {
    fileprivate mutating func popAll() -> [Payload] {
        var all: [Payload] = []
        while let payload = popDue() { all.append(payload) }
        return all
    }
}

private struct Model {
    var current: UInt64
    var timers: [(tick: UInt64, payload: UInt64)] = []

    mutating func schedule(at tick: UInt64, _ payload: UInt64) {
        timers.append((max(tick, current), payload))
    }

    mutating func cancel(_ payload: UInt64) -> UInt64? {
        guard let index = timers.firstIndex(where: { $0.payload == payload }) else { return nil }
        return timers.remove(at: index).payload
    }

    mutating func advance(to tick: UInt64) -> [UInt64] {
        current = max(current, tick)
        // Payloads are numbered in the order of scheduling.
        let due = timers.filter { $0.tick <= current }.sorted { ($0.tick, $0.payload) < ($1.tick, $1.payload) }
        timers.removeAll { $0.tick <= current }
        return due.map(\.payload)
    }
}

/// SplitMix64: a small generator that a seed repeats.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
