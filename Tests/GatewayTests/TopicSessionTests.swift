// Sessions with a publisher: what they may say, what they hear, and what harms nothing.

import Bridge
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A session with a publisher", .timeLimit(.minutes(1)))
struct TopicSessionTests {
    private let there = Endpoints.fresh()

    private func house(_ keys: String = "", reactors: Int = 1) throws -> CoreHouse {
        let indented = keys.split(separator: "\n").map { "    \($0)\n" }.joined()
        return try CoreHouse(
            "services:\n  p:\n    peer: publisher\n    bind: \(there)\n\(indented)", reactors: reactors)
    }

    @Test(
        "a message that cannot be obeyed gets an error, and the session goes on",
        arguments: [
            ("{", false, "bad_json"), ("[]", false, "bad_message"), ("{}", true, "bad_message"),
            (#"{"op":"what"}"#, false, "bad_message"), (#"{"op":"subscribe"}"#, false, "bad_message"),
            (#"{"op":"subscribe","topic":1}"#, false, "bad_message"),
            (#"{"op":"unsubscribe","topic":"a"}"#, false, "unknown_topic"),
            (#"{"op":"subscribe","topic":"\#(String(repeating: "x", count: 256))"}"#, false, "bad_parameter"),
            (#"{"op":"subscribe","topic":"c"}"#, false, "too_many_topics"),
        ])
    func wrong(_ message: String, _ isBinary: Bool, _ code: String) throws {
        let house = try house("max_topics: 1")
        defer { house.stop() }
        let publisher = try Peer<XPub>(house.core.context, connect: there)
        let client = house.openSession("/v1/services/p", nil)
        if code == "too_many_topics" { client.say(#"{"op":"subscribe","topic":"b"}"#) }
        client.say(message, isBinary: isBinary)
        #expect(house.next(client).contains("\"code\":\"\(code)\""))
        if code != "too_many_topics" { client.say(#"{"op":"subscribe","topic":"b"}"#) }
        #expect(house.run { publisher.heard() == ["\u{1}b"] })
        publisher.send("b", "1")
        #expect(house.next(client) == #"{"op":"message","topic":"b","body":1}"#)
    }

    @Test("a topic that is subscribed twice is heard once, and no more than a hundred are taken")
    func bounds() throws {
        let house = try house()
        defer { house.stop() }
        let publisher = try Peer<XPub>(house.core.context, connect: there)
        let client = house.openSession("/v1/services/p", nil)
        for _ in 0..<2 { client.say(#"{"op":"subscribe","topic":"a"}"#) }
        #expect(house.run { publisher.heard() == ["\u{1}a"] })
        for text in ["1", "2"] { publisher.send("a", text) }
        for text in ["1", "2"] {
            #expect(house.next(client) == "{\"op\":\"message\",\"topic\":\"a\",\"body\":\(text)}")
        }
        for number in 0..<100 { client.say("{\"op\":\"subscribe\",\"topic\":\"t\(number)\"}") }
        #expect(house.next(client).contains("at most 100 topics"))
        #expect(house.core.metrics.services[0].counts.topics.held == 100)
        client.leave()
        #expect(house.run { house.core.metrics.services[0].counts.topics.held == 0 })
        #expect(house.core.sessions.count == 0)
    }

    @Test("it has no parameters")
    func parameters() throws {
        let house = try house()
        defer { house.stop() }
        let client = house.connect()
        client.askForSession("/v1/services/p?topic=a")
        #expect(house.run { client.text.hasPrefix("HTTP/1.1 400") && client.text.contains("bad_parameter") })
    }
}
