// Who finds a place, who makes room, and what becomes of those who wait when a listener closes.

import Glibc
import HTTP
import Testing

@Suite("A listener at its limit", .timeLimit(.minutes(1)))
struct AcceptingTests {
    private let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    private let probe = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"

    private func house(_ most: Int) throws -> House {
        try House {
            $0.maxConnections = most
            $0.probes = ["/healthz"]
        }
    }

    /// A connection with one answered request behind it.
    private func resting(_ house: House) throws -> RawClient {
        let client = try house.connect()
        client.send(get)
        #expect(house.run { client.responses().count == 1 })
        return client
    }

    @Test("closes the connection that has been idle longest, and no other")
    func room() throws {
        let house = try house(3)
        let clients = try (0..<3).map { _ in try resting(house) }
        // The first one is used again: the second has rested longest then.
        clients[0].send(get)
        #expect(house.run { clients[0].responses().count == 2 })
        let newcomer = try resting(house)
        #expect(house.run { clients[1].isAtEnd })
        #expect(!clients[0].isAtEnd && !clients[2].isAtEnd && !newcomer.isAtEnd)
        #expect(house.listener.counters.connectionsEvicted == 1 && house.listener.counters.connectionsOpen == 3)
    }

    @Test("closes one that never sent a request, but none whose request is in flight or arriving")
    func busy() throws {
        let house = try house(3)
        house.script.onEnd = { _ in }
        let waiting = try house.connect()
        waiting.send(get)
        #expect(house.run { house.script.log.contains("end") })
        let slow = try house.connect()
        slow.send("GET / HT")
        let mute = try house.connect()
        #expect(house.run { house.listener.counters.connectionsOpen == 3 })
        house.settle()
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), copying: "late".utf8Span.span) }
        #expect(try resting(house).responses().first?.body == "late")
        #expect(house.run { mute.isAtEnd })
        slow.send("TP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { slow.responses().count == 1 })
        #expect(!waiting.isAtEnd)
    }

    @Test("rejects newcomers at once if none is idle, and answers probes")
    func full() throws {
        let house = try house(2)
        house.script.onEnd = {
            if text($0.path) == "/healthz" { $0.respond(200, ResponseHeaders(), copying: "ok".utf8Span.span) }
        }
        var held: [Request] = []
        house.script.onAccept = { if text($0.path) != "/healthz" { held.append($0) } }
        for count in 1...2 {
            try house.connect().send(get)
            #expect(house.run { held.count == count })
        }
        for _ in 0..<40 {
            let rejected = try house.exchange(get)
            #expect(rejected.hasPrefix("HTTP/1.1 503 ") && rejected.contains("\"code\":\"overloaded\""))
            #expect(rejected.contains("Retry-After: 1\r\n"))
            #expect(try house.exchange(probe).hasPrefix("HTTP/1.1 200 "))
        }
        // More newcomers that say nothing than there is room for: none of them keeps a probe out.
        for _ in 0..<40 { _ = try house.connect() }
        house.settle()
        #expect(try house.exchange(probe).hasPrefix("HTTP/1.1 200 "))
        for request in held { request.respond(200, ResponseHeaders(), copying: "done".utf8Span.span) }
        #expect(house.run { house.clients.prefix(2).allSatisfy { $0.responses().first?.body == "done" } })
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), copying: "again".utf8Span.span) }
        #expect(try house.exchange(get).hasPrefix("HTTP/1.1 200 "))
    }

    @Test("that closes accepts those that wait in its queue")
    func closing() throws {
        let first = try House({ $0.portUse = .first })
        let second = try House({ $0.portUse = .next }, address: .tcp(host: "127.0.0.1", port: first.listener.port))
        let clients = try (0..<60).map { _ in
            let client = try first.connect()
            client.send(get)
            return client
        }
        for house in [first, second] { house.listener.stopAccepting() }
        #expect(
            first.run {
                second.listener.run(now: clock())
                return clients.allSatisfy { $0.responses().count == 1 }
            })
        #expect(clients.allSatisfy { !$0.wasReset })
        let counts = [first, second].map { $0.listener.counters.connectionsAccepted }
        #expect(counts[0] + counts[1] == 60 && counts.allSatisfy { $0 > 0 }, "both had some of them")
        #expect(throws: Failure.self) { try first.connect() }
    }

    @Test("without a descriptor left makes room or rejects, and serves again")
    func noDescriptor() async {
        // In a process of its own: it has no descriptor left for a while.
        await #expect(processExitsWith: .success) {
            let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
            let house = try House()
            let resting = try house.connect()
            resting.send(get)
            guard house.run(until: { resting.responses().count == 1 }) else { exit(2) }
            var taken: [Int32] = []
            while case let descriptor = dup(0), descriptor >= 0 { taken.append(descriptor) }
            // A descriptor for the client's end: none is left for ours.
            close(taken.removeLast())
            house.script.onEnd = {
                if text($0.path) != "/held" { $0.respond(200, ResponseHeaders(), copying: "".utf8Span.span) }
            }
            let held = try house.connect()
            held.send("GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
            guard house.run(until: { resting.isAtEnd && house.script.log.last == "end" }) else { exit(3) }
            resting.close()
            let late = try house.connect()
            late.send(get)
            guard house.run(until: { late.isAtEnd }), late.text.hasPrefix("HTTP/1.1 503 ") else { exit(4) }
            guard house.listener.counters.acceptsFailed >= 2 else { exit(5) }
            for descriptor in taken { close(descriptor) }
            guard try house.exchange(get).hasPrefix("HTTP/1.1 200 "), !held.isAtEnd else { exit(6) }
        }
    }
}
