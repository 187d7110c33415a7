// How the gateway stops: what is open finishes, what is new is refused, sessions learn when to return, and what is cut
// is counted.

import Bridge
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A drain", .timeLimit(.minutes(1)))
struct DrainTests {
    private let post =
        "POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Length: 1\r\n\r\n"

    /// A stage whose worker answers when the test says so.
    private func stage(drain: Duration = .seconds(60), _ keys: String = "replies: {count: 1}") throws -> HTTPStage {
        let stage = try HTTPStage(keys, drain: drain)
        stage.replies = { _ in [] }
        return stage
    }

    @Test("an open exchange finishes, its connection closes, and nothing was cut")
    func finishes() throws {
        let stage = try stage()
        let client = stage.house.connect()
        client.send(post + "1")
        #expect(stage.house.run { stage.requests.count == 1 })
        stage.house.core.beginDrain()
        stage.house.settle()
        #expect(!client.isGone && !stage.house.core.hasSaidIdle)
        stage.reply("[1]", to: 0)
        #expect(stage.house.run { stage.house.core.hasSaidIdle })
        #expect(client.text.hasPrefix("HTTP/1.1 200") && client.text.hasSuffix("[1]") && client.isGone)
        #expect(stage.house.core.shared.cut.sentence == "stopped; everything in flight finished")
    }

    @Test("what comes on a connection that stands is served and closes it; new connections and sessions are not let in")
    func comes() throws {
        let stage = try stage()
        let held = stage.house.connect()
        held.send(post + "1")
        let (standing, upgrading) = (stage.house.connect(), stage.house.connect())
        for client in [standing, upgrading] { client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") }
        #expect(stage.house.run { standing.text.isWhole && upgrading.text.isWhole && stage.requests.count == 1 })
        stage.house.core.beginDrain()
        stage.house.settle()
        standing.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        upgrading.askForSession("/v1/socket", "Sec-WebSocket-Protocol: zmq-gateway.v1\r\n")
        #expect(
            stage.house.run { standing.text.contains("\"draining\":true") && upgrading.text.contains("\"shutdown\"") })
        #expect(standing.text.contains("HTTP/1.1 503") && standing.text.contains("Connection: close"))
        #expect(stage.house.run { standing.isGone && upgrading.isGone })
        stage.reply("[1]", to: 0)
        #expect(stage.house.run { stage.house.core.hasSaidIdle })
    }

    @Test("when its time is over what is open is ended with `shutdown`, and counted")
    func cut() throws {
        let stage = try stage(drain: .zero, "cancel: '\"stop\"'")
        let stream = stage.house.connect()
        stream.send(
            "POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n"
                + "Content-Length: 1\r\n\r\n1"
        )
        let client = stage.house.connect()
        client.send(post + "2")
        let session = stage.house.openSession("/v1/socket")
        _ = stage.house.next(session)
        session.say(#"{"op":"request","id":"a","service":"s","body":3}"#)
        #expect(stage.house.run { stage.requests.count == 3 })
        for (number, request) in stage.requests.enumerated() where request == "1" { stage.reply("[1]", to: number) }
        #expect(stage.house.run { stream.text.contains("[1]\n") })
        stage.house.core.beginDrain()
        #expect(stage.house.run { stage.house.core.hasSaidIdle })
        #expect(stream.text.contains("\"reason\":\"shutdown\",\"ok\":false") && !stream.text.hasSuffix("0\r\n\r\n"))
        #expect(client.text.hasPrefix("HTTP/1.1 503") && client.text.contains("\"code\":\"shutdown\""))
        // The kernel may hold the second of two small segments back until the first was read.
        var heard: [String] = []
        let limit = ContinuousClock.now + .seconds(10)
        while heard.last?.hasPrefix("close") != true, ContinuousClock.now < limit {
            if let message = session.heard() { heard.append(message) }
        }
        #expect(heard.contains { $0.contains("\"op\":\"end\"") && $0.contains("\"reason\":\"shutdown\"") })
        #expect(heard.last?.hasPrefix("close 1001") == true, "\(heard)")
        #expect(stage.house.core.shared.cut.sentence == "stopped; cut 3 exchanges and 1 session")
    }

    @Test("a session learns when to come back, may finish what it has, and opens nothing new")
    func session() throws {
        let stage = try stage()
        let client = stage.house.openSession("/v1/socket")
        let idle = stage.house.openSession("/v1/services/s?resume=1", nil)
        for one in [client, idle] { _ = stage.house.next(one) }
        client.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        #expect(stage.house.run { stage.requests.count == 1 })
        stage.house.core.beginDrain()
        for one in [client, idle] { #expect(stage.house.next(one).contains("\"op\":\"goodbye\",\"retry_ms\":")) }
        #expect(stage.house.next(idle).hasPrefix("close 1001"))
        client.say(#"{"op":"request","id":"b","service":"s","body":2}"#)
        let refused = stage.house.next(client)
        #expect(refused.contains("\"id\":\"b\"") && refused.contains("\"code\":\"shutdown\""))
        stage.reply("[1]", to: 0)
        #expect(stage.house.next(client).contains("\"id\":\"a\",\"seq\":2,\"body\":[1]"))
        #expect(stage.house.next(client).contains("\"reason\":\"count\""))
        #expect(stage.house.next(client).hasPrefix("close 1001"))
    }

    @Test("streams and sessions of a publisher end at once")
    func topics() throws {
        let there = Endpoints.fresh()
        let house = try CoreHouse(
            "services:\n  p:\n    peer: publisher\n    bind: \(there)\n", drain: .seconds(60))
        defer { house.stop() }
        let stream = house.connect()
        stream.send("GET /v1/services/p?topic=a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let session = house.openSession("/v1/services/p", nil)
        #expect(house.run { stream.text.hasPrefix("HTTP/1.1 200") })
        house.core.beginDrain()
        #expect(house.run { stream.text.contains("event: end\ndata: {\"reason\":\"shutdown\"") && stream.isGone })
        #expect(house.next(session).contains("goodbye") && house.next(session).hasPrefix("close 1001"))
    }
}
