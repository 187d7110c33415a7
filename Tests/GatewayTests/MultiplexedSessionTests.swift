// Sessions with many exchanges: what a message may ask for, what is kept for a client that comes back, and how
// long.

import Bridge
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A multiplexed session", .timeLimit(.minutes(1)))
struct MultiplexedSessionTests {
    private func open(_ stage: HTTPStage) -> CoreClient {
        let client = stage.house.openSession("/v1/socket")
        #expect(stage.house.next(client).contains("\"op\":\"hello\""))
        return client
    }

    /// What comes up to the end of an exchange, itself included.
    private func untilEnd(_ client: CoreClient, _ stage: HTTPStage) -> [String] {
        var messages: [String] = []
        repeat { messages.append(stage.house.next(client)) } while messages.last?.contains("\"op\":\"end\"") == false
        return messages
    }

    @Test(
        "a request that cannot be served is over at once, with its reason",
        arguments: [
            (#""service":"s""#, "bad_message"), (#""service":"s","body":1,"count":9"#, "bad_parameter"),
            (#""service":"s","body":1,"deadline":"soon""#, "bad_parameter"),
            (#""service":"s","body":[1]"#, "object_required"),
            (#""service":"hidden","body":1"#, "unknown_service"), (#""body":1"#, "unknown_service"),
            (#""service":"s","body":{"a":"012345678901234567890123456789"}"#, "body_too_large"),
        ])
    func refused(_ members: String, _ code: String) throws {
        let stage = try HTTPStage(
            "replies: {count: 2}\nrequire: object\nmax_body_bytes: 30",
            "  hidden:\n    peer: dealer\n    bind: \(Endpoints.fresh())\n    expose: false\n")
        let client = open(stage)
        client.say("{\"op\":\"request\",\"id\":\"a\",\(members)}")
        let end = stage.house.next(client)
        #expect(end.contains("\"op\":\"end\"") && end.contains("\"code\":\"\(code)\""), "\(end)")
        #expect(end.contains("\"id\":\"a\"") && end.contains("\"ok\":false") && stage.requests.isEmpty)
    }

    @Test(
        "text and bytes travel as strings, and what is none is refused",
        arguments: [
            ("text", #""a\nb""#, "a\nb", #""a\nb""#), ("binary", #""AAE=""#, "\0\u{1}", #""AAE=""#),
            ("text", "1", "", ""),
            ("binary", #""=""#, "", ""), ("binary", "1", "", ""),
        ])
    func bodies(_ kind: String, _ body: String, _ request: String, _ reply: String) throws {
        let stage = try HTTPStage("body: \(kind)\nreplies: {count: 1}")
        let client = open(stage)
        client.say("{\"op\":\"request\",\"id\":\"a\",\"service\":\"s\",\"body\":\(body)}")
        let messages = untilEnd(client, stage)
        #expect(stage.requests == (request.isEmpty ? [] : [request]))
        if reply.isEmpty {
            #expect(messages[0].contains("bad_message"))
        } else {
            #expect(messages[0].contains("\"body\":\(reply)"))
        }
    }

    @Test("no more exchanges are open than a session may have, and messages of bytes are none")
    func bounds() throws {
        let stage = try HTTPStage("", "sessions: {max_exchanges: 1}\n")
        stage.replies = { _ in [] }
        let client = open(stage)
        for id in ["a", "b"] { client.say("{\"op\":\"request\",\"id\":\"\(id)\",\"service\":\"s\",\"body\":1}") }
        let end = stage.house.next(client)
        #expect(end.contains("\"id\":\"b\"") && end.contains("too_many_exchanges"))
        client.say("{}", isBinary: true)
        #expect(stage.house.next(client).contains("bad_message"))
        for id in ["", String(repeating: "x", count: 65)] {
            client.say("{\"op\":\"request\",\"id\":\"\(id)\",\"service\":\"s\",\"body\":1}")
            #expect(stage.house.next(client).contains("\"op\":\"error\""))
        }
        client.say(#"{"op":"cancel","id":"a"}"#)
        #expect(stage.house.next(client).contains("\"reason\":\"cancelled\",\"ok\":true"))
    }

    @Test("an exchange ends as its request asks; a worker's error has its words, a part is good for who takes it")
    func ends() throws {
        let stage = try HTTPStage(
            "replies: {error: {pointer: /error, exists: true, status: 422}}\noverrides: {deadline: 1m}")
        stage.replies = { $0 == "1" ? ["{\"error\":\"no\"}"] : ["1", "2"] }
        let client = open(stage)
        client.say(#"{"op":"request","id":"e","service":"s","body":1}"#)
        let error = stage.house.next(client)
        #expect(error.contains("\"reason\":\"error\"") && error.contains("\"status\":422"))
        #expect(error.contains("\"reply\":{\"error\":\"no\"}"))
        client.say(#"{"op":"request","id":"c","service":"s","body":2,"count":2}"#)
        #expect(untilEnd(client, stage).last?.contains("\"reason\":\"count\",\"ok\":true,\"replies\":2") == true)
        for (partial, isOK) in [("", "false"), (",\"partial\":\"ok\"", "true")] {
            client.say("{\"op\":\"request\",\"id\":\"d\",\"service\":\"s\",\"body\":2,\"deadline\":\"20ms\"\(partial)}")
            #expect(untilEnd(client, stage).last?.contains("\"reason\":\"deadline\",\"ok\":\(isOK)") == true)
        }
    }

    @Test("what was acknowledged or forgotten for the bound is said to be missed, never skipped")
    func replay() throws {
        let stage = try HTTPStage("replies: {count: 5}\nbody: text", "sessions: {resume_bytes: 1KiB}\n")
        stage.replies = { _ in (1...5).map { "\($0)" + String(repeating: "x", count: 300) } }
        let first = stage.house.openSession("/v1/socket")
        let token = CoreClient.value("token", in: stage.house.next(first))
        first.say(#"{"op":"request","id":"a","service":"s","body":"go"}"#)
        _ = untilEnd(first, stage)
        first.leave()
        #expect(stage.house.run { stage.house.core.sessions.awayCount == 1 })
        let second = open(stage)
        second.say("{\"op\":\"resume\",\"token\":\"\(token)\",\"seq\":1}")
        let resumed = stage.house.next(second)
        let missed = Int(CoreClient.value("missed", in: resumed)) ?? 0
        #expect((1...3).contains(missed) && resumed.contains("\"seq\":\(missed + 1)"))
        let rest = untilEnd(second, stage)
        #expect(rest.count == 5 - missed && rest[0].contains("\"seq\":\(missed + 2),"))
        second.say(#"{"op":"ack","seq":6}"#)
        second.say(#"{"op":"ping"}"#)
        _ = stage.house.next(second)
        let next = CoreClient.value("token", in: resumed)
        second.leave()
        #expect(stage.house.run { stage.house.core.sessions.awayCount == 1 })
        let third = open(stage)
        third.say("{\"op\":\"resume\",\"token\":\"\(next)\",\"seq\":4}")
        #expect(stage.house.next(third).contains("\"missed\":2"))
    }

    @Test("an abandoned session ends, and its worker gets the cancel frame")
    func expired() throws {
        let stage = try HTTPStage("cancel: '\"stop\"'")
        stage.replies = { _ in [] }
        let client = open(stage)
        client.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        #expect(stage.house.run { stage.requests == ["1"] })
        client.leave()
        #expect(stage.house.run { stage.house.core.sessions.awayCount == 1 })
        #expect(stage.house.core.freeIdentity() && !stage.house.core.freeIdentity())
        #expect(stage.house.run { stage.requests == ["1", "\"stop\""] })
        #expect(stage.house.core.sessions.count == 0)
        let patient = try CoreHouse { $0.sessions.resume = .milliseconds(20) }
        defer { patient.stop() }
        let brief = patient.openSession("/v1/socket")
        let token = CoreClient.value("token", in: patient.next(brief))
        brief.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        _ = patient.next(brief)
        brief.leave()
        #expect(patient.run { patient.core.sessions.awayCount == 1 })
        #expect(patient.run { patient.core.sessions.count == 0 })
        let late = patient.openSession("/v1/socket")
        _ = patient.next(late)
        late.say("{\"op\":\"resume\",\"token\":\"\(token)\",\"seq\":0}")
        #expect(patient.next(late).contains("resume_refused"))
    }

    @Test("a session resumed while its old connection stands leaves that one, and goes on over the new one")
    func takenOver() throws {
        let stage = try HTTPStage("replies: {count: 1}")
        let first = stage.house.openSession("/v1/socket")
        let token = CoreClient.value("token", in: stage.house.next(first))
        first.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        _ = untilEnd(first, stage)
        let second = open(stage)
        second.say("{\"op\":\"resume\",\"token\":\"\(token)\",\"seq\":2}")
        #expect(stage.house.next(second).contains("\"op\":\"resumed\""))
        #expect(stage.house.next(first) == "close 1008 resumed on another connection")
        second.say(#"{"op":"request","id":"b","service":"s","body":2}"#)
        #expect(stage.house.next(second).contains("\"id\":\"b\",\"seq\":3"))
        #expect(stage.house.core.sessions.count == 1 && stage.house.core.metrics.snapshot.sessionsResumed == 1)
    }

    @Test("where nothing can be resumed a lost session is over at once, and has no token")
    func notResumable() throws {
        let stage = try HTTPStage("", "sessions: {resume: 0s}\n")
        let client = stage.house.openSession("/v1/socket")
        #expect(!stage.house.next(client).contains("token"))
        client.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        _ = stage.house.next(client)
        client.leave()
        #expect(stage.house.run { stage.house.core.sessions.count == 0 && stage.house.core.requesters.count == 0 })
        let raw = stage.house.openSession("/v1/services/s?resume=1", nil)
        #expect(!stage.house.next(raw).contains("token"))
        raw.say(#"{"op":"send","body":5}"#)
        #expect(stage.house.next(raw) == #"{"op":"reply","seq":1,"body":5}"#)
        raw.leave()
        #expect(stage.house.run { stage.house.core.sessions.count == 0 })
    }

    @Test("many subscriptions share a session with requests, each with its replies and its end")
    func subscriptions() throws {
        let there = Endpoints.fresh()
        let stage = try HTTPStage(
            "replies: {count: 1}", "  p:\n    peer: publisher\n    bind: \(there)\n    max_topics: 2\n")
        let publisher = try Peer<XPub>(stage.house.core.context, connect: there)
        let client = open(stage)
        for (topics, code) in [
            (#""x""#, "bad_message"), ("[1]", "bad_message"), ("[]", "bad_message"),
            (#"["a","b","c"]"#, "too_many_topics"),
        ] {
            client.say("{\"op\":\"subscribe\",\"id\":\"x\",\"service\":\"p\",\"topics\":\(topics)}")
            #expect(stage.house.next(client).contains("\"code\":\"\(code)\""), "\(topics)")
        }
        client.say(#"{"op":"request","id":"x","service":"p","body":1}"#)
        #expect(stage.house.next(client).contains("is a publisher"))
        client.say(#"{"op":"subscribe","id":"p","service":"p","topics":["a","b"],"count":1}"#)
        var heard: [[UInt8]] = []
        #expect(
            stage.house.run {
                heard += publisher.receive()
                return heard.count == 2
            })
        publisher.send("b.1", "7")
        #expect(stage.house.next(client) == #"{"op":"reply","id":"p","seq":6,"body":{"topic":"b.1","body":7}}"#)
        #expect(stage.house.next(client).contains("\"id\":\"p\",\"seq\":7,\"reason\":\"count\",\"ok\":true"))
    }
}
