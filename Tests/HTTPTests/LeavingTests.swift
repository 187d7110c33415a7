// Clients that leave, requests that are cut, listeners that stop: whatever the moment, `closed` comes once and comes
// last.

import Glibc
import HTTP
import Testing

/// splitmix64
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

@Suite("Leaving", .timeLimit(.minutes(1)))
struct LeavingTests {
    private let request = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"

    private func waiting(_ house: House) throws -> RawClient {
        house.script.onEnd = { _ in }
        let client = try house.connect()
        client.send(request)
        #expect(house.run { house.script.log.last == "end" })
        return client
    }

    private func open(_ house: House, _ client: RawClient) {
        house.clients.removeAll { $0 === client }
        client.close()
    }

    @Test("a client that left while it waited, then an answer comes: closed once")
    func leftThenAnswered() throws {
        let house = try House()
        let client = try waiting(house)
        open(house, client)
        house.settle()
        #expect(house.script.log.last == "end")
        house.script.last!.respond(200, ResponseHeaders(), copying: "too late".utf8Span.span)
        #expect(house.run { house.listener.counters.connectionsOpen == 0 })
        // The kernel may have taken the answer before it knew.
        #expect(house.script.log.count == 3)
        #expect(["closed clientLeft", "closed completed"].contains(house.script.log.last))
    }

    @Test("the descriptor reports a client that leaves while the connection is suspended")
    func descriptorTells() throws {
        let house = try House()
        let client = try waiting(house)
        let descriptor = house.script.last!.descriptor
        func hangup() -> Bool {
            var polls = [pollfd(fd: descriptor, events: Int16(0x2000), revents: 0)]  // POLLRDHUP
            return unsafe poll(&polls, 1, 0) > 0
        }
        #expect(!hangup())
        open(house, client)
        #expect(house.run { hangup() })
        house.script.last!.abort()
        #expect(house.run { house.listener.counters.connectionsOpen == 0 })
        #expect(house.script.log.last == "closed aborted")
    }

    @Test(
        "an abort at every stage closes without a response", arguments: ["accept", "body", "end", "waiting", "between"])
    func abort(_ stage: String) throws {
        let house = try House()
        if stage == "accept" { house.script.onAccept = { $0.abort() } }
        if stage == "body" { house.script.onBody = { $0.abort() } }
        house.script.onEnd = { if stage == "end" { $0.abort() } }
        let client = try house.connect()
        client.send(stage == "between" ? String(request.dropLast(2)) : request)
        if stage == "between" { #expect(house.run { house.script.body == "bo" }) }
        if stage == "waiting" { #expect(house.run { house.script.log.last == "end" }) }
        if stage == "waiting" || stage == "between" {
            house.script.last!.abort()
            house.script.last!.abort()
            house.script.last!.respond(200, ResponseHeaders(), copying: "never".utf8Span.span)
        }
        #expect(house.run { client.isAtEnd && house.listener.counters.connectionsOpen == 0 })
        #expect(client.text == "")
        #expect(house.script.log.filter { $0.hasPrefix("closed") } == ["closed aborted"])
        #expect(house.script.log.last == "closed aborted")
    }

    @Test("a client that leaves in the middle of its body")
    func leftInBody() throws {
        let house = try House()
        let client = try house.connect()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
        #expect(house.run { house.script.body == "abc" })
        open(house, client)
        #expect(house.run { house.script.log == ["accept POST /", "closed clientLeft"] })
    }

    @Test("a stream that is cut lacks its last chunk", arguments: ["source", "abort", "abort while writing"])
    func cutStream(_ how: String) throws {
        let house = try House()
        let source = Pieces(["one"], isOpen: how != "source", last: .abort)
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), streaming: source) }
        let client = try house.connect()
        client.send(request)
        if how != "source" {
            #expect(house.run { client.text.hasSuffix("one\r\n") })
            house.settle()
            if how == "abort while writing" {
                source.pieces = ["two"]
                house.script.last!.sourceReady()
            }
            house.script.last!.abort()
        }
        #expect(house.run { client.isAtEnd && house.script.log.last == "closed aborted" })
        #expect(client.text.contains("one\r\n"))
        #expect(!client.text.contains("\r\n0\r\n"))
    }

    @Test(
        "a client that leaves in the middle of a stream, while it flows and while it rests", arguments: [true, false])
    func leftInStream(_ isResting: Bool) throws {
        final class Endless: BodySource {
            func read(into output: inout OutputSpan<UInt8>) -> BodyRead {
                while output.freeCapacity > 0 { output.append(120) }
                return .more
            }
        }
        let house = try House()
        let resting = Pieces(["one"], isOpen: true), endless = Endless()
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), streaming: isResting ? resting : endless) }
        let client = try house.connect()
        client.send(request)
        #expect(house.run { client.text.contains("\r\n\r\n") })
        house.settle()
        open(house, client)
        #expect(
            house.run {
                // The first piece after the client left goes to the kernel, the second one comes back as an error.
                if isResting, resting.pieces.isEmpty, house.script.log.last == "end" {
                    resting.pieces = ["two"]
                    house.script.last!.sourceReady()
                }
                return house.listener.counters.connectionsOpen == 0
            })
        #expect(house.script.log.last == "closed clientLeft")
    }

    @Test("stop ends waiting, streaming, arriving and suspended requests")
    func stop() throws {
        let house = try House()
        let resting = try house.connect()
        resting.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { resting.responses().count == 1 && house.script.log.last == "closed completed" })
        let waiting = try waiting(house)
        let source = Pieces(["one"], isOpen: true)
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), streaming: source) }
        let streaming = try house.connect(), incoming = try house.connect(), header = try house.connect()
        streaming.send(request)
        #expect(house.run { streaming.text.hasSuffix("one\r\n") })
        incoming.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo")
        header.send("POST / HTTP/1.1\r\nHost")
        #expect(house.run { house.script.body == "bo" && house.listener.counters.connectionsOpen == 5 })
        house.script.log = []
        // A request that ends may touch the others, which must do no harm.
        house.script.onClosed = { _ in
            house.script.last!.respond(200, ResponseHeaders(), copying: "never".utf8Span.span)
            house.script.last!.abort()
            house.script.last!.sourceReady()
        }
        house.listener.stop()
        #expect(house.script.log == ["closed shutdown", "closed shutdown", "closed shutdown"])
        for client in [resting, waiting, streaming, incoming, header] {
            client.pump()
            #expect(client.isAtEnd)
        }
        house.script.onClosed = { _ in }
        #expect(house.listener.counters.connectionsOpen == 0)
        #expect(house.listener.timeout(now: clock()) == nil)
        house.listener.run(now: clock())
        house.listener.stop()
    }

    @Test("stop right after a resume, before the library could notice", arguments: ["respond", "abort", "ready"])
    func stopAfterResume(_ what: String) throws {
        let house = try House()
        let source = Pieces([], isOpen: true)
        house.script.onEnd = { if what == "ready" { $0.respond(200, ResponseHeaders(), streaming: source) } }
        let client = try house.connect()
        client.send(request)
        #expect(house.run { house.script.log.last == "end" })
        house.settle()
        switch what {
        case "respond": house.script.last!.respond(200, ResponseHeaders(), copying: "x".utf8Span.span)
        case "abort": house.script.last!.abort()
        default: house.script.last!.sourceReady()
        }
        house.listener.stop()
        #expect(house.script.log.filter { $0.hasPrefix("closed") } == ["closed shutdown"])
    }

    @Test("stopAccepting keeps open connections and refuses new ones")
    func stopAccepting() throws {
        let house = try House()
        let client = try house.connect()
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { client.responses().count == 1 })
        house.listener.stopAccepting()
        #expect(throws: Failure.self) { try house.connect() }
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { client.responses().count == 2 })
    }

    @Test("with many waiting, answers are gathered for a moment and all arrive")
    func gathered() throws {
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 4_096)
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let house = try House()
        var held: [Request] = []
        house.script.onEnd = { held.append($0) }
        let clients = try (0..<600).map { _ in try RawClient(port: house.listener.port) }
        for client in clients { client.send(request) }
        #expect(house.run { held.count == 600 && house.listener.timeout(now: clock()) == nil })
        // Within one moment: the first goes at once, the second has to wait for its time and gets it from timeout().
        let now: UInt64 = clock()
        held[0].respond(200, ResponseHeaders(), copying: "first".utf8Span.span)
        house.listener.run(now: now)
        held[1].respond(200, ResponseHeaders(), copying: "second".utf8Span.span)
        #expect(!house.listener.wantsRun)
        #expect(house.listener.timeout(now: now) == 59_900)
        house.listener.run(now: now + 59_899)
        #expect(
            !house.script.log.contains("closed completed")
                || house.script.log.filter { $0.hasPrefix("closed") }.count == 1)
        for other in held.dropFirst(2) { other.respond(200, ResponseHeaders(), copying: "other".utf8Span.span) }
        #expect(
            house.run {
                for client in clients { client.pump() }
                return clients.allSatisfy { $0.responses().count == 1 }
            })
        #expect(!house.listener.wantsRun)
        #expect(house.listener.counters.connectionsOpen == 600)
    }

    @Test("a thousand connections come, wait, and leave in any order: nothing is left of them")
    func churn() throws {
        let house = try House()
        var random = Seeded(state: 2_026)
        var held: [Request] = []
        house.script.onEnd = { held.append($0) }
        house.script.onClosed = { ended in held.removeAll { $0 === ended } }
        for number in 1...1_000 {
            let client = try house.connect()
            client.send(request)
            #expect(house.run { house.listener.counters.connectionsAccepted == number })
            if Bool.random(using: &random), let request = held.randomElement(using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: request.abort()
                case 1: if !request.isAnswered { request.respond(200, ResponseHeaders(), copying: "x".utf8Span.span) }
                default: if !request.isAnswered { request.respond(200, ResponseHeaders(), streaming: Pieces(["y"])) }
                }
            }
            if house.clients.count > 20 { open(house, house.clients.randomElement(using: &random)!) }
        }
        for client in house.clients { open(house, client) }
        for request in held { request.abort() }
        #expect(house.run { house.listener.counters.connectionsOpen == 0 })
        #expect(held.isEmpty)
        #expect(
            house.script.log.filter { $0.hasPrefix("closed") }.count
                == house.script.log.filter { $0.hasPrefix("accept") }.count)
    }
}

@Suite("Connections without a request", .timeLimit(.minutes(1)))
struct SilentConnectionTests {
    @Test("a connection closed without a byte is not malformed, one with a byte is", arguments: ["", "x"])
    func silent(_ bytes: String) throws {
        let house = try House()
        let client = try house.connect()
        client.send(bytes)
        #expect(house.run { house.listener.counters.connectionsAccepted == 1 })
        house.settle()
        client.close()
        #expect(house.run { house.listener.counters.connectionsOpen == 0 })
        #expect(house.listener.counters.rejectedTotal == (bytes.isEmpty ? 0 : 1))
    }
}
