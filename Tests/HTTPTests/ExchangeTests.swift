// The plain course of things: a request comes, an answer goes.

import HTTP
import Testing

/// Gives prepared pieces, one at each read, and then a given result.
final class Pieces: BodySource {
    var pieces: [String]
    var last: BodyRead
    var reads = 0
    /// Say `.pending` when there is nothing, instead of the last word.
    var isOpen: Bool

    init(_ pieces: [String], isOpen: Bool = false, last: BodyRead = .end) {
        self.pieces = pieces
        self.isOpen = isOpen
        self.last = last
    }

    func read(into output: inout OutputSpan<UInt8>) -> BodyRead {
        reads += 1
        guard !pieces.isEmpty else { return isOpen ? .pending : last }
        for byte in pieces.removeFirst().utf8 { output.append(byte) }
        return pieces.isEmpty && isOpen ? .pending : .more
    }
}

@Suite("An exchange", .timeLimit(.minutes(1)))
struct ExchangeTests {
    @Test("a request is answered at once, on a connection that stays")
    func hello() throws {
        let house = try House()
        let client = try house.connect()
        for _ in 0..<3 {
            client.send("GET /a%20b/c?x=1&y=+%2B HTTP/1.1\r\nHost: h\r\nAccept:  text/plain \t\r\nX-Odd:\r\n\r\n")
        }
        var seen: [String] = []
        house.script.onAccept = { request in
            seen = [
                text(request.rawTarget), text(request.query), text(request.value(of: .accept)!),
                String(decoding: request.values(named: Array("x-odd".utf8).span)!, as: UTF8.self),
                "\(request.value(of: .origin) == nil)", request.remoteAddress,
                "\(request.method)",
            ]
        }
        #expect(house.run { client.responses().count == 3 && house.script.log.count == 9 })
        #expect(
            client.responses().allSatisfy {
                $0.status == 200 && $0.body == "hello" && $0.headers["content-type"] == "text/plain"
            })
        #expect(!client.isAtEnd)
        #expect(seen == ["/a%20b/c?x=1&y=+%2B", "x=1&y=+%2B", "text/plain", "", "true", "127.0.0.1", "get"])
        #expect(
            house.script.log
                == Array(repeating: ["accept GET /a%20b/c", "end", "closed completed"], count: 3).flatMap { $0 })
    }

    @Test("a response that comes later wakes the connection")
    func later() throws {
        let house = try House()
        house.script.onEnd = { _ in }
        let client = try house.connect()
        for round in 1...3 {
            client.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")
            #expect(house.run { house.script.log.last == "end" })
            house.settle()
            #expect(client.responses().count == round - 1)
            #expect(!house.listener.wantsRun)
            #expect(house.script.body == "body")
            house.script.last!.respond(201, ResponseHeaders(), copying: "later".utf8Span.span)
            #expect(house.listener.wantsRun)
            #expect(house.run { client.responses().count == round && house.script.log.last == "closed completed" })
        }
        #expect(client.responses().allSatisfy { $0.status == 201 && $0.body == "later" })
    }

    @Test("a body comes in pieces, whole, with a length and in chunks, for every method")
    func bodies() throws {
        let house = try House()
        let long = String(repeating: "0123456789", count: 20_000)
        for method in ["POST", "PUT", "GET", "DELETE", "PATCH", "BREW"] {
            let client = try house.connect()
            client.send("\(method) / HTTP/1.1\r\nHost: h\r\nContent-Length: \(long.utf8.count)\r\n\r\n\(long)")
            client.send(
                "\(method) / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n1;\r\n \r\n"
                    + "\(String(long.utf8.count, radix: 16))\r\n\(long)\r\n0\r\nX-Trailer: 1\r\n\r\n")
            #expect(house.run { client.responses().count == 2 })
            #expect(
                house.script.bodies.suffix(2).map { String(decoding: $0, as: UTF8.self) } == [long, "hello " + long])
            #expect(client.responses()[0].headers["connection"] != "close")
        }
    }

    @Test("a streamed response goes out chunk by chunk, its header before the first one")
    func stream() throws {
        let house = try House()
        let source = Pieces([], isOpen: true)
        house.script.onEnd = {
            $0.respond(200, ResponseHeaders(["Content-Type": "text/event-stream"]), streaming: source)
        }
        let client = try house.connect()
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { client.text.contains("\r\n\r\n") })
        #expect(client.text.contains("Transfer-Encoding: chunked"))
        for piece in ["one", "two", "three"] {
            source.pieces = [piece]
            house.script.last!.sourceReady()
            house.script.last!.sourceReady()
            #expect(house.run { client.text.hasSuffix("\(piece)\r\n") })
            house.settle()
            #expect(!house.listener.wantsRun)
        }
        #expect(house.script.last!.bytesSent == 11)
        source.isOpen = false
        house.script.last!.sourceReady()
        #expect(house.run { client.responses().count == 1 && house.script.log.last == "closed completed" })
        #expect(client.responses()[0].body == "onetwothree")
        #expect(client.responses()[0].chunks == 3)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { client.responses().count == 2 })
    }

    @Test("a source that has everything ready is read to its end without being woken")
    func eagerStream() throws {
        let house = try House()
        let pieces = (0..<200).map { "piece \($0), " }
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), streaming: Pieces(pieces)) }
        let client = try house.connect()
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { client.responses().count == 1 })
        #expect(client.responses()[0].body == pieces.joined())
    }

    @Test("a source that gets ready while it is read is read again")
    func readyWhileReading() throws {
        final class Late: BodySource {
            var request: Request?
            var reads = 0
            func read(into output: inout OutputSpan<UInt8>) -> BodyRead {
                reads += 1
                if reads == 1 {
                    request?.sourceReady()
                    return .pending
                }
                output.append(120)
                return .end
            }
        }
        let house = try House()
        let source = Late()
        house.script.onEnd = {
            source.request = $0
            $0.respond(200, ResponseHeaders(), streaming: source)
        }
        #expect(try house.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").hasSuffix("1\r\nx\r\n0\r\n\r\n"))
        source.request = nil
    }

    @Test("HTTP/1.0 gets a stream until the connection closes")
    func streamToOldClient() throws {
        let house = try House()
        let source = Pieces(["one"], isOpen: true)
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), streaming: source) }
        let client = try house.connect()
        client.send("GET / HTTP/1.0\r\n\r\n")
        #expect(house.run { client.text.hasSuffix("\r\n\r\none") })
        #expect(!client.text.lowercased().contains("chunked"))
        source.pieces = ["two"]
        source.isOpen = false
        house.script.last!.sourceReady()
        #expect(house.run { client.isAtEnd })
        #expect(client.responses()[0].body == "onetwo")
        #expect(house.script.log.last == "closed completed")
    }

    @Test("shared bytes are sent whole, to several at once")
    func shared() throws {
        let house = try House()
        let long = String(repeating: "shared ", count: 100_000)
        let body = SharedBody(copying: long.utf8Span.span)
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), sharing: body) }
        let clients = try (0..<3).map { _ in try house.connect() }
        for client in clients { client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n") }
        #expect(house.run { clients.allSatisfy { $0.responses().count == 1 } })
        #expect(clients.allSatisfy { $0.responses()[0].body == long })
    }

    @Test("HEAD tells the length and sends no body, also of a stream")
    func head() throws {
        let house = try House()
        let client = try house.connect()
        client.isHead = true
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { client.responses().count == 1 })
        house.settle()
        #expect(client.responses()[0].headers["content-length"] == "5")
        #expect(client.text.hasSuffix("\r\n\r\n"))
        let source = Pieces(["never"])
        house.script.onEnd = { $0.respond(200, ResponseHeaders(), streaming: source) }
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { client.isAtEnd })
        #expect(client.responses().map(\.status) == [200, 200], "\(client.text)")
        #expect(house.script.log.last == "closed completed")
        #expect(source.reads == 0)
    }

    @Test("a response that closes does, and HTTP/1.0 closes unless it asks otherwise")
    func closing() throws {
        let house = try House()
        #expect(try house.exchangeToEnd("GET / HTTP/1.0\r\n\r\n").contains("Connection: close"))
        #expect(
            try house.exchangeToEnd("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").contains(
                "Connection: close"))
        let client = try house.connect()
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(house.run { client.responses().count == 1 })
        #expect(client.responses()[0].headers["connection"] == "Keep-Alive")
        house.script.onEnd = { $0.respond(200, ResponseHeaders([:], close: true), copying: "bye".utf8Span.span) }
        #expect(try house.exchangeToEnd("GET / HTTP/1.1\r\nHost: h\r\n\r\n").contains("Connection: close"))
    }
}
