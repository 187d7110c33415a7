// Sessions on one service: what its messages may be, what is held back while its workers are busy, and how it ends.

import Bridge
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A raw session", .timeLimit(.minutes(1)))
struct RawSessionTests {
    private static let path = "/v1/services/s"

    @Test(
        "a reply is of the kind that its client speaks",
        arguments: [("json", false, 1), ("text", false, 1), ("binary", false, 1), ("binary", true, 2)])
    func kinds(_ body: String, _ isBinary: Bool, _ opcode: UInt8) throws {
        let stage = try HTTPStage("body: \(body)")
        let client = stage.house.openSession(Self.path, nil)
        client.say("[1]", isBinary: isBinary)
        #expect(stage.house.next(client) == "[1]" && client.lastOpcode == opcode)
    }

    @Test("a binary service's reply that is no text is binary, whatever its client speaks")
    func bytes() throws {
        let stage = try HTTPStage("body: binary")
        let client = stage.house.openSession(Self.path, nil)
        client.say("x")
        #expect(stage.house.next(client) == "x")
        stage.worker?.send([stage.tickets[0], [0xFF, 0xFE]])
        _ = stage.house.next(client)
        #expect(client.lastOpcode == 2)
    }

    @Test(
        "a message that the service does not take closes the session, and its worker hears nothing",
        arguments: [
            ("body: json", "{", false, "close 1007 bad_json"),
            ("require: object", "[1]", false, "close 1007 object_required"),
            ("body: json", "[1]", true, "close 1003 unsupported_media_type"),
            ("max_body_bytes: 8", "[1,2,3,4,5,6]", false, "close 1009 body_too_large"),
            ("body: json", "", false, "close 1007 bad_json"),
        ])
    func refused(_ keys: String, _ message: String, _ isBinary: Bool, _ end: String) throws {
        let stage = try HTTPStage(keys)
        let client = stage.house.openSession(Self.path, nil)
        client.say(message, isBinary: isBinary)
        #expect(stage.house.next(client).hasPrefix(end) && stage.requests.isEmpty)
        #expect(stage.house.run { stage.house.core.requesters.count == 0 })
    }

    @Test("a worker may speak first and often, and one that breaks its word closes the session")
    func replies() throws {
        let stage = try HTTPStage()
        stage.replies = { _ in ["1", "2"] }
        let client = stage.house.openSession(Self.path, nil)
        client.say("[]")
        #expect((0..<2).map { _ in stage.house.next(client) } == ["1", "2"])
        stage.reply("3", to: 0)
        #expect(stage.house.next(client) == "3")
        stage.reply("{", to: 0)
        #expect(stage.house.next(client).hasPrefix("close 4003 bad_reply: the reply is not JSON"))
    }

    @Test("without a worker there is no session, and a lost one ends it")
    func workers() throws {
        let stage = try HTTPStage()
        let client = stage.house.openSession(Self.path, nil)
        client.say("[]")
        _ = stage.house.next(client)
        stage.dismissWorker()
        #expect(stage.house.next(client) == "close 4004 worker_lost")
        let late = stage.house.connect()
        late.askForSession(Self.path)
        #expect(stage.house.run { late.text.hasPrefix("HTTP/1.1 503") && late.text.contains("\"no_worker\"") })
    }

    @Test("numbered messages are wrapped, and what cannot be obeyed is answered")
    func numbered() throws {
        let stage = try HTTPStage()
        let client = stage.house.openSession(Self.path + "?resume=1", nil)
        let hello = stage.house.next(client)
        #expect(CoreClient.value("token", in: hello).count == 34 && hello.contains("\"resume_ms\":30000"))
        client.say(#"{"op":"send","body":[1]}"#)
        #expect(stage.house.next(client) == #"{"op":"reply","seq":1,"body":[1]}"#)
        for (message, code) in [
            ("{", "bad_json"), (#"{"op":"what"}"#, "bad_message"), (#"{"op":"send"}"#, "bad_message"),
            ("[1]", "bad_message"),
            (#"{"op":"resume","token":"zz","seq":0}"#, "resume_refused"),
        ] {
            client.say(message)
            #expect(stage.house.next(client).contains("\"code\":\"\(code)\""), "\(message)")
        }
        client.say(#"{"op":"ping"}"#)
        #expect(stage.house.next(client) == #"{"op":"pong"}"#)
        #expect(stage.requests == ["[1]"])
    }

    @Test("its identity is kept for a client that comes back, which hears what it missed")
    func resumed() throws {
        let stage = try HTTPStage()
        stage.replies = { _ in [] }
        let first = stage.house.openSession(Self.path + "?resume=1", nil)
        let token = CoreClient.value("token", in: stage.house.next(first))
        first.say(#"{"op":"send","body":[1]}"#)
        #expect(stage.house.run { stage.requests.count == 1 })
        first.leave()
        #expect(stage.house.run { stage.house.core.sessions.awayCount == 1 })
        for number in 1...3 { stage.reply("\(number)", to: 0) }
        #expect(stage.house.run { stage.house.core.metrics.services[0].counts.replies == 3 })
        let other = stage.house.openSession("/v1/socket")
        _ = stage.house.next(other)
        other.say(#"{"op":"resume","token":"\#(token)","seq":0}"#)
        #expect(stage.house.next(other).contains("resume_refused"))
        let second = stage.house.openSession(Self.path + "?resume=1", nil)
        _ = stage.house.next(second)
        second.say(#"{"op":"resume","token":"\#(token)","seq":1}"#)
        let resumed = stage.house.next(second)
        #expect(resumed.contains("\"op\":\"resumed\"") && resumed.contains("\"missed\":0"))
        #expect(CoreClient.value("token", in: resumed) != token)
        #expect(stage.house.next(second).contains("\"seq\":2,\"body\":2"))
        #expect(stage.house.next(second).contains("\"seq\":3,\"body\":3"))
        second.say(#"{"op":"send","body":[2]}"#)
        #expect(stage.house.run { stage.requests.count == 2 })
        #expect(stage.tickets[0] == stage.tickets[1])
    }

    @Test("a service of envelopes gets each message in one, with the head of the upgrade")
    func envelopes() throws {
        let stage = try HTTPStage("request: envelope\nheaders: [x-a]\nbody: text")
        stage.replies = { _ in ["ok"] }
        let client = stage.house.connect()
        client.askForSession(Self.path + "?q=1&q=2&n=a%20b", "X-A: yes\r\nTraceparent: 00-1\r\nX-Request-Id: mine\r\n")
        #expect(stage.house.run { client.text.hasPrefix("HTTP/1.1 101") })
        for message in ["a\"b", ""] {
            client.say(message)
            _ = stage.house.next(client)
        }
        let (first, second) = (stage.requests[0], stage.requests[1])
        for part in [
            #""method":"GET""#, #""path":"/v1/services/s""#, #""query":{"q":["1","2"],"n":"a b"}"#,
            #""headers":{"x-a":"yes"}"#,
            #""body":"a\"b""#, #""request_id":"mine/1""#, #""traceparent":"00-1""#, #""remote":"127.0.0.1""#,
        ] {
            #expect(first.contains(part), "\(part) in \(first)")
        }
        #expect(second.contains("\"body\":null") && second.contains("mine/2"))
    }

    @Test("a client of a full service is held back, loses nothing, and overtakes no other")
    func heldBack() throws {
        let there = Endpoints.fresh()
        let house = try CoreHouse("services:\n  s:\n    peer: ready\n    bind: \(there)\n    queue: {max: 2}\n")
        defer { house.stop() }
        let worker = try Peer<Dealer>(house.core.context, connect: there, identity: "w")
        worker.send("", "ready")
        #expect(house.run { house.core.services[0].state.isReady })
        let sessions = (0..<3).map { _ in house.openSession(Self.path, nil) }
        for number in 1...5 { sessions[0].say("[\(number)]") }
        #expect(house.run { !house.core.backlog.isEmpty })
        for (index, session) in sessions.enumerated().dropFirst() { session.say("\"\(index)\"") }
        house.settle()
        sessions[2].reset()
        #expect(house.run { house.core.sessions.count == 2 })
        house.work = {
            let message = worker.heard()
            if message.count == 2 { worker.send("", message[1]) }
        }
        #expect((1...5).map { _ in house.next(sessions[0]) } == (1...5).map { "[\($0)]" })
        #expect(house.next(sessions[1]) == "\"1\"" && house.run { house.core.backlog.isEmpty })
        sessions[0].say("[6]")
        #expect(house.next(sessions[0]) == "[6]")
    }

    @Test("a client that does not take its replies is closed", arguments: ["pause", "close"])
    func slow(_ policy: String) throws {
        let stage = try HTTPStage("body: text", "sessions: {slow: \(policy), max_buffered_bytes: 64KiB}\n")
        let large = String(repeating: "x", count: 1 << 20)
        stage.replies = { _ in Array(repeating: large, count: 8) }
        let client = stage.house.openSession(Self.path, nil)
        client.say("go")
        #expect(stage.house.run { stage.house.core.requesters.count == 0 })
        #expect(stage.house.core.metrics.snapshot.slowClients > 0)
    }
}
