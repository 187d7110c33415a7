// Where a body ends: what the library reads otherwise than a proxy in front might, and lengths as they may be written.

import HTTP
import Testing

private let smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

@Suite("Framing", .timeLimit(.minutes(1)))
struct FramingTests {
    @Test(
        "bytes after a chunked request are never read",
        arguments: ["0\n\r\n", "0\r\n\r\n", "3\nabc\n0\n\r\n", "0\r\nx: y\n\n"])
    func afterChunks(_ chunks: String) throws {
        let house = try House()
        let client = try house.connect()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + smuggled)
        #expect(house.run { client.isAtEnd && house.script.log.last == "closed completed" })
        #expect(house.script.log == ["accept POST /", "end", "closed completed"])
        #expect(client.responses().map(\.status) == [200])
        #expect(client.responses()[0].headers["connection"] == "close")
        #expect(!client.wasReset)
    }

    @Test("nor are those after one that is answered later, in a stream, or before its body")
    func afterChunksLater() throws {
        let house = try House()
        var kind = 0
        house.script.onAccept = { if kind == 2 { $0.respond(413, ResponseHeaders(), copying: Span()) } }
        house.script.onEnd = { if kind == 1 { $0.respond(200, ResponseHeaders(), streaming: Pieces(["a", "b"])) } }
        for next in 0..<3 {
            kind = next
            house.script.log = []
            let client = try house.connect()
            client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\n\r\n" + smuggled)
            if kind == 0 {
                #expect(house.run { house.script.log.last == "end" })
                house.settle()
                house.script.last?.respond(200, ResponseHeaders(), copying: Span())
            }
            #expect(house.run { client.isAtEnd && house.script.log.last == "closed completed" })
            #expect(house.script.log.filter { $0.hasPrefix("accept") } == ["accept POST /"])
            #expect(client.responses().count == 1)
        }
    }

    static let lengths = ["5 ", "5\t", "5  \t ", " 5 ", "\t5\t", "005 "]

    @Test("white space after a length is not a part of it", arguments: lengths)
    func spaces(_ length: String) throws {
        let house = try House()
        let client = try house.connect()
        let ends = ["", "X: y \r\n"]
        for (turn, end) in ends.enumerated() {
            client.send("POST / HTTP/1.1\r\nHost: h\r\nX-A: b \r\ncontent-Length:\(length)\r\n\(end)\r\n12345")
            #expect(house.run { client.responses().count == turn + 1 }, "\(client.text)")
            #expect(house.script.body == "12345")
        }
        #expect(client.responses().allSatisfy { $0.status == 200 })
        #expect(!client.isAtEnd)
    }

    @Test(
        "an invalid length is rejected, once",
        arguments: ["5 5 ", "x5 ", "5x ", "+5 ", "5, 5 ", "5;a ", "5\u{0b} ", "5 \u{00}", "5\u{00} "])
    func noLengths(_ length: String) throws {
        let house = try House()
        let text = try house.exchangeToEnd(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n12345" + smuggled)
        #expect(text.hasPrefix("HTTP/1.1 400 "), "\(text)")
        #expect(text.components(of: "HTTP/1.1 ") == 1, "\(text)")
        #expect(house.script.log == [])
    }

    @Test("wherever the header is cut, the length is the same or refused", arguments: ["5 ", "5x", "5 5", "12"])
    func pieces(_ length: String) throws {
        let header = Array("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n123456789012".utf8)
        for cut in 17..<(header.count - 12) {
            let house = try House()
            let client = try house.connect()
            client.send(Array(header[..<cut]))
            house.settle()
            client.send(Array(header[cut...]))
            #expect(house.run { client.responses().count > 0 })
            let status = client.responses()[0].status
            if length == "12" { #expect(status == 200 && house.script.body == "123456789012") }
            if length == "5 " {
                #expect(status == 200 && house.script.body == "12345" || status == 400 && house.script.log == [])
            }
            if length.hasPrefix("5x") || length == "5 5" { #expect(status == 400 && house.script.log == []) }
            #expect(status == 200 || client.text.components(of: "HTTP/1.1 ") == 1)
        }
    }

    @Test("too many cookies for the library are rejected once")
    func cookies() throws {
        let house = try House()
        let cookies = String(repeating: "a=b;", count: 1_500)
        let text = try house.exchangeToEnd("GET / HTTP/1.1\r\nHost: h\r\nCookie: \(cookies)\r\n\r\n")
        #expect(text.hasPrefix("HTTP/1.1 431 "), "\(text.prefix(300))")
        #expect(text.components(of: "HTTP/1.1 ") == 1)
        #expect(house.script.log == [])
    }

    @Test("a refusal in the middle of others' headers reaches its own connection")
    func others() throws {
        let house = try House()
        let waiting = try house.connect(), bad = try house.connect(), behind = try house.connect()
        waiting.send("POST / HTTP/1.1\r\nHost: h\r\n")
        bad.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n")
        behind.send("POST / HTTP/1.1\r\nHost: h\r\n")
        house.settle()
        bad.send("\r\n")
        #expect(house.run { bad.isAtEnd })
        #expect(bad.responses().map(\.status) == [400])
        for client in [waiting, behind] { client.send("\r\n") }
        #expect(house.run { waiting.responses().count == 1 && behind.responses().count == 1 })
        #expect(waiting.responses()[0].status == 200)
        #expect(behind.responses()[0].status == 200)
    }
}

extension String {
    /// How often `part` stands in it.
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = utf8[...]
        while let place = rest.firstRange(of: part.utf8) {
            count += 1
            rest = rest[place.upperBound...]
        }
        return count
    }
}
