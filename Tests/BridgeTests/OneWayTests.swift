// Exchanges that want no reply, and those for which no reply is an answer.

@testable import Bridge
import Testing

private let start = Instant(nanoseconds: 1_000)

@Suite("An exchange without replies")
struct OneWayTests {
    private func exchange(_ adjust: (inout EndRules) -> Void) -> ExchangeState {
        var rules = EndRules(deadline: 1_000)
        adjust(&rules)
        return ExchangeState(rules: rules, openedAt: start)
    }

    @Test("with a count of 0 ends when the worker has it, once")
    func oneWay() {
        var exchange = exchange { $0.count = 0 }
        #expect(exchange.reached(start + 10) == nil)
        #expect(exchange.sent() == .sent)
        #expect(exchange.sent() == nil)
        #expect(exchange.end == .sent && exchange.delivered == 0)
        #expect(exchange.replied(ReplyFacts(byteCount: 1), at: start + 20) == .drop)
    }

    @Test("with a count of 0 delivers nothing, even if a reply is faster than the news that the worker has it")
    func overtaken() {
        var exchange = exchange { $0.count = 0 }
        #expect(exchange.replied(ReplyFacts(byteCount: 0, isKeepalive: true), at: start) == .ignore)
        #expect(exchange.replied(ReplyFacts(byteCount: 1), at: start) == .end(.sent))
        #expect(exchange.sent() == nil && exchange.delivered == 0)
    }

    @Test("with a count of 0 that no worker accepts ends at its deadline")
    func late() {
        var exchange = exchange { $0.count = 0 }
        #expect(exchange.reached(start + 1_000)?.reason == .deadline)
        #expect(exchange.sent() == nil)
    }

    @Test("of any other count goes on when the worker has it", arguments: [nil, 1, 2])
    func others(_ count: Int?) {
        var exchange = exchange { $0.count = count }
        #expect(exchange.sent() == nil && exchange.end == nil)
    }

    @Test(
        "is complete or not after the wait for the first reply, as the service says",
        arguments: [Outcome.complete, .incomplete])
    func first(_ outcome: Outcome) {
        var exchange = exchange {
            $0.first = 100
            $0.firstMeans = outcome
        }
        #expect(exchange.nextWake == start + 100)
        let end = exchange.reached(start + 100)
        #expect(end?.reason == .first && end?.outcome == outcome && end?.cancelsWorker == (outcome == .incomplete))
    }

    @Test("that the client cancels is complete, and cancels the worker")
    func cancelled() {
        var exchange = exchange { _ in }
        let end = exchange.finish(because: .cancelled)
        #expect(end?.isOK == true && end?.cancelsWorker == true && end?.owesReplies == true)
    }
}
