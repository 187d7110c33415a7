// Sessions over one reactor: raw ones, multiplexed ones, those that are resumed, and those of a publisher.

import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Sessions", .timeLimit(.minutes(1)))
struct SessionsTests {
    /// A house with an echo worker behind `s`. A worker that is asked "hold" says nothing.
    private func house() throws -> CoreHouse {
        let there = Endpoints.fresh()
        let house = try CoreHouse(
            "services:\n  s:\n    peer: dealer\n    bind: \(there)\n    replies: {count: 2}\n")
        let worker = try Peer<Dealer>(house.core.context, connect: there)
        house.work = {
            while case let message = worker.receive(), message.count == 2 {
                if message[1] == Array("\"hold\"".utf8) { continue }
                for _ in 0..<2 { worker.send(message) }
            }
        }
        #expect(house.run { house.core.services[0].state.isReady })
        return house
    }

    @Test("a raw session's messages are bodies, and every reply is a message")
    func raw() throws {
        let house = try house()
        defer { house.stop() }
        let client = house.openSession("/v1/services/s", nil)
        client.say("[1]")
        #expect((0..<2).map { _ in house.next(client) } == ["[1]", "[1]"])
        client.say("{")
        #expect(house.next(client).hasPrefix("close 1007") || client.text.contains("bad_json"))
    }

    @Test("a multiplexed session has exchanges, each with its replies and its end")
    func multiplexed() throws {
        let house = try house()
        defer { house.stop() }
        let client = house.openSession("/v1/socket")
        #expect(house.next(client).contains("\"op\":\"hello\""))
        client.say(#"{"op":"request","id":"a","service":"s","body":[1]}"#)
        #expect(house.next(client) == #"{"op":"reply","id":"a","seq":1,"body":[1]}"#)
        #expect(house.next(client) == #"{"op":"reply","id":"a","seq":2,"body":[1]}"#)
        let end = house.next(client)
        #expect(end.contains("\"op\":\"end\"") && end.contains("\"id\":\"a\"") && end.contains("\"reason\":\"count\""))
        client.say(#"{"op":"ping"}"#)
        #expect(house.next(client) == #"{"op":"pong"}"#)
    }

    @Test(
        "what is asked for wrongly is answered, and harms nothing else",
        arguments: [
            ("{", "bad_"), (#"{"op":"what"}"#, "bad_message"),
            (#"{"op":"request","id":"a","service":"t","body":1}"#, "unknown_service"),
            (#"{"op":"request","id":"h","service":"s","body":1}"#, "duplicate_id"),
            (#"{"op":"cancel","id":"x"}"#, "unknown_id"),
            (#"{"op":"request","service":"s","body":1}"#, "bad_message"),
            (#"{"op":"subscribe","id":"a","service":"s","topics":[""]}"#, "bad_message"),
        ])
    func wrong(_ message: String, _ code: String) throws {
        let house = try house()
        defer { house.stop() }
        let client = house.openSession("/v1/socket")
        _ = house.next(client)
        client.say(#"{"op":"request","id":"h","service":"s","body":"hold"}"#)
        client.say(message)
        #expect(house.next(client).contains(code))
        client.say(#"{"op":"cancel","id":"h"}"#)
        let end = house.next(client)
        #expect(end.contains("\"id\":\"h\"") && end.contains("\"reason\":\"cancelled\""))
    }

    @Test("a client that comes back gets what it has missed, and no other can")
    func resumed() throws {
        let house = try house()
        defer { house.stop() }
        let first = house.openSession("/v1/socket")
        let token = CoreClient.value("token", in: house.next(first))
        first.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        #expect(house.next(first).contains("\"seq\":1"))
        first.leave()
        house.settle()
        let second = house.openSession("/v1/socket")
        _ = house.next(second)
        second.say(#"{"op":"resume","token":"00ffffffffffffffffffffffffffffffff","seq":1}"#)
        #expect(house.next(second).contains("resume_refused"))
        second.say(#"{"op":"resume","token":"\#(token)","seq":1}"#)
        #expect(house.next(second).contains("\"op\":\"resumed\""))
        let missed = (0..<2).map { _ in house.next(second) }
        #expect(missed[0].contains("\"seq\":2") && missed[1].contains("\"op\":\"end\""), "\(missed)")
        second.say(#"{"op":"request","id":"b","service":"s","body":2}"#)
        #expect(house.next(second).contains("\"id\":\"b\",\"seq\":4"))
    }

    @Test("a publisher's messages go to who has subscribed, over a session and as events")
    func topics() throws {
        let there = Endpoints.fresh()
        let house = try CoreHouse("services:\n  p:\n    peer: publisher\n    bind: \(there)\n")
        defer { house.stop() }
        let publisher = try Peer<XPub>(house.core.context, connect: there)
        let client = house.openSession("/v1/services/p", nil)
        client.say(#"{"op":"subscribe","topic":"a"}"#)
        #expect(house.run { publisher.receive() == [[1] + Array("a".utf8)] })
        publisher.send([Array("b.x".utf8), Array("0".utf8)])
        publisher.send([Array("a.x".utf8), Array("1".utf8)])
        #expect(house.next(client) == #"{"op":"message","topic":"a.x","body":1}"#)
        let events = house.ask("GET /v1/services/p?topic=b HTTP/1.1") { text in
            publisher.send([Array("b.x".utf8), Array("1".utf8)])
            return text.contains("data: ")
        }
        #expect(events.contains("\"topic\":\"b.x\"") && events.contains("Content-Type: text/event-stream"))
        client.say(#"{"op":"unsubscribe","topic":"z"}"#)
        #expect(house.next(client).contains("unknown_topic"))
        client.say(#"{"op":"unsubscribe","topic":"a"}"#)
        #expect(house.run { publisher.receive() == [[0] + Array("a".utf8)] })
    }

    @Test("sessions are told when the gateway drains")
    func drained() throws {
        let house = try house()
        let client = house.openSession("/v1/socket")
        _ = house.next(client)
        house.stop()
        #expect(client.heard()?.contains("\"op\":\"goodbye\"") == true)
        #expect(client.heard()?.hasPrefix("close 1001") == true)
    }
}
