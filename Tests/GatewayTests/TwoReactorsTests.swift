// Two reactors on one thread: what lives on the first is served through the second as well, by letter.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Two reactors", .timeLimit(.minutes(1)))
struct TwoReactorsTests {
    private let there = Endpoints.fresh()

    /// A house whose only service `s` has its home on the first reactor.
    private func house(_ keys: String) throws -> CoreHouse {
        let indented = keys.split(separator: "\n").map { "    \($0)\n" }.joined()
        return try CoreHouse("services:\n  s:\n    bind: \(there)\n\(indented)", reactors: 2)
    }

    private func worker(_ house: CoreHouse, _ identity: String? = nil) throws -> Peer<Dealer> {
        let worker = try Peer<Dealer>(house.core.context, connect: there, identity: identity)
        #expect(house.run { identity != nil || house.core.services[0].state.isReady })
        return worker
    }

    private let post = "POST /v1/services/s HTTP/1.1\r\nAccept: application/json"

    private func next(_ worker: Peer<Dealer>, _ house: CoreHouse) -> [String] {
        var message: [String] = []
        #expect(
            house.run {
                message = worker.heard()
                return !message.isEmpty
            })
        return message
    }

    /// A client of the second reactor that has asked.
    private func asking(_ house: CoreHouse, _ body: String, _ head: String? = nil) -> CoreClient {
        let client = house.connect(to: 1)
        client.send("\(head ?? post)\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return client
    }

    @Test("a request crosses to the service's home, and its reply comes back")
    func crosses() throws {
        let house = try house("peer: dealer")
        defer { house.stop() }
        let none = asking(house, "[0]")
        #expect(house.run { none.text.contains("\"code\":\"no_worker\"") })
        let worker = try worker(house)
        let clients = [asking(house, "[1]"), asking(house, "[2]")]
        for _ in clients {
            let request = next(worker, house)
            worker.send(request[0], request[1])
        }
        #expect(house.run { clients[0].text.hasSuffix("\r\n[1]") && clients[1].text.hasSuffix("\r\n[2]") })
        #expect(house.cores[1].metrics.services[0].counts.replies == 2)
    }

    @Test("a client that leaves there has its request cancelled here")
    func leaves() throws {
        let house = try house("peer: dealer\ncancel: '\"stop\"'")
        defer { house.stop() }
        let worker = try worker(house)
        let client = asking(house, "[1]")
        let request = next(worker, house)
        client.leave()
        #expect(next(worker, house) == [request[0], "\"stop\""])
    }

    @Test("the last worker that goes ends exchanges there, too")
    func workerLost() throws {
        let house = try house("peer: dealer")
        defer { house.stop() }
        var worker: Peer<Dealer>? = try worker(house)
        let client = asking(house, "[1]")
        _ = next(worker!, house)
        worker = nil
        #expect(house.run { client.text.contains("\"code\":\"worker_lost\"") })
    }

    @Test("a one-way request is accepted there once a worker has it here")
    func oneWay() throws {
        let house = try house("peer: dealer\nreplies: {count: 0}")
        defer { house.stop() }
        let worker = try worker(house)
        let client = asking(house, "[1]")
        #expect(house.run { client.text.hasPrefix("HTTP/1.1 202") })
        #expect(next(worker, house)[1] == "[1]")
    }

    @Test("a pool's queue forgets a request whose client has left there, and says there how it was queued")
    func pool() throws {
        let house = try house("peer: ready")
        defer { house.stop() }
        let worker = try worker(house, "w")
        worker.send("", "ready")
        #expect(house.run { house.core.services[0].state.isReady })
        let clients = [asking(house, "[1]"), asking(house, "[2]")]
        #expect(house.run { house.core.services[0].state.waiting == 1 })
        let first = next(worker, house)[1] == "[1]" ? 0 : 1
        clients[1 - first].leave()
        #expect(house.run { house.core.services[0].state.waiting == 0 })
        worker.send("", "[]")
        #expect(house.run { clients[first].text.hasSuffix("\r\n[]") })
        #expect(clients[first].text.contains("Server-Timing: queue;dur="))
    }

    @Test("a name that a worker registers here is a service there, and so is an operator's word")
    func registered() throws {
        let house = try house("peer: majordomo")
        defer { house.stop() }
        let worker = try worker(house, "w")
        worker.send("", "MDPW01", "\u{1}", "echo")
        #expect(house.run { house.cores[1].registeredServices["echo"] != nil })
        let client = asking(house, "[1]", "POST /v1/services/echo HTTP/1.1")
        let request = next(worker, house)
        worker.send("", "MDPW01", "\u{3}", request[3], "", "[2]")
        #expect(house.run { client.text.hasSuffix("\r\n[2]") })
        let order = asking(house, "", "POST /v1/services/echo/workers/w/drain HTTP/1.1")
        #expect(house.run { order.text.contains("\"draining\":true") })
        #expect(house.run { house.core.services[0].state.pools[0].draining == 1 })
        let page = asking(house, "", "GET /readyz?service=echo HTTP/1.1")
        #expect(house.run { page.text.hasPrefix("HTTP/1.1 200") })
    }

    @Test("pages there tell of the workers here, and add up what both count")
    func pages() throws {
        let house = try house("peer: dealer")
        defer { house.stop() }
        let worker = try worker(house)
        for reactor in 0..<2 {
            let ready = house.connect(to: reactor)
            ready.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(house.run { ready.text.contains("\"workers\":1") })
            let client = house.connect(to: reactor)
            client.send("\(post)\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1")
            let request = next(worker, house)
            worker.send(request[0], "2")
            #expect(house.run { client.text.isWhole })
        }
        let metrics = house.connect(to: 1)
        metrics.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(house.run { metrics.text.isWhole })
        #expect(metrics.text.contains("zmq_gateway_replies_total{service=\"s\"} 2"))
        #expect(metrics.text.contains("zmq_gateway_workers{service=\"s\"} 1"))
    }

    @Test("topics that clients listen to there are subscribed here, as long as they listen")
    func topics() throws {
        let house = try house("peer: publisher")
        defer { house.stop() }
        let publisher = try Peer<XPub>(house.core.context, connect: there)
        let stream = house.connect(to: 1)
        stream.send("GET /v1/services/s?topic=a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        var heard: [String] = []
        #expect(
            house.run {
                heard = publisher.heard()
                return !heard.isEmpty
            })
        #expect(heard == ["\u{1}a"])
        publisher.send("a.x", "1")
        #expect(house.run { stream.text.contains("data: {\"topic\":\"a.x\",\"body\":1}\n\n") })
        stream.leave()
        #expect(house.run { publisher.heard() == ["\u{0}a"] })
    }

    @Test(
        "a token that is none is refused",
        arguments: [
            "-1" + String(repeating: "a", count: 32), "+1" + String(repeating: "a", count: 32),
            "ff" + String(repeating: "a", count: 32), "zz" + String(repeating: "a", count: 32),
            "01" + String(repeating: "a", count: 32), String(repeating: "é", count: 17), "", "0",
        ])
    func tokens(_ token: String) throws {
        let house = try house("peer: dealer")
        defer { house.stop() }
        let client = house.openSession("/v1/socket")
        _ = house.next(client)
        client.say("{\"op\":\"resume\",\"token\":\"\(token)\",\"seq\":0}")
        #expect(house.next(client).contains("\"code\":\"resume_refused\""))
        client.say(#"{"op":"ping"}"#)
        #expect((0..<2).contains { _ in house.next(client).contains("pong") })
    }

    @Test("a session is resumed through the other reactor, and what is asked over the new connection goes on")
    func resumed() throws {
        let house = try house("peer: dealer\nreplies: {count: 1}")
        defer { house.stop() }
        let worker = try worker(house)
        let first = house.openSession("/v1/socket")
        let token = CoreClient.value("token", in: house.next(first))
        first.say(#"{"op":"request","id":"a","service":"s","body":1}"#)
        let request = next(worker, house)
        first.leave()
        #expect(house.run { house.core.sessions.awayCount == 1 })
        worker.send(request[0], "2")
        let second = house.openSession("/v1/socket", to: 1)
        _ = house.next(second)
        second.say(#"{"op":"resume","token":"\#(token)","seq":0}"#)
        #expect(house.next(second).contains("\"op\":\"resumed\""))
        #expect(house.next(second) == #"{"op":"reply","id":"a","seq":1,"body":2}"#)
        #expect(house.next(second).contains("\"op\":\"end\""))
        #expect(house.core.sessions.count == 1 && house.cores[1].sessions.count == 0)
        second.say(#"{"op":"ping"}"#)
        #expect(house.next(second) == #"{"op":"pong"}"#)
        let third = house.openSession("/v1/socket", to: 1)
        _ = house.next(third)
        third.say(#"{"op":"resume","token":"\#(token)","seq":0}"#)
        #expect(house.next(third).contains("resume_refused"))
        #expect(house.next(third).contains("\"op\":\"hello\""))
    }
}
