// The topics of a request and the text of a message.

import Configuration
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Topics of a request")
struct TopicListTests {
    @Test(
        "survive the encoding as bytes",
        arguments: [[], [""], ["a", "", "b c"], [String(repeating: "x", count: 255)]])
    func roundTrip(topics: [String]) {
        let topics = topics.map { Array($0.utf8) }
        let bytes = TopicList.bytes(of: topics)
        #expect(TopicList.read(bytes.span) == topics)
    }

    @Test("have bounds of their own")
    func bounds() {
        let long = [UInt8](repeating: 0x61, count: 255)
        #expect(TopicList.problem(of: Array(repeating: long, count: 100)) == nil)
        #expect(TopicList.problem(of: Array(repeating: [], count: 101))?.code == .badParameter)
        #expect(TopicList.problem(of: [long + [0]])?.code == .badParameter)
    }
}

@Suite("A publication")
struct PublicationTests {
    private func text(_ topic: String, _ body: String, _ change: (inout ServiceConfiguration) -> Void) -> String {
        var service = ServiceConfiguration(name: "s", peer: .publisher)
        change(&service)
        let plan = ServicePlan(index: 0, service)
        let (topic, body) = (Array(topic.utf8), Array(body.utf8))
        let publication = Publication(topic.span, body.span, plan.inspector.inspect(body.span), plan)
        #expect(publication.topic == topic)
        return String(decoding: publication.text, as: UTF8.self)
    }

    @Test("is one JSON object on one line, whatever its body is")
    func text() {
        #expect(text("a\"b", "{\"x\":\n1}") { _ in } == #"{"topic":"a\"b","body":{"x": 1}}"#)
        #expect(text("a", "say \"x\"\n") { $0.body = .text } == #"{"topic":"a","body":"say \"x\"\n"}"#)
        #expect(text("a", "abc") { $0.body = .binary } == #"{"topic":"a","body":"YWJj"}"#)
        let single = text("a b", "a b") {
            $0.body = .text
            $0.publisher.frames = .single
        }
        #expect(single == #"{"body":"a b"}"#)
    }
}
