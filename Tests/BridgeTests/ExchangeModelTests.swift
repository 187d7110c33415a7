// Random lives of exchanges against a reference that is written as differently as possible: it counts time one
// nanosecond after the other and keeps counters where the machine keeps instants.

import Testing

@testable import Bridge

/// An exchange by the letter of docs/ends.md, slow and plain.
private struct NaiveExchange {
    let rules: EndRules
    var elapsed: UInt64 = 0
    var silence: UInt64 = 0
    var hasReply = false
    var isPaused = false
    var bodies: [Int] = []
    /// Clocks in the order in which they ran out, with nothing having set them back since.
    var ranOut: [EndReason] = []
    var reason: EndReason?

    init(_ rules: EndRules) {
        self.rules = rules
        lookAtClocks()
    }

    mutating func tick() {
        elapsed += 1
        if hasReply && !isPaused { silence += 1 }
        lookAtClocks()
    }

    private mutating func lookAtClocks() {
        if elapsed >= rules.deadline, !ranOut.contains(.deadline) { ranOut.append(.deadline) }
        if let first = rules.first, !hasReply, elapsed >= first, !ranOut.contains(.first) { ranOut.append(.first) }
        if let idle = rules.idle, hasReply, !isPaused, silence >= idle, !ranOut.contains(.idle) { ranOut.append(.idle) }
    }

    mutating func time() -> EndReason? {
        if reason == nil, let earliest = ranOut.first { reason = earliest }
        return reason
    }

    mutating func setPaused(_ paused: Bool) {
        isPaused = paused
        if paused { ranOut.removeAll { $0 == .idle } }
        lookAtClocks()
    }

    /// - Returns: whether it is delivered.
    mutating func reply(_ facts: ReplyFacts) -> Bool {
        if reason != nil { return false }
        silence = 0
        ranOut.removeAll { $0 == .idle }
        if !facts.isKeepalive {
            hasReply = true
            ranOut.removeAll { $0 == .first }
        }
        lookAtClocks()
        if facts.isKeepalive { return false }
        let endsHere = facts.isFinal ? EndReason.final : bodies.count + 1 == rules.count ? .count : nil
        let isMarker = facts.isFinal && !rules.deliversFinal
        let isTooMany = bodies.count + 1 > rules.maxReplies ?? .max
        let isTooLong = (bodies + [facts.byteCount]).reduce(0, +) > rules.maxBytes ?? .max
        switch (facts.isValid, facts.isError, isMarker) {
        case (_, false, true): reason = .final
        case (false, _, _): reason = .badReply
        case (true, true, _): reason = .error
        case (true, false, false):
            if isTooMany || isTooLong {
                reason = .limit
            } else {
                bodies.append(facts.byteCount)
                reason = endsHere
                return true
            }
        }
        return false
    }
}

@Suite("An exchange in any order of events")
struct ExchangeModelTests {
    @Test("agrees with the naive reference", arguments: 0..<20 as Range<UInt64>)
    func model(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for life in 0..<200 {
            let rules = randomRules(&random)
            var exchange = ExchangeState(rules: rules, openedAt: at(500))
            var naive = NaiveExchange(rules)
            var now: UInt64 = 500
            for step in 0..<60 {
                happen(&exchange, &naive, &now, &random)
                #expect(exchange.end?.reason == naive.reason, "seed \(seed) life \(life) step \(step) \(rules)")
                #expect(exchange.delivered == naive.bodies.count)
                #expect(exchange.deliveredBytes == naive.bodies.reduce(0, +))
                expectHonestWake(exchange, now)
                if exchange.end?.reason != naive.reason { return }
            }
        }
    }

    private func happen(
        _ exchange: inout ExchangeState, _ naive: inout NaiveExchange, _ now: inout UInt64, _ random: inout SplitMix64
    ) {
        let endBefore = exchange.end
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<8:
            let facts = randomFacts(&random)
            let wasOver = naive.reason != nil
            let isDelivered = naive.reply(facts)
            let action = exchange.replied(facts, at: at(now))
            let expected: ReplyAction =
                switch (wasOver, isDelivered, exchange.end) {
                case (true, _, _): .drop
                case (false, true, nil): .deliver
                case (false, true, let end?): .deliverThenEnd(end)
                case (false, false, nil): .ignore
                case (false, false, let end?): .end(end)
                }
            #expect(action == expected)
        case 8..<14:
            let length = UInt64.random(in: 0...12, using: &random)
            for _ in 0..<length { naive.tick() }
            now += length
            if random.oneIn(2) {
                let wasOver = naive.reason != nil
                let end = exchange.reached(at(now))
                #expect(end?.reason == (wasOver ? nil : naive.time()))
            }
        case 14..<16:
            naive.setPaused(true)
            exchange.pause(at: at(now))
        case 16..<19:
            naive.setPaused(false)
            exchange.resume(at: at(now))
        default:
            guard random.oneIn(4) else { return }
            if naive.reason == nil { naive.reason = .clientLeft }
            _ = exchange.finish(because: .clientLeft)
        }
        if let endBefore { #expect(exchange.end == endBefore) }
    }

    /// A wake-up at `nextWake` finds something to do, and a nanosecond earlier there is nothing.
    private func expectHonestWake(_ exchange: ExchangeState, _ now: UInt64) {
        guard exchange.end == nil else {
            #expect(exchange.nextWake == .distantFuture)
            return
        }
        let wake = exchange.nextWake.nanoseconds
        var early = exchange
        #expect(early.reached(at(wake - 1)) == nil)
        var due = exchange
        #expect(due.reached(at(wake)) != nil)
    }

    private func randomRules(_ random: inout SplitMix64) -> EndRules {
        EndRules(
            count: random.oneIn(3) ? Int.random(in: 1...6, using: &random) : nil, countIsExact: random.oneIn(2),
            deliversFinal: random.oneIn(2), first: random.oneIn(2) ? UInt64.random(in: 0...40, using: &random) : nil,
            idle: random.oneIn(3) ? nil : UInt64.random(in: 0...20, using: &random),
            idleMeans: random.oneIn(2) ? .complete : .incomplete,
            deadline: UInt64.random(in: 1...200, using: &random),
            maxReplies: random.oneIn(3) ? Int.random(in: 0...8, using: &random) : nil,
            maxBytes: random.oneIn(3) ? Int.random(in: 0...60, using: &random) : nil)
    }

    private func randomFacts(_ random: inout SplitMix64) -> ReplyFacts {
        ReplyFacts(
            byteCount: Int.random(in: 0...15, using: &random), isValid: !random.oneIn(12),
            isFinal: random.oneIn(10), isError: random.oneIn(12), isKeepalive: random.oneIn(4))
    }
}
