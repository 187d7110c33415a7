// The connection of a session: pings, closes, what breaks the protocol, and what the handshake must be.

import Bridge
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A session's connection", .timeLimit(.minutes(1)))
struct WebSocketConnectionTests {
    private static let path = "/v1/services/s"

    @Test("a client that is silent is pinged, and stays as long as it answers")
    func pings() throws {
        let house = try CoreHouse { $0.sessions.ping = .milliseconds(20) }
        defer { house.stop() }
        let client = house.openSession("/v1/socket")
        _ = house.next(client)
        #expect(house.next(client) == "" && client.lastOpcode == 9)
        client.send(opcode: 10, "")
        house.settle()
        #expect(house.core.sessions.count == 1 && !client.isGone)
    }

    @Test("one that answers no ping is gone")
    func noPong() throws {
        let house = try CoreHouse { ($0.sessions.ping, $0.sessions.pong) = (.milliseconds(20), .milliseconds(20)) }
        defer { house.stop() }
        let client = house.openSession("/v1/socket")
        #expect(house.run { client.isGone })
        #expect(house.core.sessions.count == 0)
        _ = house.next(client)
        #expect(house.next(client) == "" && client.lastOpcode == 9)
    }

    @Test("a client's ping is answered with its own bytes, and too many of them close the session")
    func clientPings() throws {
        let house = try CoreHouse { _ in }
        defer { house.stop() }
        let client = house.openSession("/v1/socket")
        _ = house.next(client)
        client.send(opcode: 9, "abc")
        #expect(house.next(client) == "abc" && client.lastOpcode == 10)
        for _ in 0..<300 { client.send(opcode: 9, "") }
        #expect(
            house.run {
                while let message = client.heard() {
                    if message.hasPrefix("close") { return message.hasPrefix("close 1008") }
                }
                return false
            })
    }

    @Test("a close is answered, and a session that said goodbye is not kept", arguments: [1000, 1001])
    func closes(_ code: UInt16) throws {
        let stage = try HTTPStage()
        let client = stage.house.openSession("/v1/socket")
        _ = stage.house.next(client)
        client.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        #expect(stage.house.next(client).contains("\"reply\""))
        client.send(opcode: 8, [UInt8(code >> 8), UInt8(code & 0xFF)])
        #expect(
            stage.house.run {
                while let message = client.heard() { if message.hasPrefix("close \(code)") { return true } }
                return false
            })
        client.leave()
        #expect(stage.house.run { stage.house.core.sessions.awayCount == (code == 1000 ? 0 : 1) })
        #expect(stage.house.core.sessions.count == stage.house.core.sessions.awayCount)
    }

    @Test(
        "what breaks the protocol closes the session with its code",
        arguments: [
            ([0x81, 0x01, 0x61], "close 1002"), ([0x83, 0x80, 0, 0, 0, 0], "close 1002"),
            ([0x81, 0x81, 0, 0, 0, 0, 0xFF], "close 1007"),
            ([0x82, 0xFF, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], "close 1009"),
        ] as [([UInt8], String)])
    func broken(_ bytes: [UInt8], _ end: String) throws {
        let house = try CoreHouse { _ in }
        defer { house.stop() }
        let client = house.openSession("/v1/socket")
        _ = house.next(client)
        client.send(bytes)
        #expect(house.next(client).hasPrefix(end))
        #expect(house.run { client.isGone })
    }

    @Test(
        "a handshake that is none is refused with what is missing",
        arguments: [
            (
                "GET", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                "426", "upgrade_required"
            ),
            (
                "GET", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13", "400",
                "malformed_request"
            ),
            ("GET", "X-A: 1", "426", "upgrade_required"),
            ("POST", "Upgrade: websocket", "405", "method_not_allowed"),
        ])
    func handshakes(_ method: String, _ fields: String, _ status: String, _ code: String) throws {
        let house = try CoreHouse { _ in }
        defer { house.stop() }
        let text = house.ask("\(method) /v1/socket HTTP/1.1\r\n\(fields)")
        #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains("\"code\":\"\(code)\""), "\(text)")
        if status == "426" { #expect(text.contains("Sec-WebSocket-Version: 13\r\n")) }
    }

    @Test("a multiplexed session must be asked for by its subprotocol, and a request with a body opens none")
    func offers() throws {
        let house = try CoreHouse { _ in }
        defer { house.stop() }
        let client = house.connect()
        client.askForSession("/v1/socket", "Sec-WebSocket-Protocol: other\r\n")
        #expect(house.run { client.text.hasPrefix("HTTP/1.1 400") })
        let second = house.connect()
        second.askForSession("/v1/socket", "Sec-WebSocket-Protocol: zmq-gateway.v1\r\nContent-Length: 1\r\n")
        second.send("x")
        #expect(house.run { second.text.hasPrefix("HTTP/1.1 400") && second.text.contains("must not have a body") })
        let third = house.openSession("/v1/socket", "other, zmq-gateway.v1")
        #expect(third.text.contains("Sec-WebSocket-Protocol: zmq-gateway.v1\r\n"))
    }

    @Test("sessions of one address, and of all, are bounded; one that was lost makes room")
    func bounds() throws {
        let stage = try HTTPStage("", "sessions: {max_per_address: 1}\n")
        let house = stage.house
        let first = house.openSession("/v1/socket")
        _ = house.next(first)
        first.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        _ = house.next(first)
        let second = house.connect()
        second.askForSession("/v1/socket", "Sec-WebSocket-Protocol: zmq-gateway.v1\r\n")
        #expect(house.run { second.text.hasPrefix("HTTP/1.1 429") && second.text.contains("too_many_sessions") })
        first.leave()
        #expect(house.run { house.core.sessions.awayCount == 1 })
        let third = house.openSession("/v1/socket")
        _ = house.next(third)
        #expect(house.core.sessions.count == 2)
        third.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        #expect(house.next(third).contains("\"seq\":1"))
        #expect(house.core.sessions.count == 1 && house.core.metrics.snapshot.sessionsEvicted == 1)
        let small = try CoreHouse { $0.sessions.max = 1 }
        defer { small.stop() }
        let last = small.openSession("/v1/socket")
        let late = small.connect()
        late.askForSession("/v1/socket", "Sec-WebSocket-Protocol: zmq-gateway.v1\r\n")
        #expect(small.run { late.text.hasPrefix("HTTP/1.1 503") && late.text.contains("\"overloaded\"") })
        withExtendedLifetime(last) {}
    }
}
