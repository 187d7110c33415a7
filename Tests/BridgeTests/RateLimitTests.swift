// What a limit lets through, and what it says about the rest.

import Testing

@testable import Bridge

@Suite("Rate limit")
struct RateLimitTests {
    @Test("lets a burst through, holds the rest back until the interval is over, and says how many")
    func burst() {
        var limit = RateLimit(burst: 2, per: 100)
        #expect(limit.admit("a", at: at(5)) == "a")
        #expect(limit.admit("b", at: at(6)) == "b")
        for time in 7..<105 as Range<UInt64> { #expect(limit.admit("c", at: at(time)) == nil) }
        #expect(limit.heldBack == 98)
        #expect(limit.admit("d", at: at(105)) == "d (and 98 more)")
        #expect(limit.heldBack == 0)
        #expect(limit.admit("e", at: at(106)) == "e")
        #expect(limit.admit("f", at: at(204)) == nil)
        #expect(limit.admit("g", at: at(10_000)) == "g (and 1 more)")
    }

    @Test("lets the first event through, whatever the time is", arguments: [0, 1, .max] as [UInt64])
    func first(_ time: UInt64) {
        var limit = RateLimit()
        #expect(limit.admit(at: at(time)) == 0)
        #expect(time == .max || limit.admit(at: at(time)) == nil)
    }

    @Test("does not format a message that it suppresses")
    func lazy() {
        var limit = RateLimit()
        var made = 0
        func message() -> String {
            made += 1
            return "x"
        }
        for _ in 0..<100 { _ = limit.admit(message(), at: at(1)) }
        #expect(made == 1 && limit.heldBack == 99)
    }

    @Test("never counts more events than there were", arguments: 0..<5 as Range<UInt64>)
    func random(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var limit = RateLimit(burst: Int.random(in: 1...4, using: &random), per: 50)
        var (time, told) = (UInt64(0), UInt64(0))
        for _ in 0..<1_000 {
            time += UInt64.random(in: 0...20, using: &random)
            if let missed = limit.admit(at: at(time)) { told += 1 + missed }
        }
        #expect(told + limit.heldBack == 1_000)
    }
}
