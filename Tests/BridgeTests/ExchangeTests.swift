// The end rules of an exchange, each alone and in pairs, on a manual clock.

import Testing

@testable import Bridge

@Suite("An exchange")
struct ExchangeTests {
    private func open(_ rules: EndRules) -> ExchangeState { ExchangeState(rules: rules, openedAt: at(1_000)) }

    @Test("listening has no deadline unless it is asked for, and is complete then")
    func listening() {
        var exchange = open(.listening)
        #expect(exchange.nextWake == .distantFuture)
        #expect(exchange.replied(.plain, at: at(1_001)) == .deliver)
        #expect(exchange.reached(at(.max - 1)) == nil)
        guard case .accepted(let rules) = EndRules.listening.overridden(
            by: Overrides(deadline: 50), within: OverrideBounds(count: 1, first: 1, idle: 1, deadline: 50))
        else { return #expect(Bool(false)) }
        exchange = open(rules)
        #expect(exchange.reached(at(1_050))?.isOK == true)
        #expect(exchange.end?.reason == .deadline)
    }

    // MARK: Ends that a reply makes

    @Test("a data final is delivered, completes, and leaves nothing owed")
    func dataFinal() {
        var exchange = open(EndRules())
        #expect(exchange.replied(.plain, at: at(1_001)) == .deliver)
        #expect(exchange.replied(.final, at: at(1_002)) == .deliverThenEnd(End(.final)))
        #expect(exchange.delivered == 2 && exchange.deliveredBytes == 20)
        #expect(exchange.end?.owesReplies == false)
    }

    @Test("a marker final completes without being delivered, even if its body is invalid")
    func markerFinal() {
        for valid in [true, false] {
            var exchange = open(EndRules(deliversFinal: false))
            let marker = ReplyFacts(byteCount: 0, isValid: valid, isFinal: true)
            #expect(exchange.replied(marker, at: at(1_001)) == .end(End(.final)))
            #expect(exchange.delivered == 0 && exchange.deliveredBytes == 0)
            #expect(exchange.end?.isOK == true)
            #expect(exchange.firstReplyAt == at(1_001))
        }
    }

    @Test("a data final with an invalid body is a bad reply")
    func invalidDataFinal() {
        var exchange = open(EndRules())
        let facts = ReplyFacts(byteCount: 3, isValid: false, isFinal: true)
        #expect(exchange.replied(facts, at: at(1_001)) == .end(End(.badReply)))
    }

    @Test("an error wins over a final in the same reply, whether finals are data or markers", arguments: [true, false])
    func errorAndFinal(deliversFinal: Bool) {
        var exchange = open(EndRules(deliversFinal: deliversFinal))
        let facts = ReplyFacts(byteCount: 3, isFinal: true, isError: true)
        #expect(exchange.replied(facts, at: at(1_001)) == .end(End(.error)))
    }

    @Test("an error ends as failed and is not counted")
    func error() {
        var exchange = open(EndRules(count: 1))
        #expect(exchange.replied(.error, at: at(1_001)) == .end(End(.error)))
        #expect(exchange.end?.outcome == .failed)
        #expect(exchange.delivered == 0)
    }

    @Test("a reply that is not what the service declares ends as a bad reply")
    func badReply() {
        var exchange = open(EndRules())
        #expect(exchange.replied(.invalid, at: at(1_001)) == .end(End(.badReply)))
        #expect(exchange.end?.outcome == .failed)
    }

    @Test("the counted reply is delivered and ends it", arguments: [1, 2, 5])
    func count(_ count: Int) {
        var exchange = open(EndRules(count: count))
        for _ in 1..<count { #expect(exchange.replied(.plain, at: at(1_001)) == .deliver) }
        #expect(exchange.replied(.plain, at: at(1_001)) == .deliverThenEnd(.count(isExact: false)))
        #expect(exchange.delivered == count)
    }

    @Test("a count below zero still ends at the first reply")
    func countBelowZero() {
        var exchange = open(EndRules(count: -1))
        #expect(exchange.replied(.plain, at: at(1_001)) == .deliverThenEnd(.count(isExact: false)))
    }

    @Test("only a count that the service declares leaves no replies owed and cancels no worker")
    func exactCount() {
        var exact = open(EndRules(count: 1, countIsExact: true))
        var wished = open(EndRules(count: 1))
        _ = exact.replied(.plain, at: at(1_001))
        _ = wished.replied(.plain, at: at(1_001))
        #expect(exact.end?.owesReplies == false && exact.end?.cancelsWorker == false)
        #expect(wished.end?.owesReplies == true && wished.end?.cancelsWorker == true)
    }

    @Test("a final on the counted reply ends as final, which owes nothing")
    func finalBeatsCount() {
        var exchange = open(EndRules(count: 1))
        #expect(exchange.replied(.final, at: at(1_001)) == .deliverThenEnd(End(.final)))
    }

    @Test("the reply that would exceed max_replies is not delivered")
    func maxReplies() {
        var exchange = open(EndRules(maxReplies: 2))
        #expect(exchange.replied(.plain, at: at(1_001)) == .deliver)
        #expect(exchange.replied(.plain, at: at(1_002)) == .deliver)
        #expect(exchange.replied(.plain, at: at(1_003)) == .end(End(.limit)))
        #expect(exchange.delivered == 2)
    }

    @Test("max_bytes admits the last byte and refuses the next")
    func maxBytes() {
        var exchange = open(EndRules(maxBytes: 20))
        #expect(exchange.replied(.plain, at: at(1_001)) == .deliver)
        #expect(exchange.replied(.plain, at: at(1_002)) == .deliver)
        #expect(exchange.replied(ReplyFacts(byteCount: 1), at: at(1_003)) == .end(End(.limit)))
        #expect(exchange.deliveredBytes == 20)
    }

    @Test("a marker still completes when the caps are full; a data final does not fit any more")
    func finalAtTheCap() {
        var marker = open(EndRules(deliversFinal: false, maxReplies: 1, maxBytes: 10))
        _ = marker.replied(.plain, at: at(1_001))
        #expect(marker.replied(.final, at: at(1_002)) == .end(End(.final)))
        var data = open(EndRules(maxReplies: 1))
        _ = data.replied(.plain, at: at(1_001))
        #expect(data.replied(.final, at: at(1_002)) == .end(End(.limit)))
    }

    @Test("a keepalive is neither counted nor delivered, and nothing else in it is looked at")
    func keepaliveIsNothing() {
        var exchange = open(EndRules(count: 1, maxBytes: 5))
        var facts = ReplyFacts(byteCount: 900, isValid: false, isFinal: true, isError: true, isKeepalive: true)
        #expect(exchange.replied(facts, at: at(1_001)) == .ignore)
        facts = .keepalive
        #expect(exchange.replied(facts, at: at(1_002)) == .ignore)
        #expect(exchange.delivered == 0 && exchange.deliveredBytes == 0 && exchange.firstReplyAt == nil)
        #expect(exchange.end == nil)
    }

    // MARK: Ends that a clock makes

    @Test("the deadline ends it at its instant and not before, and no reply moves it")
    func deadline() {
        var exchange = open(EndRules(deadline: 100))
        #expect(exchange.nextWake == at(1_100))
        #expect(exchange.replied(.plain, at: at(1_090)) == .deliver)
        #expect(exchange.nextWake == at(1_100))
        #expect(exchange.reached(at(1_099)) == nil)
        #expect(exchange.reached(at(1_100)) == End(.deadline))
    }

    @Test("without a first reply in time it ends as first")
    func first() {
        var exchange = open(EndRules(first: 30, deadline: 100))
        #expect(exchange.nextWake == at(1_030))
        #expect(exchange.reached(at(1_029)) == nil)
        #expect(exchange.reached(at(1_030)) == End(.first))
    }

    @Test("the first reply disarms first, a keepalive does not")
    func firstIsDisarmed() {
        var replied = open(EndRules(first: 30, deadline: 100))
        _ = replied.replied(.plain, at: at(1_020))
        #expect(replied.reached(at(1_099)) == nil)
        var alive = open(EndRules(first: 30, idle: 50, deadline: 100))
        _ = alive.replied(.keepalive, at: at(1_020))
        #expect(alive.reached(at(1_030)) == End(.first))
    }

    @Test("idle is armed by the first reply only, and each reply and keepalive starts it anew")
    func idle() {
        var exchange = open(EndRules(idle: 10, idleMeans: .complete, deadline: 100))
        #expect(exchange.reached(at(1_050)) == nil)
        _ = exchange.replied(.plain, at: at(1_050))
        #expect(exchange.nextWake == at(1_060))
        _ = exchange.replied(.keepalive, at: at(1_055))
        #expect(exchange.nextWake == at(1_065))
        _ = exchange.replied(.plain, at: at(1_064))
        #expect(exchange.reached(at(1_073)) == nil)
        #expect(exchange.reached(at(1_074)) == .idle(.complete))
    }

    @Test("an idle end means what the service declares", arguments: [Outcome.complete, .incomplete])
    func idleMeaning(_ outcome: Outcome) {
        var exchange = open(EndRules(idle: 10, idleMeans: outcome))
        _ = exchange.replied(.plain, at: at(1_001))
        let end = exchange.reached(at(2_000))
        #expect(end?.reason == .idle && end?.outcome == outcome && end?.owesReplies == true)
        #expect(end?.cancelsWorker == (outcome == .incomplete))
    }

    @Test("of two expired clocks the one that expired first is the reason")
    func lateLookAtTheClock() {
        var idle = open(EndRules(idle: 10, idleMeans: .complete, deadline: 100))
        _ = idle.replied(.plain, at: at(1_089))
        #expect(idle.reached(at(1_101)) == .idle(.complete))
        var first = open(EndRules(first: 99, deadline: 100))
        #expect(first.reached(at(5_000)) == End(.first))
        var deadline = open(EndRules(idle: 10, idleMeans: .complete, deadline: 100))
        _ = deadline.replied(.plain, at: at(1_095))
        #expect(deadline.reached(at(5_000)) == End(.deadline))
    }

    @Test("a tie of two clocks is the deadline's")
    func tie() {
        var exchange = open(EndRules(first: 100, deadline: 100))
        #expect(exchange.reached(at(1_100)) == End(.deadline))
    }

    @Test("a reply that arrived in time wins over an expired clock")
    func replyBeatsTheClock() {
        var exchange = open(EndRules(count: 1, first: 10, deadline: 20))
        #expect(exchange.replied(.plain, at: at(9_000)) == .deliverThenEnd(.count(isExact: false)))
        #expect(exchange.reached(at(9_000)) == nil)
    }

    @Test("durations beyond the clock mean never, not now")
    func saturation() {
        var exchange = open(EndRules(idle: .max, deadline: .max))
        _ = exchange.replied(.plain, at: at(1_001))
        #expect(exchange.nextWake == .distantFuture)
        #expect(exchange.reached(at(.max - 1)) == nil)
    }

    // MARK: Back-pressure

    @Test("a pause holds idle where it stands and a resume lets the rest of it run")
    func pause() {
        var exchange = open(EndRules(idle: 10, deadline: 100))
        _ = exchange.replied(.plain, at: at(1_010))
        exchange.pause(at: at(1_014))
        #expect(exchange.nextWake == at(1_100))
        #expect(exchange.reached(at(1_050)) == nil)
        exchange.resume(at: at(1_050))
        #expect(exchange.nextWake == at(1_056))
        exchange.pause(at: at(1_053))
        exchange.resume(at: at(1_060))
        #expect(exchange.nextWake == at(1_063))
        #expect(exchange.reached(at(1_063)) == .idle(.incomplete))
    }

    @Test("a pause does not hold the deadline")
    func pauseAndDeadline() {
        var exchange = open(EndRules(idle: 10, deadline: 100))
        _ = exchange.replied(.plain, at: at(1_010))
        exchange.pause(at: at(1_011))
        #expect(exchange.reached(at(1_100)) == End(.deadline))
    }

    @Test("a second pause and a second resume change nothing")
    func pauseTwice() {
        var exchange = open(EndRules(idle: 10, deadline: 100))
        exchange.resume(at: at(1_001))
        _ = exchange.replied(.plain, at: at(1_010))
        exchange.pause(at: at(1_012))
        exchange.pause(at: at(1_018))
        exchange.resume(at: at(1_030))
        exchange.resume(at: at(1_034))
        #expect(exchange.nextWake == at(1_038))
    }

    @Test("a reply during a pause starts the gap anew, and it runs from the resume")
    func replyWhilePaused() {
        var exchange = open(EndRules(idle: 10, deadline: 1_000))
        _ = exchange.replied(.plain, at: at(1_010))
        exchange.pause(at: at(1_019))
        _ = exchange.replied(.plain, at: at(1_020))
        #expect(exchange.nextWake == at(2_000))
        exchange.resume(at: at(1_030))
        #expect(exchange.nextWake == at(1_040))
    }

    @Test("a pause before the first reply holds idle as well, but not first")
    func pauseWhileWaiting() {
        var exchange = open(EndRules(first: 30, idle: 10, deadline: 1_000))
        exchange.pause(at: at(1_001))
        #expect(exchange.nextWake == at(1_030))
        _ = exchange.replied(.plain, at: at(1_020))
        #expect(exchange.nextWake == at(2_000))
        exchange.resume(at: at(1_100))
        #expect(exchange.reached(at(1_110)) == .idle(.incomplete))
    }

    // MARK: The end

    @Test("an end from outside is reported once", arguments: EndReason.allCases)
    func outside(_ reason: EndReason) {
        var exchange = open(EndRules())
        #expect(exchange.finish(because: reason) == End(reason))
        #expect(exchange.finish(because: .shutdown) == nil)
        #expect(exchange.end == End(reason))
    }

    @Test("the end is final: replies are dropped, clocks stop, the first reason stays")
    func nothingLeavesTheEnd() {
        var exchange = open(EndRules(count: 1, idle: 5, deadline: 100))
        _ = exchange.replied(.plain, at: at(1_001))
        let end = exchange.end
        for facts in [ReplyFacts.plain, .final, .error, .invalid, .keepalive] {
            #expect(exchange.replied(facts, at: at(1_002)) == .drop)
        }
        exchange.pause(at: at(1_003))
        exchange.resume(at: at(1_004))
        #expect(exchange.reached(at(9_999)) == nil)
        #expect(exchange.finish(because: .clientLeft) == nil)
        #expect(exchange.end == end && exchange.nextWake == .distantFuture)
        #expect(exchange.delivered == 1 && exchange.deliveredBytes == 10 && exchange.firstReplyAt == at(1_001))
    }
}
