// What is refused before a worker hears of it, in the words that its client can read, and what OPTIONS and HEAD say.

import Bridge
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Rejections over HTTP", .timeLimit(.minutes(1)))
struct RejectionsOverHTTPTests {
    private static let path = "/v1/services/s"
    private static let browser = "\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\nSec-Fetch-Mode: cors"

    @Test(
        "an EventSource gets a refusal as an event that says whether to come back",
        arguments: [
            ("?request=%5B1%5D&count=no&errors=event", "", "id: refused\n", "bad_parameter"),
            ("?request=%5B1%5D&count=no", browser, "id: refused\n", "bad_parameter"),
            ("?request=1&errors=event", "", "id: refused\n", "object_required"),
        ])
    func events(_ query: String, _ fields: String, _ again: String, _ code: String) throws {
        let stage = try HTTPStage("require: object")
        let text = stage.house.ask("GET \(Self.path)\(query) HTTP/1.1\(fields)")
        #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("Content-Type: text/event-stream"))
        #expect(text.contains("\(again)event: end\ndata: {\"reason\":\"refused\",\"ok\":false"))
        #expect(text.contains("\"code\":\"\(code)\"") && text.hasSuffix("\n\n"))
        let back = stage.house.ask("GET \(Self.path)\(query) HTTP/1.1\(fields)\r\nLast-Event-ID: refused")
        #expect(back.hasPrefix("HTTP/1.1 204"))
    }

    @Test("a refusal that may be retried says when, and comes as a status if the client asks for that")
    func retry() throws {
        let stage = try HTTPStage("retry_after: 7s")
        stage.dismissWorker()
        #expect(stage.house.run { !stage.house.core.services[0].state.isReady })
        let event = stage.house.ask("GET \(Self.path)?request=1 HTTP/1.1\(Self.browser)") { $0.contains("event: end") }
        #expect(event.contains("retry: 7000\n") && event.contains("\"reason\":\"no_worker\""))
        let status = stage.house.ask("GET \(Self.path)?request=1&errors=status HTTP/1.1\(Self.browser)")
        #expect(status.hasPrefix("HTTP/1.1 503") && status.contains("Retry-After: 7"))
        let problem = stage.house.ask("GET \(Self.path)?request=1 HTTP/1.1\r\nAccept: text/event-stream")
        #expect(problem.hasPrefix("HTTP/1.1 503") && problem.contains("application/problem+json"))
    }

    @Test("a page of a configured origin may ask and read, another may not, and neither may a link of one")
    func origins() throws {
        let stage = try HTTPStage("", "allowed_origins: ['https://app.example.org']\n")
        let ours = "\r\nOrigin: https://app.example.org"
        let preflight = stage.house.ask(
            "OPTIONS \(Self.path) HTTP/1.1\(ours)\r\nAccess-Control-Request-Method: POST")
        #expect(preflight.hasPrefix("HTTP/1.1 204") && preflight.contains("Access-Control-Allow-Methods: "))
        #expect(preflight.contains("Access-Control-Allow-Origin: https://app.example.org\r\n"))
        let answer = stage.house.ask("POST \(Self.path) HTTP/1.1\(ours)\r\nAccept: application/json", "[1]")
        #expect(answer.hasPrefix("HTTP/1.1 200") && answer.contains("Vary: Accept, Origin\r\n"))
        #expect(answer.contains("Access-Control-Expose-Headers: X-Request-Id"))
        let foreign = stage.house.ask("POST \(Self.path) HTTP/1.1\r\nOrigin: https://evil.example", "[1]")
        #expect(foreign.hasPrefix("HTTP/1.1 403") && foreign.contains("\"origin_refused\""))
        let link = "\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document"
        #expect(stage.house.ask("GET \(Self.path)?request=1 HTTP/1.1\(link)").hasPrefix("HTTP/1.1 403"))
        #expect(stage.house.ask("GET \(Self.path) HTTP/1.1\(link)").hasPrefix("HTTP/1.1 200"))
        let elsewhere = stage.house.ask("GET /v1/services HTTP/1.1\r\nHost: rebound.example")
        #expect(elsewhere.hasPrefix("HTTP/1.1 421") && elsewhere.contains("\"host_refused\""))
        #expect(stage.requests == ["[1]"])
    }

    @Test(
        "OPTIONS says what a path takes, and HEAD runs nothing that only a GET asks for",
        arguments: [
            ("OPTIONS * HTTP/1.1", "204", "Allow: GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"),
            ("OPTIONS /v1/services/s HTTP/1.1", "204", "Allow: GET, HEAD, POST, OPTIONS"),
            ("OPTIONS /none HTTP/1.1", "404", "not_found"),
            ("OPTIONS /metrics HTTP/1.1", "204", "Allow: GET, HEAD, OPTIONS"),
            ("DELETE /metrics HTTP/1.1", "405", "Allow: GET, HEAD, OPTIONS"),
            ("HEAD /v1/services/s?request=1 HTTP/1.1", "200", "application/json"),
            ("HEAD /jobs/1 HTTP/1.1", "405", "Allow: GET, OPTIONS"),
            ("OPTIONS /jobs/1 HTTP/1.1", "204", "Allow: GET, OPTIONS"),
            ("OPTIONS /any HTTP/1.1", "200", "X-Exchange-End: count"),
            ("HEAD /any HTTP/1.1", "200", "X-Exchange-End: count"),
            ("BREW /any HTTP/1.1", "200", "X-Exchange-End: count"),
        ])
    func methods(_ line: String, _ status: String, _ part: String) throws {
        let stage = try HTTPStage(
            "expose: true\nreplies: {count: 1}",
            "routes:\n  - {match: \"GET /jobs/{id}\", service: s}\n  - {match: \"* /any\", service: s}\n")
        let text = stage.house.ask(line) { $0.contains("\r\n\r\n") }
        #expect(text.hasPrefix("HTTP/1.1 \(status)"), "\(text)")
        let parts = part.split(separator: ": ", maxSplits: 1)
        if parts.count == 2, parts[0] == "Allow" {
            let allow = text.components(separatedBy: "Allow: ").dropFirst().first?.prefix { !$0.isNewline } ?? ""
            #expect(Set(allow.split(separator: ", ")) == Set(parts[1].split(separator: ", ")), "\(allow)")
        } else if !line.hasPrefix("HEAD /v1") {
            #expect(text.contains(part), "\(text)")
        }
        #expect(stage.requests.count == (line.contains("/any") ? 1 : 0))
    }

    @Test(
        "a request that cannot be read as one is refused",
        arguments: [
            ("POST /v1/services/s?request=1 HTTP/1.1", "1", "400", "bad_parameter"),
            ("POST /v1/services/s?partial=yes HTTP/1.1", "1", "400", "bad_parameter"),
            ("POST /v1/services/s?end=no HTTP/1.1", "1", "400", "bad_parameter"),
            ("POST /v1/services/s?errors=x HTTP/1.1", "1", "400", "bad_parameter"),
            ("POST /v1/services/s?what=1 HTTP/1.1", "1", "400", "bad_parameter"),
            ("POST /v1/services/s?a=%zz HTTP/1.1", "1", "400", "bad_path"),
            ("POST /v1/services/%zz HTTP/1.1", "1", "400", "bad_path"),
            (
                "POST /v1/services/s HTTP/1.1\r\nContent-Type: application/json; charset=latin1", "1", "415",
                "unsupported_media_type"
            ),
            ("GET /readyz?service=none HTTP/1.1", "", "404", "unknown_service"),
            ("GET /v1/services/s?what=1 HTTP/1.1", "", "400", "bad_parameter"),
        ])
    func unreadable(_ head: String, _ body: String, _ status: String, _ code: String) throws {
        let stage = try HTTPStage()
        let text = stage.house.ask(head, body)
        #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains("\"code\":\"\(code)\""), "\(text)")
        #expect(stage.requests.isEmpty)
    }

    @Test("a client has no more requests in flight than its address may have")
    func perAddress() throws {
        let stage = try HTTPStage("", "limits: {max_exchanges_per_address: 1}\n")
        stage.replies = { _ in [] }
        let first = stage.house.connect()
        first.send("POST \(Self.path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1")
        #expect(stage.house.run { stage.requests.count == 1 })
        let second = stage.house.ask("POST \(Self.path) HTTP/1.1", "2")
        #expect(second.hasPrefix("HTTP/1.1 429") && second.contains("Retry-After: 1"))
        first.leave()
        #expect(stage.house.run { stage.house.core.requesters.count == 0 })
        stage.replies = { [$0] }
        #expect(
            stage.house.run { stage.house.ask("POST \(Self.path)?count=1 HTTP/1.1", "3").hasPrefix("HTTP/1.1 200") })
    }

    @Test(
        "a client's request id is used if it is harmless, and replaced if it is not",
        arguments: [("a-B_1.:", true), ("a b", false), ("", false)])
    func requestIDs(_ id: String, _ isTaken: Bool) throws {
        let stage = try HTTPStage()
        let text = stage.house.ask("POST \(Self.path)?count=1 HTTP/1.1\r\nX-Request-Id: \(id)", "1")
        #expect(text.contains("X-Request-Id: \(id)\r\n") == isTaken && text.contains("X-Request-Id: "))
    }
}
