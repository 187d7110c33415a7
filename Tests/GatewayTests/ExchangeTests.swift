// An exchange between its service and its sink: who hears what, and when it is over.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("An exchange and its sink")
struct ExchangeTests {
    private let service: FakeService
    private let host: FakeHost
    private let sink = FakeSink()

    init() throws {
        service = FakeService(ServicePlan(index: 0, ServiceConfiguration(name: "s", peer: .dealer)))
        host = try FakeHost([service.plan], most: 1)
    }

    private func open(_ rules: EndRules = EndRules(), _ text: String = "1") -> Exchange {
        let exchange = Exchange(host, service, rules, fairnessKey: 7, takesEnvelopes: false)
        var frame = Frame(text)
        exchange.open(&frame, sink)
        return exchange
    }

    private func reply(_ text: String, to exchange: Exchange, _ note: ReplyMetadata = ReplyMetadata()) {
        var frame = Frame(text)
        exchange.receivedFromWorker(&frame, note)
    }

    @Test("sends its request, delivers replies, and reports its end once")
    func life() {
        let exchange = open(EndRules(count: 2), "[1]")
        #expect(service.requests == ["[1]"] && exchange.isOpen && host.open.count == 1)
        for text in ["1", "2", "3"] { reply(text, to: exchange) }
        #expect(sink.replies == ["1", "2"] && sink.ends == [.count] && service.ends == [.count])
        #expect(!exchange.isOpen && host.open.isEmpty)
        exchange.finish(because: .shutdown)
        #expect(sink.ends == [.count])
        let counts = host.metrics.services[0].counts
        #expect(counts.open == 0 && counts.replies == 2 && counts.drops[DropReason.late.rawValue] == 1)
    }

    @Test("is over at once if it is not admitted or its service rejects it")
    func rejections() {
        let first = open()
        #expect(!open().isOpen && sink.ends == [.overloaded] && service.requests.count == 1)
        first.finish(because: .cancelled)
        service.sendResult = .rejected(.noWorker)
        #expect(!open().isOpen && sink.ends == [.overloaded, .cancelled, .noWorker] && host.open.isEmpty)
    }

    @Test("a replaced sink receives nothing more, and the next one everything from then on")
    func replacement() {
        let exchange = open()
        reply("1", to: exchange)
        let next = FakeSink(memoryKey: 2)
        exchange.replaceSink(next)
        #expect(exchange.memoryKey == 2 && exchange.fairnessKey == 7)
        reply("2", to: exchange)
        exchange.finish(because: .cancelled)
        #expect(sink.replies == ["1"] && sink.ends.isEmpty)
        #expect(next.replies == ["2"] && next.ends == [.cancelled])
        exchange.replaceSink(sink)
        #expect(exchange.memoryKey == MemoryLedger.noClient)
    }

    @Test("a sink may be replaced or end the exchange while it receives a reply")
    func replacementWithin() {
        let exchange = open()
        let next = FakeSink()
        sink.onReply = { exchange.replaceSink(next) }
        next.onReply = { exchange.finish(because: .slowClient) }
        for text in ["1", "2", "3"] { reply(text, to: exchange) }
        #expect(sink.replies == ["1"] && next.replies == ["2"] && next.ends == [.slowClient])
    }

    @Test("a full sink does not keep the next one waiting")
    func replacementOfPaused() {
        let exchange = open(EndRules(idle: 100, deadline: 10_000))
        reply("1", to: exchange)
        exchange.pause(by: sink)
        let next = FakeSink()
        exchange.replaceSink(next)
        #expect(service.pauses == [true, false])
        host.advance(by: 100)
        exchange.timerFired(0)
        #expect(next.ends == [.idle])
    }

    @Test("a sink that was replaced can neither end, pause nor resume the exchange")
    func replacedSinkHasNoSay() {
        let exchange = open()
        let next = FakeSink()
        exchange.replaceSink(next)
        exchange.pause(by: sink)
        exchange.finish(because: .clientLeft, by: sink)
        #expect(exchange.isOpen && next.ends.isEmpty && service.pauses == [false])
        exchange.pause(by: next)
        exchange.resume(by: sink)
        #expect(service.pauses == [false, true])
        exchange.resume(by: next)
        exchange.finish(because: .clientLeft, by: next)
        #expect(next.ends == [.clientLeft] && service.pauses == [false, true, false])
    }

    @Test("the sink is released when it is over")
    func released() {
        weak var gone: FakeSink?
        let exchange = open()
        do {
            let next = FakeSink()
            gone = next
            exchange.replaceSink(next)
        }
        #expect(gone != nil)
        exchange.finish(because: .clientLeft)
        #expect(gone == nil)
    }

    @Test("when a clock expires, replies that have arrived come first")
    func clocks() {
        let exchange = open(EndRules(first: 100, deadline: 1_000))
        service.waiting = [{ self.reply("1", to: exchange) }]
        host.advance(by: 100)
        exchange.timerFired(0)
        #expect(sink.replies == ["1"] && exchange.isOpen)
        host.advance(by: 900)
        exchange.timerFired(0)
        #expect(sink.ends == [.deadline])
    }

    @Test("calls its sink's look at the time that the sink asks for")
    func looks() {
        sink.nextLook = host.now + 50
        let exchange = open()
        exchange.timerFired(0)
        #expect(sink.looks == 0)
        host.advance(by: 50)
        exchange.timerFired(0)
        exchange.timerFired(0)
        #expect(sink.looks == 1 && exchange.isOpen)
    }

    @Test("a worker's error and an invalid reply go with the end and are not delivered")
    func errors() {
        let exchange = open()
        reply("{", to: exchange)
        #expect(sink.replies.isEmpty && sink.ends == [.badReply] && sink.lastReply == "{" && sink.fault != nil)
    }

    @Test("a marker ends it without a reply, a last reply with one")
    func lastReplies() {
        reply("0", to: open(), ReplyMetadata(last: .marker))
        #expect(sink.replies.isEmpty && sink.ends == [.final])
        reply("1", to: open(), ReplyMetadata(last: .data))
        #expect(sink.replies == ["1"] && sink.ends == [.final, .final])
    }

    @Test("a pause reaches the service and stops the idle clock")
    func pauses() {
        let exchange = open(EndRules(idle: 100, deadline: 10_000))
        reply("1", to: exchange)
        exchange.pause(by: sink)
        host.advance(by: 500)
        exchange.timerFired(0)
        #expect(exchange.isOpen && service.pauses == [true])
        exchange.resume(by: sink)
        host.advance(by: 100)
        exchange.timerFired(0)
        #expect(sink.ends == [.idle] && service.pauses == [true, false])
    }

    @Test("a one-way exchange is over when its worker has the request")
    func oneWay() {
        let exchange = open(EndRules(count: 0))
        #expect(exchange.isOneWay && exchange.isOpen)
        exchange.requestWasTaken()
        #expect(sink.ends.count == 1)
        #expect(!exchange.isOpen)
    }
}
