// What clients lose when one of them holds more than its share of the memory, and what they are told.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Memory that is short", .timeLimit(.minutes(1)))
struct MemoryOverHTTPTests {
    /// A house where one client may hold a mebibyte.
    private func house(_ adjust: (inout ServiceConfiguration) -> Void = { _ in }) throws -> (CoreHouse, Peer<Dealer>) {
        let there = Endpoints.fresh()
        let house = try CoreHouse { configuration in
            configuration.limits.maxMemory = 4 << 20
            var service = ServiceConfiguration(name: "s", peer: .dealer)
            (service.bind, service.body) = (there, .binary)
            adjust(&service)
            configuration.services = [service]
        }
        let worker = try Peer<Dealer>(house.core.context, connect: there)
        #expect(house.run { house.core.services[0].state.isReady })
        return (house, worker)
    }

    /// Answers with so many pieces of so many bytes.
    private func answer(_ worker: Peer<Dealer>, _ count: Int, _ bytes: Int) -> () -> Void {
        let body = [UInt8](repeating: 0x61, count: bytes)
        return {
            while case let message = worker.receive(), message.count == 2 {
                for _ in 0..<count { worker.send([message[0], body]) }
            }
        }
    }

    private func post(_ house: CoreHouse, _ accept: String) -> CoreClient {
        let client = house.connect()
        client.send(
            "POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nAccept: \(accept)\r\nContent-Length: 1\r\n\r\n1")
        return client
    }

    private func evictions(_ house: CoreHouse, _ kind: MemoryKind) -> UInt64 {
        house.core.memory.evictions[kind.rawValue]
    }

    @Test("a client that collects too much in one response gets a problem in its place")
    func collected() throws {
        let (house, worker) = try house { $0.replies.count = 20 }
        defer { house.stop() }
        house.work = answer(worker, 10, 256 << 10)
        let client = post(house, "application/json")
        #expect(house.run { client.text.isWhole && !client.text.isEmpty })
        #expect(client.text.hasPrefix("HTTP/1.1 503") && client.text.contains("limits.max_memory"))
        #expect(evictions(house, .replies) == 1 && house.core.memory.budget.held == 0)
    }

    @Test("a client that does not take its stream loses what it has not taken, and reads why")
    func stream() throws {
        let (house, worker) = try house { $0.replies.count = 1_000 }
        defer { house.stop() }
        house.work = answer(worker, 500, 16 << 10)
        let client = post(house, "application/x-ndjson")
        // Some megabytes go to the kernel first: 14 s under the thread sanitizer.
        #expect(house.run(seconds: 40) { evictions(house, .replies) == 1 })
        #expect(house.run { client.text.contains("\"reason\":\"slow_client\"") && client.isGone })
        #expect(client.text.contains("limits.max_memory") && house.core.memory.budget.held == 0)
    }

    @Test("of two bodies that are too much together the larger is refused, and the other is served")
    func bodies() throws {
        let (house, worker) = try house { $0.replies.count = 1 }
        defer { house.stop() }
        house.work = {
            while case let message = worker.receive(), message.count == 2 { worker.send([message[0], [0x62]]) }
        }
        let clients = [house.connect(), house.connect()]
        for (index, client) in clients.enumerated() {
            client.send("POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(700_000 + index)\r\n\r\n")
        }
        for (count, client) in zip([450_000, 650_000], clients) {
            for _ in 0..<(count / 50_000) {
                client.send([UInt8](repeating: 0x61, count: 50_000))
                house.settle()
            }
        }
        #expect(house.run { clients[1].text.hasPrefix("HTTP/1.1 503") })
        #expect(clients[1].text.contains("the largest part") && evictions(house, .bodies) == 1)
        for _ in 0..<5 {
            clients[0].send([UInt8](repeating: 0x61, count: 50_000))
            house.settle()
        }
        #expect(house.run { clients[0].text.hasPrefix("HTTP/1.1 200") && clients[0].text.hasSuffix("\r\nb") })
    }

    @Test("a session's message that is too much closes it with `overloaded`, and so does a session that takes nothing")
    func sessions() throws {
        let (house, worker) = try house()
        defer { house.stop() }
        let sessions = [house.openSession("/v1/services/s", nil), house.openSession("/v1/services/s", nil)]
        for (index, session) in sessions.enumerated() {
            session.send([0x82, 0xFF, 0, 0, 0, 0, 0, 0x0F, 0, 0, 0, 0, 0, 0])
            for _ in 0..<(9 + 4 * index) {
                session.send([UInt8](repeating: 0x61, count: 50_000))
                house.settle()
            }
        }
        #expect(house.next(sessions[1]).hasPrefix("close 1013") && evictions(house, .messages) == 1)
        #expect(sessions[0].heard() == nil)
        withExtendedLifetime(worker) {}
    }
}
