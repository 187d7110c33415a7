// Requests that wait for their response: for a moment the library asks for it in each run, then they are suspended.

import HTTP
import Testing

@Suite("Waiting", .timeLimit(.minutes(1)))
struct WaitingTests {
    private let request = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"

    /// A house in which so many requests wait, and those.
    private func waiting(_ count: Int = 1) throws -> (House, [Request]) {
        let house = try House()
        var held: [Request] = []
        house.script.onEnd = { held.append($0) }
        for _ in 0..<count { try house.connect().send(request) }
        #expect(house.run { held.count == count })
        return (house, held)
    }

    /// Turns until the listener can be left alone for longer than it looks after those that it polls.
    private func rests(_ house: House) -> Bool {
        house.run { house.listener.timeout(now: clock()).map { $0 > 100_000_000 } ?? true }
    }

    private func answer(_ request: Request, _ text: String = "answer") {
        request.respond(200, ResponseHeaders(), copying: text.utf8Span.span)
    }

    @Test("an answer that comes at once leaves in one run")
    func soon() throws {
        let (house, held) = try waiting()
        house.listener.run(now: clock())
        answer(held[0])
        #expect(house.listener.wantsRun)
        house.listener.run(now: clock())
        #expect(house.script.log.last == "closed completed")
        #expect(house.run { house.clients[0].responses().first?.body == "answer" })
    }

    @Test("a request that waits for long costs no turns, and is answered all the same")
    func long() throws {
        let (house, held) = try waiting()
        #expect(house.listener.timeout(now: clock())! <= 1_000_000)
        #expect(rests(house))
        answer(held[0])
        #expect(house.run { house.clients[0].responses().first?.body == "answer" })
        #expect(rests(house))
    }

    @Test("a request after a waiting one is served once the response is out", arguments: [true, false])
    func behind(_ isSoon: Bool) throws {
        let (house, held) = try waiting()
        house.clients[0].send(request)
        if isSoon { house.listener.run(now: clock()) } else { #expect(rests(house)) }
        #expect(house.script.log.filter { $0 == "end" }.count == 1)
        house.script.onEnd = { self.answer($0, "second") }
        answer(held[0])
        #expect(house.run { house.clients[0].responses().map(\.body) == ["answer", "second"] })
        #expect(rests(house))
    }

    @Test("hundreds wait, and each gets its own answer, whichever way it waits", arguments: [true, false])
    func many(_ isSoon: Bool) throws {
        let (house, held) = try waiting(300)
        if !isSoon { #expect(rests(house)) }
        for request in held.reversed() { answer(request, "\(request.id)") }
        #expect(house.run { house.clients.allSatisfy { $0.responses().count == 1 } })
        #expect(Set(house.clients.map { $0.responses()[0].body }) == Set(held.map { "\($0.id)" }))
        #expect(rests(house))
    }

    @Test("while one waits, another's long body and long answer do not wait for a clock")
    func beside() throws {
        let (house, _) = try waiting()
        let long = String(repeating: "0123456789", count: 100_000)
        house.script.onEnd = { self.answer($0, long) }
        let other = try house.connect()
        other.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(long.utf8.count)\r\n\r\n\(long)")
        house.listener.arrivalsWait()
        // The clock stands still, so that the first one is polled all the time.
        let now = clock()
        var rounds = 0
        while other.responses().isEmpty && rounds < 100_000 {
            house.listener.run(now: now)
            other.pump()
            rounds += 1
        }
        #expect(other.responses().first?.body == long)
        #expect(house.clients[0].responses().isEmpty)
        house.script.last!.abort()
    }

    @Test("a client that resets while its second request is polled is noticed at once")
    func reset() throws {
        let (house, held) = try waiting()
        answer(held[0])
        #expect(house.run { house.clients[0].responses().count == 1 } && rests(house))
        house.clients[0].send(request)
        #expect(house.run { house.script.log.last == "end" })
        house.clients[0].reset()
        #expect(
            house.run { house.script.log.last == "closed clientLeft" && house.listener.counters.connectionsOpen == 0 })
        #expect(rests(house))
    }
}
