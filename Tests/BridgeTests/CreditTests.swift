// The water marks of one client's unsent replies.

import Testing

@testable import Bridge

@Suite("Credit")
struct CreditTests {
    @Test("pauses above a quarter, resumes at a sixteenth, overruns above the bound")
    func marks() {
        var credit = Credit(bound: 1_600)
        #expect(credit.fill(400) == .none)
        #expect(credit.fill(1) == .pause)
        #expect(credit.isPaused && credit.buffered == 401)
        #expect(credit.fill(1_199) == .none)
        #expect(credit.drain(1_499) == .none)
        #expect(credit.isPaused && credit.buffered == 101)
        #expect(credit.drain(1) == .resume)
        #expect(!credit.isPaused && credit.buffered == 100)
        #expect(credit.fill(1_500) == .pause)
        #expect(credit.fill(1) == .overrun)
    }

    @Test("overruns also without a pause before")
    func sudden() {
        var credit = Credit(bound: 100)
        _ = credit.fill(1)
        #expect(credit.fill(100) == .overrun)
    }

    @Test("lets a single reply through even if it is larger than the bound")
    func large() {
        var credit = Credit(bound: 100)
        #expect(credit.fill(500) == .pause)
        #expect(credit.fill(1) == .overrun)
    }

    @Test("resumes once everything is sent, however small the bound", arguments: [0, 1, 3, 15, 17])
    func smallBounds(_ bound: Int) {
        var credit = Credit(bound: bound)
        for _ in 0..<bound { _ = credit.fill(1) }
        let wasPaused = credit.isPaused
        var changes: [Credit.Change] = []
        for _ in 0..<bound { changes.append(credit.drain(1)) }
        #expect(credit.buffered == 0 && !credit.isPaused)
        #expect(changes.count { $0 == .resume } == (wasPaused ? 1 : 0))
    }

    @Test("alternates pause and resume in any order of fills and drains", arguments: 0..<5 as Range<UInt64>)
    func random(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let bound = Int.random(in: 64...5_000, using: &random)
        var credit = Credit(bound: bound)
        var expected = 0
        var paused = false
        for _ in 0..<5_000 {
            if random.oneIn(2) {
                let bytes = Int.random(in: 0...bound / 8, using: &random)
                expected += bytes
                let change = credit.fill(bytes)
                if expected > bound {
                    #expect(change == .overrun)
                    return
                }
                #expect(change == (!paused && expected > bound / 4 ? .pause : .none))
                if change == .pause { paused = true }
            } else {
                let bytes = Int.random(in: 0...expected, using: &random)
                expected -= bytes
                let change = credit.drain(bytes)
                #expect(change == (paused && expected <= bound / 16 ? .resume : .none))
                if change == .resume { paused = false }
            }
            #expect(credit.buffered == expected && credit.isPaused == paused)
        }
    }
}
