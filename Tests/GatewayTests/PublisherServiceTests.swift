// A publisher's subscribers: what a newcomer hears first, what one that is slow loses, and what goes upstream.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A publisher's service", .timeLimit(.minutes(1)))
struct PublisherServiceTests {
    private let there = Endpoints.fresh()

    private func stage(
        most: Int = 100, reactors: Int = 1, _ adjust: (inout ServiceConfiguration) -> Void = { _ in }
    ) throws -> (ServiceStage, Peer<XPub>) {
        let stage = try ServiceStage(.publisher, most: most, reactors: reactors) {
            $0.bind = there
            adjust(&$0)
        }
        let publisher = try Peer<XPub>(stage.host.context, connect: there)
        #expect(stage.run { stage.state.isReady })
        if stage.service.plan.configuration.publisher.cache > 0 { #expect(stage.next(publisher) == ["\u{1}"]) }
        return (stage, publisher)
    }

    /// Subscribes to topics; what is said to the publisher about it is left to be read.
    private func subscribe(_ topics: String..., to stage: ServiceStage) -> (exchange: Exchange, sink: FakeSink) {
        stage.open(String(decoding: TopicList.bytes(of: topics.map { Array($0.utf8) }), as: UTF8.self))
    }

    private func text(_ topic: String, _ body: String) -> String { "{\"topic\":\"\(topic)\",\"body\":\(body)}" }

    @Test("a topic is subscribed upstream for the first who listens, and unsubscribed with the last")
    func upstream() throws {
        let (stage, publisher) = try stage()
        let all = [subscribe("a", to: stage), subscribe("a", "b", to: stage)]
        #expect([stage.next(publisher), stage.next(publisher)] == [["\u{1}a"], ["\u{1}b"]])
        publisher.send("a.x", "1")
        #expect(stage.run { all.allSatisfy { $0.sink.replies == [text("a.x", "1")] } })
        all[0].exchange.finish(because: .clientLeft)
        stage.settle()
        #expect(publisher.heard().isEmpty && stage.counts.topics.held == 2 && stage.counts.topics.subscribers == 1)
        all[1].exchange.finish(because: .clientLeft)
        #expect([stage.next(publisher), stage.next(publisher)] == [["\u{0}a"], ["\u{0}b"]])
        #expect(stage.counts.topics.held == 0)
    }

    @Test(
        "a newcomer hears the last value of each cached topic first; the oldest topic leaves a full cache"
    )
    func cache() throws {
        let (stage, publisher) = try stage { $0.publisher.cache = 2 }
        for (topic, body) in [("a", "1"), ("b", "2"), ("a", "3")] { publisher.send(topic, body) }
        #expect(stage.run { stage.counts.topics.received == 3 })
        let (_, sink) = subscribe("", to: stage)
        #expect(stage.run { sink.replies.count == 2 })
        #expect(Set(sink.replies) == [text("a", "3"), text("b", "2")])
        publisher.send("c", "4")
        #expect(stage.run { sink.replies.last == text("c", "4") })
        let late = subscribe("b", "c", to: stage).sink
        #expect(stage.run { late.replies == [text("c", "4")] || late.replies == [text("b", "2"), text("c", "4")] })
        stage.settle()
        #expect(late.replies.count == 1)
    }

    @Test(
        "one that is paused while it catches up hears the rest in order later, and is ended if that is too much"
    )
    func slow() throws {
        let (stage, publisher) = try stage { $0.publisher.cache = 1 }
        publisher.send("a", "0")
        #expect(stage.run { stage.counts.topics.received == 1 })
        let all = [subscribe("a", to: stage), subscribe("a", to: stage)]
        for (exchange, sink) in all { exchange.pause(by: sink) }
        for number in 1...3 { publisher.send("a", "\(number)") }
        #expect(stage.run { stage.counts.topics.received == 4 })
        #expect(all.allSatisfy { $0.sink.replies.isEmpty })
        all[0].exchange.resume(by: all[0].sink)
        #expect(stage.run { all[0].sink.replies == (0...3).map { text("a", "\($0)") } })
        let large = "\"\(String(repeating: "x", count: 1 << 20))\""
        for _ in 0..<9 { publisher.send("a", large) }
        #expect(stage.run { all[1].sink.ends == [.slowClient] })
        #expect(all[0].sink.ends.isEmpty)
    }

    @Test("who unsubscribes before the kept values came hears none of them")
    func unsubscribed() throws {
        let (stage, publisher) = try stage { $0.publisher.cache = 5 }
        for topic in ["a", "b"] { publisher.send(topic, "1") }
        #expect(stage.run { stage.counts.topics.received == 2 })
        let (exchange, sink) = subscribe("a", "b", to: stage)
        let source = try #require(stage.service as? any TopicSource)
        #expect(source.subscribers.unsubscribe(exchange, from: Array("a".utf8)))
        #expect(!source.subscribers.unsubscribe(exchange, from: Array("a".utf8)))
        #expect(stage.run { sink.replies == [text("b", "1")] })
        stage.settle()
        #expect(sink.replies.count == 1)
    }

    @Test(
        "a message of other frames, or another body, is counted and dropped",
        arguments: [["a"], ["a", "1", "2"], ["a", "{"], ["a", ""]])
    func malformed(_ frames: [String]) throws {
        let (stage, publisher) = try stage()
        let (_, sink) = subscribe("", to: stage)
        _ = stage.next(publisher)
        publisher.send(frames.map { Array($0.utf8) })
        #expect(stage.run { stage.drops(.malformed) == 1 })
        publisher.send("a", "1")
        #expect(stage.run { sink.replies == [text("a", "1")] })
    }

    @Test("with single frames the frame is the body, and begins with the topic")
    func single() throws {
        let (stage, publisher) = try stage { ($0.publisher.frames, $0.body) = (.single, .text) }
        let (_, sink) = subscribe("a", to: stage)
        _ = stage.next(publisher)
        publisher.send("a b")
        #expect(stage.run { sink.replies == ["{\"body\":\"a b\"}"] })
    }

    @Test("no more topics are listened to than `max_topics`")
    func bound() throws {
        let (stage, _) = try stage(most: 1)
        let (exchange, _) = subscribe("a", to: stage)
        let source = try #require(stage.service as? any TopicSource)
        #expect(source.problem(of: [Array("a".utf8)]) == nil)
        #expect(source.problem(of: [Array("b".utf8)])?.code == .tooManyTopics)
        exchange.finish(because: .clientLeft)
        #expect(source.problem(of: [Array("b".utf8)]) == nil)
    }

    @Test("a drain ends what would go on for ever, and nothing new begins")
    func drain() throws {
        let (stage, _) = try stage()
        let (_, sink) = subscribe("a", to: stage)
        stage.host.acceptsRequests = false
        stage.service.drainBegan()
        #expect(sink.ends == [.shutdown] && subscribe("a", to: stage).sink.ends == [.shutdown])
        #expect(stage.counts.topics.subscribers == 0 && stage.counts.topics.held == 0)
    }

    @Test("the home subscribes for other reactors, and posts them what they listen to, once and in order")
    func reactors() throws {
        let (stage, publisher) = try stage(reactors: 2)
        stage.service.receivedLetter(TopicLetter.subscribe(Array("a".utf8), from: 1))
        #expect(stage.next(publisher) == ["\u{1}a"])
        let here = subscribe("a", to: stage)
        for topic in ["a.1", "b", "a.2"] { publisher.send(topic, "1") }
        #expect(stage.run { here.sink.replies.count == 2 })
        var topics: [String] = []
        for case TopicLetter.published(let publications) in stage.host.posted {
            topics += publications.map { String(decoding: $0.topic, as: UTF8.self) }
        }
        #expect(topics == ["a.1", "a.2"])
        stage.service.receivedLetter(TopicLetter.unsubscribe(Array("a".utf8), from: 1))
        stage.settle()
        #expect(publisher.heard().isEmpty)
        here.exchange.finish(because: .clientLeft)
        #expect(stage.next(publisher) == ["\u{0}a"])
    }

    @Test("a message above the bound closes the connection, which is said, and the publisher is heard again")
    func oversize() throws {
        let publisher = try Peer<XPub>(Context(), bind: "tcp://127.0.0.1:*")
        let stage = try ServiceStage(.publisher) { service in
            service.connect = [publisher.endpoint]
            service.socket.maxReplyBytes = 100
        }
        #expect(stage.run { stage.state.isReady })
        let (_, sink) = subscribe("a", to: stage)
        _ = stage.next(publisher)
        publisher.send("a", String(repeating: "1", count: 200_000))
        #expect(stage.run { stage.state.trouble?.contains("socket.max_reply_bytes") == true })
        #expect(
            stage.run {
                publisher.send("a", "1")
                return sink.replies.last == text("a", "1")
            })
    }
}
