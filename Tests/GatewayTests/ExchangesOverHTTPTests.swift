// Exchanges from a client's request to its response, through a whole reactor, with a worker that answers as it is told.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Exchanges over HTTP", .timeLimit(.minutes(1)))
struct ExchangesOverHTTPTests {
    private let plain = "POST /v1/services/s HTTP/1.1"
    private var post: String { plain + "\r\nAccept: application/json" }

    @Test("one reply is the body")
    func one() throws {
        let stage = try HTTPStage()
        let text = stage.house.ask(post, "{\"a\":1}")
        #expect(text.hasPrefix("HTTP/1.1 200") && text.hasSuffix("\r\n\r\n{\"a\":1}"))
        #expect(text.contains("X-Exchange-End: count") && stage.requests == ["{\"a\":1}"])
    }

    @Test("several are an array, lines or events, as the client likes")
    func several() throws {
        let stage = try HTTPStage("replies: {count: 3}")
        stage.replies = { _ in ["1", "[2]", "\"3\""] }
        #expect(stage.house.ask(post, "0").hasSuffix("\r\n\r\n[1,[2],\"3\"]"))
        let lines = stage.house.ask(plain + "\r\nAccept: application/x-ndjson", "0")
        #expect(lines.contains("Content-Type: application/x-ndjson") && lines.contains("1\n"))
        #expect(!lines.contains("$end") && lines.contains("\"3\"\n"))
        let events = stage.house.ask(plain + "\r\nAccept: text/event-stream", "0")
        #expect(events.contains("id: 1\ndata: 1\n\n") && events.contains("id: 3\ndata: \"3\"\n\n"))
        #expect(events.contains("event: end\ndata: {") && events.contains("\"reason\":\"count\""))
        let record = stage.house.ask("POST /v1/services/s?end=record HTTP/1.1\r\nAccept: application/x-ndjson", "0")
        #expect(record.contains("{\"$end\":{\"reason\":\"count\",\"ok\":true"))
    }

    @Test("an EventSource asks by GET")
    func eventSource() throws {
        let stage = try HTTPStage("replies: {count: 1}")
        let path = "GET /v1/services/s?request=%5B1%5D HTTP/1.1\r\nAccept: text/event-stream"
        #expect(stage.house.ask(path).contains("data: [1]\n\n"))
        #expect(stage.house.ask(path + "\r\nLast-Event-ID: 1").hasPrefix("HTTP/1.1 204"))
    }

    @Test("an EventSource that comes back to a configured route runs its request once")
    func eventSourceOfRoute() throws {
        let stage = try HTTPStage("replies: {count: 1}", "routes:\n  - {match: \"GET /jobs/{id}\", service: s}\n")
        let request = "GET /jobs/7 HTTP/1.1\r\nAccept: text/event-stream"
        #expect(stage.house.ask(request).contains("event: end\n"))
        #expect(stage.house.ask(request + "\r\nLast-Event-ID: 1").hasPrefix("HTTP/1.1 204"))
        #expect(stage.requests.count == 1)
    }

    @Test("a final marker ends a stream; an error has the worker's words")
    func ends() throws {
        let stage = try HTTPStage(
            """
            replies:
              final: {pointer: /done, equals: true, deliver: marker}
              error: {pointer: /error, exists: true, status: 502}
            """)
        stage.replies = { $0 == "0" ? ["1", "{\"done\":true}"] : ["{\"error\":\"no\"}"] }
        let lines = stage.house.ask(plain + "\r\nAccept: application/x-ndjson", "0")
        #expect(lines.contains("1\n") && !lines.contains("done"))
        let error = stage.house.ask(post, "1")
        #expect(error.hasPrefix("HTTP/1.1 502") && error.contains("\"code\":\"worker_error\""))
        #expect(error.contains("\"reply\":{\"error\":\"no\"}"))
    }

    @Test("what runs out of time says so, and what came before with it")
    func deadline() throws {
        let stage = try HTTPStage("replies: {count: 2, deadline: 50ms}")
        let text = stage.house.ask(post, "7")
        #expect(
            text.hasPrefix("HTTP/1.1 504") && text.contains("\"code\":\"deadline\"") && text.contains("\"replies\":[7]")
        )
        let partial = stage.house.ask("POST /v1/services/s?errors=status HTTP/1.1\r\nAccept: application/x-ndjson", "7")
        {
            $0.contains("$end")
        }
        #expect(partial.contains("\"reason\":\"deadline\",\"ok\":false"))
    }

    @Test("one-way requests are 202 when the worker has them")
    func oneWay() throws {
        let stage = try HTTPStage("replies: {count: 0}")
        stage.replies = { _ in [] }
        #expect(stage.house.ask(post, "1").hasPrefix("HTTP/1.1 202"))
        #expect(stage.house.run { stage.requests == ["1"] })
    }

    @Test(
        "what cannot be served is refused with its reason",
        arguments: [
            ("POST /v1/services/s", "{", "400", "bad_json"), ("POST /v1/services/t", "1", "404", "unknown_service"),
            ("PUT /v1/services/s", "1", "405", "method_not_allowed"), ("POST /nowhere", "1", "404", "not_found"),
            ("POST /v1/services/s?count=no", "1", "400", "bad_parameter"),
            ("POST /v1/services/s?deadline=1h", "1", "400", "bad_parameter"),
        ])
    func rejected(_ head: String, _ body: String, _ status: String, _ code: String) throws {
        let stage = try HTTPStage()
        let text = stage.house.ask(head + " HTTP/1.1", body)
        #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains("\"code\":\"\(code)\""), "\(text)")
        #expect(stage.requests.isEmpty)
    }

    @Test("types that are not taken or not to be had are refused")
    func types() throws {
        let stage = try HTTPStage("max_body_bytes: 8")
        #expect(stage.house.ask(plain + "\r\nAccept: image/png", "1").hasPrefix("HTTP/1.1 406"))
        #expect(stage.house.ask(post + "\r\nContent-Type: text/html", "1").hasPrefix("HTTP/1.1 415"))
        #expect(stage.house.ask(post + "\r\nContent-Encoding: gzip", "1").hasPrefix("HTTP/1.1 415"))
        #expect(stage.house.ask(post, "\"123456789\"").hasPrefix("HTTP/1.1 413"))
        let options = stage.house.ask("OPTIONS /v1/services/s HTTP/1.1")
        #expect(options.hasPrefix("HTTP/1.1 204") && options.contains("Allow: ") && options.contains("POST"))
    }

    @Test("a route makes an envelope of the request, and a response of the reply's")
    func envelopes() throws {
        let stage = try HTTPStage(
            "request: envelope\nreply: envelope\nheaders: [accept-language]\nexpose: true",
            "routes:\n  - match: \"GET /orders/{id}\"\n    service: s\n")
        stage.replies = { request in
            request.contains("\"7\"")
                ? [#"{"status":201,"headers":{"location":"/orders/7","x-a":["1","2"]},"body":{"id":7}}"#]
                : [#"{"headers":{"content-type":"text/html"},"body_encoding":"text","body":"<p>"}"#]
        }
        let text = stage.house.ask(
            "GET /orders/7?q=a%20b HTTP/1.1\r\nAccept-Language: de\r\nCookie: a=b\r\nAccept: application/json")
        #expect(text.hasPrefix("HTTP/1.1 201") && text.contains("location: /orders/7") && text.hasSuffix("{\"id\":7}"))
        #expect(text.contains("x-a: 1\r\n") && text.contains("x-a: 2\r\n"))
        let request = try #require(stage.requests.first)
        #expect(request.contains("\"method\":\"GET\"") && request.contains("\"path\":\"/orders/7\""))
        #expect(request.contains("\"accept-language\":\"de\"") && !request.contains("cookie"))
        let page = stage.house.ask("GET /orders/8 HTTP/1.1\r\nAccept: application/json")
        #expect(page.hasSuffix("\r\n\r\n<p>") && page.contains("Content-Security-Policy: sandbox"))
    }

    @Test("a reply that is not what the service declares is a 502, and nothing of it gets out")
    func badReplies() throws {
        let stage = try HTTPStage()
        stage.replies = { _ in ["{secret"] }
        let text = stage.house.ask(post, "1")
        #expect(text.hasPrefix("HTTP/1.1 502") && text.contains("\"code\":\"bad_reply\"") && !text.contains("secret"))
    }

    @Test("text and binary services")
    func bodies() throws {
        let stage = try HTTPStage("body: text\nreplies: {count: 1}")
        let text = stage.house.ask(plain + "\r\nAccept: text/plain\r\nContent-Type: text/plain", "hello")
        #expect(text.contains("Content-Type: text/plain") && text.hasSuffix("\r\n\r\nhello"))
        let lines = stage.house.ask("POST /v1/services/s?count=1 HTTP/1.1\r\nAccept: text/event-stream", "a\"b")
        #expect(lines.contains("data: \"a\\\"b\""))
        let raw = try HTTPStage("body: binary\nreplies: {count: 1}")
        #expect(raw.house.ask(plain + "\r\nAccept: application/octet-stream", "x\u{1}y").hasSuffix("\r\n\r\nx\u{1}y"))
    }

    @Test("a client that leaves ends its exchange, and its worker is told")
    func left() throws {
        let stage = try HTTPStage("cancel: '{\"stop\":true}'")
        stage.replies = { _ in [] }
        let client = stage.house.connect()
        client.send("\(post)\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1")
        #expect(stage.house.run { stage.requests.count == 1 })
        client.leave()
        #expect(stage.house.run { stage.requests.last == "{\"stop\":true}" })
    }
}
