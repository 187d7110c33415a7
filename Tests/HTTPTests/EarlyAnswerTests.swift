// Answers that come before the body has ended. The library takes none in the middle of a body, and closes after one at
// its start; a client that is still sending would lose the answer to a reset.

import HTTP
import Testing

@Suite("An early answer", .timeLimit(.minutes(1)))
struct EarlyAnswerTests {
    private func answer(_ request: Request) {
        request.respond(413, ResponseHeaders(["Content-Type": "text/plain"]), copying: "too much".utf8Span.span)
    }

    @Test("before a small body keeps the connection", arguments: ["accept", "body"])
    func small(_ when: String) throws {
        let house = try House()
        if when == "accept" {
            house.script.onAccept = answer
        } else {
            house.script.onBody = { if !$0.isAnswered { answer($0) } }
        }
        let client = try house.connect()
        for _ in 0..<2 {
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc")
            house.settle()
            client.send("def")
        }
        #expect(house.run { client.responses().count == 2 && house.script.log.count == 4 })
        #expect(client.responses().allSatisfy { $0.status == 413 && $0.body == "too much" })
        #expect(!client.isAtEnd)
        #expect(
            house.script.bodies.map { String(decoding: $0, as: UTF8.self) }
                == Array(repeating: when == "accept" ? "" : "abc", count: 2))
        #expect(house.script.log == ["accept POST /", "closed completed", "accept POST /", "closed completed"])
    }

    @Test(
        "before a large body arrives at once, whole, while the client still sends", arguments: ["accept", "body"],
        [true, false])
    func large(_ when: String, _ isAnnounced: Bool) throws {
        let house = try House({ $0.maxDiscardedBytes = 100_000 })
        if when == "accept" {
            house.script.onAccept = answer
        } else {
            house.script.onBody = { if !$0.isAnswered { answer($0) } }
        }
        let client = try house.connect()
        let framing = isAnnounced ? "Content-Length: 50000000\r\n\r\n" : "Transfer-Encoding: chunked\r\n\r\n2FAF080\r\n"
        client.send("POST / HTTP/1.1\r\nHost: h\r\n\(framing)" + String(repeating: "x", count: 5_000_000))
        #expect(house.run { client.responses().count == 1 })
        #expect(client.responses()[0].body == "too much")
        #expect(client.responses()[0].headers["connection"] == "close")
        #expect(client.responses()[0].headers["content-type"] == "text/plain")
        #expect(house.run { !client.hasUnsent })
        #expect(!client.isAtEnd)
        house.clockOffset += 3_000_000_000
        #expect(house.run { client.isAtEnd && house.script.log.last == "closed completed" })
    }

    @Test("goes out when the body does not come in time")
    func bodyDeadline() throws {
        let house = try House()
        house.script.onAccept = answer
        let client = try house.connect()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo")
        house.settle()
        #expect(client.text == "")
        house.clockOffset += 31_000_000_000
        #expect(house.run { client.isAtEnd && house.script.log.last == "closed timedOut" })
        #expect(client.responses().first?.status == 413)
    }

    @Test("replaces the 100 that a client waits for; otherwise it gets the 100")
    func expectation() throws {
        let house = try House()
        let header = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n"
        let patient = try house.connect()
        patient.send(header)
        #expect(house.run { patient.text == "HTTP/1.1 100 Continue\r\n\r\n" })
        patient.send("body")
        #expect(house.run { patient.responses().first?.status == 200 })
        #expect(house.script.body == "body")
        house.script.onAccept = answer
        let rejected = try house.connect()
        rejected.send(header)
        #expect(house.run { rejected.isAtEnd })
        #expect(rejected.responses().map(\.status) == [413])
        #expect(!rejected.text.contains("100 Continue"))
        #expect(house.script.log.last == "closed completed")
    }

    @Test("of any kind to a request without a body keeps the connection")
    func withoutBody() throws {
        let house = try House()
        let shared = SharedBody(copying: "too much".utf8Span.span)
        var kind = 0
        house.script.onAccept = { request in
            kind += 1
            switch kind {
            case 1: answer(request)
            case 2: request.respond(413, ResponseHeaders(), sharing: shared)
            default: request.respond(413, ResponseHeaders(), streaming: Pieces(["too ", "much"]))
            }
        }
        let client = try house.connect()
        for _ in 0..<3 { client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n") }
        #expect(house.run { client.responses().count == 3 && house.script.log.count == 6 })
        #expect(client.responses().allSatisfy { $0.status == 413 && $0.body == "too much" })
        #expect(!house.script.log.contains("end"))
    }
}
