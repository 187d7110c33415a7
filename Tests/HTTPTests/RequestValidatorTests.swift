// What no request may be. Each case is sent as written over a raw socket; none may reach accept(), each is answered
// with its status and a close, so that whatever stands behind it is never taken for another request.

import HTTP
import Testing

struct Malformed: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: String
    var status = 400
    /// nil where the library rejects by itself, before we could.
    var kind: RejectionKind?

    init(_ name: String, _ bytes: String, _ kind: RejectionKind?, status: Int = 400) {
        self.name = name
        self.bytes = bytes
        self.kind = kind
        self.status = status
    }

    var testDescription: String { name }
}

private let get = "GET / HTTP/1.1\r\n"
private let post = "POST / HTTP/1.1\r\nHost: h\r\n"
private let smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

private let malformed: [Malformed] = [
    // Host
    Malformed("no Host in HTTP/1.1", get + "\r\n", .hostMissing),
    Malformed("two Hosts", get + "Host: h\r\nHost: h\r\n\r\n", .hostInvalid),
    Malformed("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\nhost: h\r\n\r\n", .hostInvalid),
    Malformed("an empty Host", get + "Host:\r\n\r\n", .hostInvalid),
    Malformed("a Host with a space", get + "Host: a b\r\n\r\n", .hostInvalid),
    Malformed("a Host with a slash", get + "Host: a/b\r\n\r\n", .hostInvalid),
    Malformed("a Host with user information", get + "Host: a@b\r\n\r\n", .hostInvalid),
    Malformed("an absolute target for another host", "GET http://evil/ HTTP/1.1\r\nHost: h\r\n\r\n", .hostInvalid),
    // Lengths
    Malformed("Content-Length twice", post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", .lengthConflict),
    Malformed(
        "two different Content-Lengths", post + "Content-Length: 0\r\nContent-Length: 35\r\n\r\n" + smuggled,
        .lengthConflict),
    Malformed(
        "Content-Length beside Transfer-Encoding",
        post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .lengthConflict),
    Malformed(
        "Transfer-Encoding beside Content-Length",
        post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", .lengthConflict),
    Malformed(
        "Transfer-Encoding twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        .lengthConflict),
    Malformed(
        "Transfer-Encoding with HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        .lengthConflict),
    Malformed("a Content-Length with a sign", post + "Content-Length: +1\r\n\r\nx", .contentLengthInvalid),
    Malformed("a negative Content-Length", post + "Content-Length: -1\r\n\r\nx", .contentLengthInvalid),
    Malformed("a hexadecimal Content-Length", post + "Content-Length: 0x1\r\n\r\nx", .contentLengthInvalid),
    Malformed("a list as Content-Length", post + "Content-Length: 1, 1\r\n\r\nx", .contentLengthInvalid),
    Malformed("an empty Content-Length", post + "Content-Length:\r\n\r\n", .contentLengthInvalid),
    Malformed(
        "a Content-Length of 20 digits", post + "Content-Length: 99999999999999999999\r\n\r\nx", .contentLengthInvalid),
    Malformed(
        "a Content-Length of 19 digits", post + "Content-Length: 1000000000000000000\r\n\r\nx", .contentLengthInvalid),
    // Transfer codings
    Malformed("another coding", post + "Transfer-Encoding: gzip\r\n\r\n", .transferCodingUnknown, status: 501),
    Malformed(
        "two codings", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", .transferCodingUnknown, status: 501),
    Malformed("identity", post + "Transfer-Encoding: identity\r\n\r\n", .transferCodingUnknown, status: 501),
    Malformed(
        "chunked in quotes", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", .transferCodingUnknown,
        status: 501),
    Malformed("xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", .transferCodingUnknown, status: 501),
    Malformed("chunked with a vertical tab", post + "Transfer-Encoding: \u{0b}chunked\r\n\r\n0\r\n\r\n", .headerValue),
    Malformed("an empty Transfer-Encoding", post + "Transfer-Encoding:\r\n\r\n", .transferCodingUnknown, status: 501),
    // Names
    Malformed("a space before the colon", post + "X-A : 1\r\n\r\n", .headerName),
    Malformed(
        "a space before the colon of Content-Length", post + "Content-Length : 35\r\n\r\n" + smuggled, .headerName),
    Malformed("a tab before the colon", post + "X-A\t: 1\r\n\r\n", .headerName),
    Malformed("an empty name first", get + ": 1\r\nHost: h\r\n\r\n", .headerName),
    // 0.9.75 takes a line that begins with a colon for the empty line that ends the header.
    Malformed("an empty name", post + ": 1\r\nContent-Length: 35\r\n\r\n", .lineEnds),
    Malformed("a name with a slash", post + "X/A: 1\r\n\r\n", .headerName),
    Malformed("a name in quotes", post + "\"X\": 1\r\n\r\n", .headerName),
    Malformed("a name beyond ASCII", post + "Xä: 1\r\n\r\n", .headerName),
    Malformed("a name with a control character", post + "X\u{01}: 1\r\n\r\n", .headerName),
    Malformed("white space before the first name", get + " Host: h\r\n\r\n", .headerName),
    Malformed("a line without a colon", post + "nonsense\r\n\r\n", nil),
    // Values
    Malformed("a control character in a value", post + "X: a\u{01}b\r\n\r\n", .headerValue),
    Malformed("a DEL in a value", post + "X: a\u{7f}b\r\n\r\n", .headerValue),
    Malformed("a bare CR in a value", post + "X: a\rb\r\n\r\n", .headerValue),
    Malformed("a bare CR before the line end", post + "X: a\r\r\n\r\n", .headerValue),
    Malformed("a bare CR that hides a header", post + "X: a\rContent-Length: 35\r\n\r\n", .headerValue),
    // Line ends, folds and NUL
    Malformed("bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", .lineEnds),
    Malformed("bare LF after a field", get + "Host: h\nX: 1\r\n\r\n", .lineEnds),
    Malformed("bare LF at the end", get + "Host: h\r\n\n", .lineEnds),
    Malformed("bare LF everywhere", "GET / HTTP/1.1\nHost: h\n\n", .lineEnds),
    Malformed("a fold", post + "X: a\r\n b\r\n\r\n", .lineEnds),
    Malformed("a fold with a tab", post + "X: a\r\n\tb\r\n\r\n", .lineEnds),
    Malformed("a fold of Transfer-Encoding", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", .lineEnds),
    Malformed("a fold that is empty", post + "X: a\r\n \r\n\r\n", .lineEnds),
    Malformed("a fold of the last field that is empty", get + "Host: h\r\n\t\r\n\r\n", .lineEnds),
    Malformed("a NUL in a value", post + "X: a\u{00}b\r\n\r\n", .lineEnds),
    Malformed("a NUL at the start of a value", post + "X: \u{00}b\r\n\r\n", .lineEnds),
    Malformed("a NUL at the end of a value", post + "X: b\u{00}\r\n\r\n", .lineEnds),
    Malformed("two NULs that look like a line end", post + "X: a\u{00}\u{00}Y: b\r\n\r\n", .lineEnds),
    Malformed("NULs that look like another field", post + "X: a\u{00}\u{00}Content-Length\u{00} 35\r\n\r\n", .lineEnds),
    Malformed("NULs that look like the end", post + "X: a\u{00}\u{00}\u{00}\u{00}\r\n\r\n", .lineEnds),
    Malformed("a NUL in a name", post + "X\u{00}A: b\r\n\r\n", nil),
    Malformed("a NUL in the target", "GET /a\u{00}b HTTP/1.1\r\nHost: h\r\n\r\n", .lineEnds),
    Malformed("a NUL in the method", "GE\u{00}T / HTTP/1.1\r\nHost: h\r\n\r\n", .lineEnds),
    // The request line
    Malformed("two spaces before the target", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", .lineEnds),
    Malformed("two spaces behind the target", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("a space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("a tab in the target", "GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("a control character in the query", "GET /a?\u{01} HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("a fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("a target beyond ASCII", "GET /ä HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("a target without a slash", "GET a HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("a star with GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("an authority", "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", .target),
    Malformed("an absolute target without a host", "GET http:/// HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("another scheme", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", .target),
    Malformed("a method that is no token", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", .requestLine),
    Malformed("no version", "GET /\r\nHost: h\r\n\r\n", nil),
    Malformed("a version in lower case", "GET / http/1.1\r\nHost: h\r\n\r\n", nil),
    Malformed("a space behind the version", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", nil),
    Malformed("HTTP/0.9 by number", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", nil, status: 505),
    Malformed("the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", nil, status: 505),
    Malformed("no HTTP at all", "nonsense\r\n\r\n", .garbage),
    Malformed("the start of TLS", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\u{00}\n", .garbage),
    // Expectations
    Malformed(
        "an unknown expectation", post + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n", .expectationUnknown, status: 417
    ),
    Malformed(
        "two expectations", post + "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
        .expectationUnknown, status: 417),
    // Sizes
    Malformed(
        "a header that is a little too large", get + "Host: h\r\nX: \(String(repeating: "x", count: 8_300))\r\n\r\n",
        .headerTooLarge, status: 431),
    Malformed(
        "a header that is far too large", get + "Host: h\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n", nil,
        status: 431),
    Malformed("a header without end", get + String(repeating: "X: y\r\n", count: 20_000), nil, status: 431),
    Malformed(
        "a target that is a little too long",
        "GET /\(String(repeating: "x", count: 8_300)) HTTP/1.1\r\nHost: h\r\n\r\n", .targetTooLong, status: 414),
    Malformed(
        "a target that is far too long", "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nHost: h\r\n\r\n",
        nil, status: 414),
    Malformed(
        "101 fields", get + "Host: h\r\n" + String(repeating: "X: y\r\n", count: 100) + "\r\n", .headerTooLarge,
        status: 431),
]

@Suite("The request validator", .timeLimit(.minutes(1)))
struct StrictnessTests {
    @Test("is refused without reaching accept, and the connection closes", arguments: malformed)
    func rejected(_ it: Malformed) throws {
        let house = try House()
        let client = try house.connect()
        client.send(it.bytes + smuggled)
        #expect(house.run { client.isAtEnd }, "no close")
        #expect(house.script.log == [])
        #expect(client.text.hasPrefix("HTTP/1.1 \(it.status) "), "\(client.text)")
        #expect(!client.text.contains("hello"))
        #expect(client.text.matches(of: #/HTTP\/1\.1 /#).count == 1, "\(client.text)")
        guard let kind = it.kind else { return }
        let counted = RejectionKind.allCases.filter { house.listener.counters.rejected($0) > 0 }
        #expect(counted == [kind], "\(client.text)")
        let response = try #require(client.responses().first)
        #expect(response.headers["content-type"] == "application/problem+json")
        #expect(response.headers["connection"] == "close")
        #expect(response.body.hasPrefix(#"{"type":"about:blank","title":""#), "\(response.body)")
        #expect(
            response.body.contains(#""status":\#(it.status),"code":"\#(kind.code)","detail":""#), "\(response.body)")
    }

    static let sound: [(String, String)] = [
        ("an absolute target", "GET http://H/a?b HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("a star with OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("no Host with HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"),
        ("an IPv6 host with a port", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
        ("a newer minor version", "GET / HTTP/1.7\r\nHost: h\r\n\r\n"),
        ("an empty line before the request", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("a value beyond ASCII", "GET / HTTP/1.1\r\nHost: h\r\nX: ä\t\u{fe}\r\n\r\n"),
        ("an empty value", "GET / HTTP/1.1\r\nX:\r\nHost: h\r\nY: \t\r\n\r\n"),
        ("values without a space before them", "GET / HTTP/1.1\r\nHost:h\r\nX:y\r\n\r\n"),
        ("100 fields", "GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X: y\r\n", count: 99) + "\r\n"),
        ("8 KiB", "GET / HTTP/1.1\r\nHost: h\r\nX: " + String(repeating: "x", count: 8_192 - 34) + "\r\n\r\n"),
        ("a query with everything", "GET /?a=b&&c==%zz&+=%00;{|}<>\"^`\\[] HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("a length of nothing", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"),
        ("an expectation with HTTP/1.0", "GET / HTTP/1.0\r\nExpect: x\r\n\r\n"),
        ("cookies", "GET / HTTP/1.1\r\nHost: h\r\nCookie: a=b; c=\"d\"\r\nCookie: e\r\n\r\n"),
    ]

    @Test("is taken", arguments: sound.map(\.0))
    func taken(_ name: String) throws {
        let house = try House()
        let bytes = Self.sound.first { $0.0 == name }!.1
        #expect(try house.exchange(bytes).hasPrefix("HTTP/1.1 200 OK"))
        #expect(house.listener.counters.rejectedTotal == 0)
    }

    @Test("a header that comes byte by byte is the same header")
    func byteByByte() throws {
        let house = try House()
        house.script.onAccept = { request in
            #expect(text(request.rawTarget) == "/a?b=c&d")
            #expect(text(request.value(of: .prefer)!) == "1")
            #expect(request.values(named: Array("prefer".utf8).span) == Array("1, 2".utf8))
            #expect(request.values(named: Array("x".utf8).span) == Array("y".utf8))
            #expect(text(request.value(of: .accept)!) == "me")
        }
        let client = try house.connect()
        for byte
            in "POST /a?b=c&d HTTP/1.1\r\nHost: h\r\nPrefer: 1\r\nX: y\r\nPREFER: 2\r\nAccept: me\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            .utf8
        {
            client.send([byte])
            house.run { true }
        }
        #expect(house.run { client.responses().count == 1 })
        #expect(house.script.body == "abc")
        #expect(house.listener.counters.rejectedTotal == 0)
    }

    @Test("the character classes are those of the RFCs")
    func classes() throws {
        // Seen from outside: each byte as a name, as a value, as a target, as a host.
        let house = try House()
        func isTaken(_ before: String, _ byte: UInt8, _ after: String) throws -> Bool {
            let client = try house.connect()
            client.send(Array(before.utf8) + [byte] + Array(after.utf8))
            house.run { client.isAtEnd || client.responses().count > 0 }
            defer {
                client.close()
                house.clients = []
            }
            return client.responses().first?.status == 200
        }
        let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        let token = letters.union("!#$%&'*+-.^_`|~".utf8), host = letters.union("-._~!$&'()*+,;=%:[]".utf8)
        for byte in UInt8(0)...255 {
            #expect(
                try isTaken("GET / HTTP/1.1\r\nHost: h\r\nX", byte, "X: 1\r\n\r\n")
                    == (token.contains(byte) || byte == 58), "name \(byte)")
            #expect(
                try isTaken("GET / HTTP/1.1\r\nHost: h\r\nX: a", byte, "a\r\n\r\n")
                    == (byte == 9 || byte >= 32 && byte != 127), "value \(byte)")
            #expect(
                try isTaken("GET /", byte, " HTTP/1.1\r\nHost: h\r\n\r\n") == (byte > 32 && byte < 127 && byte != 35),
                "target \(byte)")
            #expect(try isTaken("GET / HTTP/1.1\r\nHost: a", byte, "a\r\n\r\n") == host.contains(byte), "host \(byte)")
        }
    }

    @Test("the writer of the house supplies the problem")
    func writer() throws {
        final class Writer: RejectionWriter {
            func problem(status: Int, code: StaticString, detail: String, remote: String) -> [UInt8] {
                Array("\(status) \(code): \(detail) (\(remote))".utf8)
            }
        }
        let house = try House()
        house.listener.rejectionWriter = Writer()
        #expect(
            try house.exchangeToEnd("GET / HTTP/1.1\r\n\r\n").hasSuffix(
                "400 malformed_request: there is no Host (127.0.0.1)"))
    }
}
