// Clients that take their time, bring too many connections, or make the library spin. The listener's clock is ours.

import Glibc
import HTTP
import Testing

@Suite("Patience", .timeLimit(.minutes(1)))
struct DeadlineTests {
    private func house(_ adjust: (inout ListenerOptions) -> Void = { _ in }) throws -> House {
        try House({
            $0.headerDeadline = .seconds(10)
            $0.bodyDeadline = .seconds(20)
            $0.idleTimeout = .seconds(30)
            $0.sendTimeout = .seconds(40)
            adjust(&$0)
        })
    }

    private func pass(_ seconds: UInt64, in house: House) {
        house.clockOffset += seconds * 1_000_000_000
    }

    @Test("a header that never ends is 408 and a close, in its time and not before")
    func slowHeader() throws {
        let house = try house()
        let client = try house.connect()
        client.send("GET / HTTP/1.1\r\nHo")
        house.settle()
        pass(9, in: house)
        client.send("st: h\r\n")
        house.settle()
        #expect(!client.isAtEnd)
        pass(2, in: house)
        #expect(house.run { client.isAtEnd })
        #expect(client.responses().first?.status == 408)
        #expect(client.responses().first?.body.contains("request_timeout") == true)
        #expect(house.listener.counters.rejected(.headerTimeout) == 1)
        #expect(house.script.log == [])
        #expect(house.run { house.listener.counters.connectionsOpen == 0 })
    }

    @Test("the timeout that is asked for is that of the next deadline")
    func nextDeadline() throws {
        let house = try house()
        #expect(house.listener.timeout(now: clock()) == nil)
        let client = try house.connect()
        house.run { house.listener.counters.connectionsOpen == 1 }
        let wait = try #require(house.listener.timeout(now: clock()))
        #expect(wait <= 10_000_000_000 && wait > 8_000_000_000)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        house.script.onEnd = { _ in }
        house.run { house.script.log.count == 2 }
        #expect(house.run { house.listener.timeout(now: clock()) == nil })
    }

    @Test("a connection that sends nothing is closed without a response")
    func silent() throws {
        let house = try house()
        let client = try house.connect()
        house.settle()
        pass(11, in: house)
        #expect(house.run { client.isAtEnd })
        #expect(client.text == "")
        #expect(house.listener.counters.rejectedTotal == 0)
    }

    @Test("a body that never ends is 408, and its request timed out")
    func slowBody() throws {
        let house = try house()
        let client = try house.connect()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
        #expect(house.run { house.script.body == "abc" })
        pass(19, in: house)
        client.send("d")
        #expect(house.run { house.script.body == "abcd" })
        pass(2, in: house)
        #expect(house.run { client.isAtEnd && house.script.log.count == 2 })
        #expect(client.responses().first?.status == 408)
        #expect(house.script.log == ["accept POST /", "closed timedOut"])
    }

    @Test("a request that waits for its answer has all the time in the world")
    func noDeadlineWhileWaiting() throws {
        let house = try house()
        house.script.onEnd = { _ in }
        let client = try house.connect()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
        house.run { house.script.log.last == "end" }
        pass(3_600, in: house)
        house.settle()
        house.script.last!.respond(200, ResponseHeaders(), copying: "at last".utf8Span.span)
        #expect(house.run { client.responses().first?.body == "at last" })
    }

    @Test("an idle connection is closed; one that trickles the next request gets 408")
    func idle() throws {
        let house = try house { $0.idleTimeout = .milliseconds(700) }
        let resting = try house.connect(), trickling = try house.connect()
        for client in [resting, trickling] { client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n") }
        #expect(house.run { resting.responses().count == 1 && trickling.responses().count == 1 })
        trickling.send("GE")
        // Real time here: the kernel's clock tells when something came last.
        var last = ContinuousClock.now
        #expect(
            house.run {
                if last.duration(to: .now) > .milliseconds(20) {
                    trickling.send("E")
                    last = .now
                }
                return resting.isAtEnd
            })
        #expect(resting.responses().count == 1)
        #expect(!trickling.isAtEnd)
        pass(11, in: house)
        #expect(house.run { trickling.isAtEnd })
        #expect(trickling.responses().map(\.status) == [200, 408])
    }

    @Test("a connection whose last request met a long run is closed in time, without a response")
    func idleAfterLongRun() throws {
        let house = try house { $0.idleTimeout = .milliseconds(800) }
        let client = try house.connect()
        house.lag = 80_000_000
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { client.responses().count == 1 })
        house.lag = 0
        #expect(house.run { client.isAtEnd })
        #expect(client.responses().count == 1)
    }

    @Test("a client that reads none of its response loses it")
    func slowReader() throws {
        let house = try house()
        let long = String(repeating: "x", count: 20_000_000)
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), copying: long.utf8Span.span) }
        let client = try house.connect()
        client.isPaused = true
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        house.settle()
        pass(41, in: house)  // a first look at what was taken
        house.settle()
        #expect(house.script.log.last == "end")
        pass(41, in: house)
        #expect(house.run { house.script.log.last == "closed timedOut" })
    }

    @Test("a client that reads a little now and then keeps its response")
    func sluggishReader() throws {
        let house = try house()
        let long = String(repeating: "x", count: 20_000_000)
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), copying: long.utf8Span.span) }
        let client = try house.connect()
        client.isPaused = true
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        house.settle()
        for _ in 0..<3 {
            pass(41, in: house)
            house.settle()
            let before = client.bytes.count
            client.isPaused = false
            house.run { client.bytes.count > before + 100_000 }
            client.isPaused = true
        }
        #expect(house.script.log.last == "end")
        client.isPaused = false
        #expect(house.run { client.responses().first?.body.utf8.count == 20_000_000 })
    }

    @Test("too many connections from one address: some get a 429, more are closed, until they end")
    func connectionsPerAddress() throws {
        let house = try house { $0.maxConnectionsPerAddress = 2 }
        let first = try house.connect(), second = try house.connect()
        house.run { house.listener.counters.connectionsOpen == 2 }
        let told = try (0..<8).map { _ in try house.connect() }
        house.run { house.listener.counters.connectionsOpen == 10 }
        let closed = try (0..<3).map { _ in try house.connect() }
        #expect(house.run { closed.allSatisfy(\.isAtEnd) })
        #expect(house.listener.counters.connectionsRejected == 3)
        for client in [first, second] + told { client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n") }
        #expect(house.run { told.allSatisfy(\.isAtEnd) && second.responses().count == 1 })
        #expect(told.allSatisfy { $0.responses().first?.status == 429 })
        #expect(first.responses().first?.status == 200 && second.responses().first?.status == 200)
        #expect(house.run { house.listener.counters.connectionsOpen == 2 })
        first.close()
        #expect(house.run { house.listener.counters.connectionsOpen == 1 })
        let next = try house.connect()
        next.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { next.responses().first?.status == 200 })
    }

    @Test("connections over the bound wait in the backlog for their turn")
    func maxConnections() throws {
        let house = try house { $0.maxConnections = 2 }
        let clients = try (0..<4).map { _ in try house.connect() }
        for client in clients { client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") }
        #expect(house.run { clients.allSatisfy { $0.responses().count == 1 } })
        #expect(house.listener.counters.connectionsAccepted == 4)
    }

    @Test("a chunk extension without end does not spin, and is refused")
    func chunkExtension() throws {
        let house = try house()
        let client = try house.connect()
        client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;\(String(repeating: "x", count: 200_000))"
        )
        var turns = 0
        #expect(
            house.run {
                turns += 1
                return client.isAtEnd
            })
        // The client gets a reset (most of what it sent was never read), so the 400 may or may not survive.
        #expect(turns < 200, "\(turns) turns")
        #expect(house.listener.counters.spinsCaught == 1)
        #expect(house.listener.counters.rejected(.chunkHeaderTooLong) == 1)
        #expect(house.run { house.script.log.last == "closed timedOut" })
        #expect(try house.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").hasPrefix("HTTP/1.1 200"))
    }

    @Test("others are served at full speed while one makes the library spin")
    func othersWhileSpinning() throws {
        let house = try house()
        let spinner = try house.connect()
        // All of it fits into the library's buffer and fills it: nothing lies unread, only the body's deadline helps.
        spinner.send(
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;\(String(repeating: "x", count: 11_000))"
        )
        house.settle()
        let client = try house.connect()
        for round in 1...50 {
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(house.run { client.responses().count == round })
        }
        pass(21, in: house)
        #expect(house.run { spinner.isAtEnd })
    }
}
