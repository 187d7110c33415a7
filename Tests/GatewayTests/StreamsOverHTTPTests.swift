// Streamed and single responses: what is in the stream and what in the header, envelopes, and clients that are slow.

import Bridge
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Streams and single responses", .timeLimit(.minutes(1)))
struct StreamsOverHTTPTests {
    private let post = "POST /v1/services/s HTTP/1.1"
    private var lines: String { post + "\r\nAccept: application/x-ndjson" }
    private var events: String { post + "\r\nAccept: text/event-stream" }

    /// The body of a chunked response, without its chunks.
    private func body(_ text: String) -> String {
        var rest = text.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")[...]
        var body = ""
        while let end = rest.range(of: "\r\n"), let size = Int(rest[..<end.lowerBound], radix: 16), size > 0 {
            let chunk = rest[end.upperBound...].prefix(size)
            body += chunk
            rest = rest[end.upperBound...].dropFirst(size + 2)
        }
        return body
    }

    @Test("a line break inside a reply breaks no line and no event")
    func lineBreaks() throws {
        let stage = try HTTPStage("replies: {count: 2}")
        stage.replies = { _ in ["{\"a\":\r\n1}", "\"b\""] }
        #expect(body(stage.house.ask(lines, "0")) == "{\"a\":  1}\n\"b\"\n")
        #expect(body(stage.house.ask(events, "0")).hasPrefix("id: 1\ndata: {\"a\":  1}\n\nid: 2\n"))
    }

    @Test("an end before the first reply has its own status, and behind a reply it is in the stream that is cut")
    func ends() throws {
        let stage = try HTTPStage("replies: {count: 2, error: {pointer: /error, exists: true}}")
        stage.replies = { $0 == "0" ? ["{\"error\":1}"] : ["1", "{\"error\":1}"] }
        for accept in [lines, events] {
            let whole = stage.house.ask(accept, "0")
            #expect(whole.hasPrefix("HTTP/1.1 502") && whole.contains("\"reply\":{\"error\":1}"))
        }
        let cut = stage.house.ask(lines, "1") { $0.contains("$end") }
        #expect(cut.hasPrefix("HTTP/1.1 200") && cut.contains("{\"$end\":{\"reason\":\"error\",\"ok\":false"))
        #expect(!cut.isWhole)
        let event = stage.house.ask(events, "1")
        #expect(event.isWhole && event.contains("event: end\ndata: {\"reason\":\"error\",\"ok\":false,\"replies\":1"))
    }

    @Test("an EventSource that got nothing does not run its request again, unless it may be tried")
    func nothing() throws {
        let stage = try HTTPStage("replies: {first: 20ms, first_means: complete}\noverrides: {first: 1s}")
        stage.replies = { _ in [] }
        let get = "GET /v1/services/s?request=1&errors=event HTTP/1.1\r\nAccept: text/event-stream"
        #expect(
            body(stage.house.ask(get)).hasPrefix(
                "id: 0\nevent: end\ndata: {\"reason\":\"first\",\"ok\":true,\"replies\":0"))
        #expect(stage.house.ask(get + "\r\nLast-Event-ID: 0").hasPrefix("HTTP/1.1 204"))
        let one = stage.house.ask("POST /v1/services/s?count=1 HTTP/1.1\r\nAccept: application/json", "1")
        #expect(one.hasPrefix("HTTP/1.1 204") && one.contains("X-Exchange-End: first"))
    }

    @Test("the first envelope begins a stream: its status and fields are the response's, its type is not")
    func envelopes() throws {
        let stage = try HTTPStage("reply: envelope\nreplies: {count: 2}")
        stage.replies = { request in
            [
                request == "0"
                    ? #"{"status":201,"headers":{"x-a":"1","content-type":"text/html","vary":"x-b"},"body":1}"#
                    : #"{"headers":{"x-a":"\#(String(repeating: "x", count: 40_000))"},"body":1}"#,
                #"{"body":[2]}"#,
            ]
        }
        let text = stage.house.ask(lines, "0")
        #expect(text.hasPrefix("HTTP/1.1 201") && text.contains("x-a: 1\r\n") && text.contains("Vary: Accept, x-b\r\n"))
        #expect(text.contains("Content-Type: application/x-ndjson") && !text.contains("text/html"))
        #expect(body(text) == "1\n[2]\n")
        let large = stage.house.ask(lines, "1")
        #expect(large.hasPrefix("HTTP/1.1 502") && large.contains("limits.max_header_bytes"))
        let single = stage.house.ask("POST /v1/services/s?count=1 HTTP/1.1\r\nAccept: application/json", "1")
        #expect(single.hasPrefix("HTTP/1.1 502") && single.contains("\"bad_reply\""))
    }

    @Test(
        "a single envelope's body is what it says that it is",
        arguments: [
            (#"{"body":"PGI+","body_encoding":"base64"}"#, "200", "Content-Type: application/octet-stream", "<b>"),
            (#"{"body":"<b>","body_encoding":"text"}"#, "200", "Content-Type: text/plain", "<b>"),
            (#"{"status":204,"body":"x"}"#, "204", "X-Exchange-End: count", ""),
            (#"{"status":404}"#, "404", "Content-Length: 0", ""),
            (
                #"{"body":{"a":1},"headers":{"cache-control":"max-age=60"}}"#, "200", "cache-control: max-age=60",
                "{\"a\":1}"
            ),
            (
                #"{"body":1,"headers":{"content-security-policy":"img-src a","content-type":"image/svg+xml"}}"#,
                "200",
                "Content-Security-Policy: sandbox", "1"
            ),
        ])
    func single(_ reply: String, _ status: String, _ field: String, _ body: String) throws {
        let stage = try HTTPStage("reply: envelope\nreplies: {count: 1}")
        stage.replies = { _ in [reply] }
        let text = stage.house.ask(post + "\r\nAccept: application/json", "0") { $0.contains("\r\n\r\n") }
        #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains(field), "\(text)")
        #expect(text.hasSuffix("\r\n\r\n\(body)"))
    }

    @Test(
        "an envelope that is none ends the exchange, whatever form its response has",
        arguments: [
            "1", "{}", #"{"status":99}"#, #"{"status":200,"headers":1}"#,
            #"{"body":1,"headers":{"connection":"close"}}"#,
            #"{"body":1,"headers":{"x":"a\r\nset-cookie: b=1"}}"#, #"{"body":1,"headers":{"x":"a\rb"}}"#,
            #"{"body":1,"headers":{"x":"a\u0000b"}}"#, #"{"body":1,"headers":{"x":["a","b\n"]}}"#,
            #"{"body":1,"headers":{"x-request-id":"a\nb"}}"#, #"{"body":1,"headers":{"x\r\ny":"1"}}"#,
            #"{"body":1,"headers":{"":"1"}}"#, #"{"body":1,"headers":{"x\u0000":"1"}}"#,
            #"{"body":1,"headers":{"x":["a",1]}}"#,
            #"{"body":1,"headers":{"x":{}}}"#, #"{"body":1,"headers":{"Content-Type":"a/b","content-type":"c/d"}}"#,
            #"{"body":1,"headers":{"content-length":"1"}}"#, #"{"body":1,"headers":{"Transfer-Encoding":"chunked"}}"#,
            #"{"body":1,"headers":{"upgrade":"h2c"}}"#, #"{"body":"","body_encoding":1}"#,
            #"{"body":1,"headers":{"x a":"1"}}"#, #"{"body":1,"headers":{"x":1}}"#,
            #"{"body":1,"headers":{"x":"a\nb"}}"#,
            #"{"body":1,"headers":{"etag":["1","2"]}}"#, #"{"body":1,"body_encoding":"text"}"#,
            #"{"body":"=","body_encoding":"base64"}"#, #"{"body":"a","body_encoding":"utf-7"}"#,
        ])
    func noEnvelope(_ reply: String) throws {
        let stage = try HTTPStage("reply: envelope\nreplies: {count: 2}")
        stage.replies = { _ in [reply] }
        for accept in [lines, events, post + "\r\nAccept: application/json"] {
            let text = stage.house.ask(accept, "0")
            #expect(text.hasPrefix("HTTP/1.1 502") && text.contains("\"code\":\"bad_reply\""), "\(text)")
            #expect(!text.contains("set-cookie") && !text.contains("\nx"))
        }
    }

    @Test("a part is a success for who takes it, by the query or by Prefer")
    func partial() throws {
        let stage = try HTTPStage("replies: {count: 2, idle: 20ms}")
        stage.replies = { _ in ["1"] }
        let json = "\r\nAccept: application/json"
        let problem = stage.house.ask(post + json, "0")
        #expect(problem.hasPrefix("HTTP/1.1 504") && problem.contains("\"replies\":[1]"))
        for head in ["POST /v1/services/s?partial=ok HTTP/1.1", post + "\r\nPrefer: partial=ok"] {
            let text = stage.house.ask(head + json, "0")
            #expect(
                text.hasPrefix("HTTP/1.1 200") && text.hasSuffix("\r\n[1]") && text.contains("X-Exchange-End: idle"))
        }
        let waiting = stage.house.ask(post + json + "\r\nPrefer: wait=0, unknown=1, wait=x, count=1;a=b", "0")
        #expect(waiting.hasPrefix("HTTP/1.1 504") || waiting.hasPrefix("HTTP/1.1 200"))
    }

    @Test("the caps of a service end what is too much")
    func caps() throws {
        let stage = try HTTPStage("replies: {count: 9, max_replies: 2, max_bytes: 1000}")
        stage.replies = { _ in ["1", "2", "3"] }
        let text = stage.house.ask(post + "\r\nAccept: application/json", "0")
        #expect(
            text.hasPrefix("HTTP/1.1 502") && text.contains("\"code\":\"limit\"") && text.contains("\"replies\":[1,2]"))
    }

    @Test(
        "a client that does not take its stream is ended, and what it holds is bounded", arguments: ["dealer", "json"])
    func slow(_ kind: String) throws {
        let stage = try HTTPStage("body: text\nreplies: {count: 100}", "limits: {max_buffered_bytes: 64KiB}\n")
        let large = String(repeating: "x", count: 1 << 20)
        stage.replies = { _ in Array(repeating: large, count: 10) }
        let client = stage.house.connect()
        client.send(
            (kind == "json" ? post + "\r\nAccept: application/json" : lines)
                + "\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\n1"
        )
        #expect(stage.house.run { stage.requests.count == 1 })
        if kind == "json" {
            #expect(stage.house.run { stage.house.core.metrics.services[0].counts.replies == 10 })
            #expect(stage.house.core.requesters.count == 1)
            return client.leave()
        }
        #expect(stage.house.run { stage.house.core.requesters.count == 0 })
        let ends = stage.house.core.metrics.services[0].counts.ends
        #expect(ends[Int(EndReason.slowClient.rawValue)] == 1 && stage.house.core.metrics.snapshot.slowClients == 1)
        let text = stage.house.run { client.text.contains("\"reason\":\"slow_client\"") }
        #expect(text && !client.text.isWhole)
    }

    @Test(
        "a publisher's stream comes as its client likes, begins at once, and ends when the client has heard enough",
        arguments: [
            ("", "text/event-stream"), ("\r\nAccept: application/x-ndjson", "application/x-ndjson"),
            ("\r\nAccept: */*", "text/event-stream"),
        ])
    func topics(_ accept: String, _ type: String) throws {
        let there = Endpoints.fresh()
        let house = try CoreHouse("services:\n  p:\n    peer: publisher\n    bind: \(there)\n")
        defer { house.stop() }
        let publisher = try Peer<XPub>(house.core.context, connect: there)
        let client = house.connect()
        client.send("GET /v1/services/p?topic=a&topic=b&count=2 HTTP/1.1\r\nHost: localhost\(accept)\r\n\r\n")
        #expect(house.run { client.text.contains("Content-Type: \(type)\r\n") })
        var heard: [[UInt8]] = []
        #expect(
            house.run {
                heard += publisher.receive()
                return heard.count == 2
            })
        for (topic, text) in [("a", "1"), ("c", "2"), ("b", "3")] { publisher.send(topic, text) }
        #expect(house.run { client.text.isWhole })
        let text = body(client.text)
        #expect(
            text.contains("{\"topic\":\"a\",\"body\":1}\n") && text.contains("{\"topic\":\"b\",\"body\":3}\n")
                && !text.contains("\"c\""))
        #expect(text.contains("event: end\ndata: {\"reason\":\"count\",\"ok\":true") == (type == "text/event-stream"))
    }

    @Test(
        "what cannot be listened to is refused",
        arguments: [
            ("?topic=a&count=0", "", "400", "bad_parameter"), ("?topic=a&deadline=soon", "", "400", "bad_parameter"),
            ("?" + Array(repeating: "topic=a", count: 101).joined(separator: "&"), "", "400", "bad_parameter"),
            ("?topic=%ff", "", "400", "bad_path"), ("?topics=a", "", "400", "bad_parameter"),
            ("?topic=a&request=1", "", "400", "bad_parameter"),
            ("?topic=a", "\r\nAccept: application/json", "406", "not_acceptable"),
            ("?topic=\(String(repeating: "x", count: 256))", "", "400", "bad_parameter"),
            ("?topic=a&topic=b", "", "503", "too_many_topics"),
        ])
    func unlistened(_ query: String, _ fields: String, _ status: String, _ code: String) throws {
        let house = try CoreHouse(
            "services:\n  p:\n    peer: publisher\n    bind: \(Endpoints.fresh())\n    max_topics: 1\n")
        defer { house.stop() }
        let text = house.ask("GET /v1/services/p\(query) HTTP/1.1\(fields)")
        #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains("\"code\":\"\(code)\""), "\(text)")
        #expect(house.ask("HEAD /v1/services/p?topic=a HTTP/1.1") { $0.contains("\r\n\r\n") }.hasPrefix("HTTP/1.1 200"))
        #expect(house.ask("POST /v1/services/p HTTP/1.1", "1").contains("Allow: GET, HEAD, OPTIONS"))
    }
}
