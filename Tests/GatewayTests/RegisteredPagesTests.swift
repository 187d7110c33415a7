// What pages say of workers that register: names at a broker, pools, and an operator's word.

import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Pages of registered workers", .timeLimit(.minutes(1)))
struct RegisteredPagesTests {
    private let there = Endpoints.fresh()

    private func house(_ more: String = "") throws -> (CoreHouse, Peer<Dealer>) {
        let house = try CoreHouse("services:\n  hub:\n    peer: majordomo\n    bind: \(there)\n\(more)")
        let worker = try Peer<Dealer>(house.core.context, connect: there, identity: "w")
        worker.send("", "MDPW01", "\u{1}", "echo")
        #expect(house.run { house.core.registeredServices["echo"] != nil })
        return (house, worker)
    }

    @Test("a registered name is listed as a service of its own, with its pool and its broker")
    func listed() throws {
        let (house, worker) = try house()
        defer { house.stop() }
        let all = house.ask("GET /v1/services HTTP/1.1")
        #expect(
            all.contains("\"registered\":[\"echo\"]") && all.contains("\"name\":\"echo\"")
                && all.contains("\"broker\":\"hub\""))
        let one = house.ask("GET /v1/services/echo HTTP/1.1")
        for part in [
            "\"ready\":true", "\"workers\":1", "\"id\":\"w\",\"state\":\"ready\"", "\"queued\":0", "\"count\":1",
        ] {
            #expect(one.contains(part), "\(part)")
        }
        #expect(house.ask("GET /readyz?service=echo HTTP/1.1").contains("\"echo\":{\"ready\":true,\"workers\":1}"))
        worker.send("", "MDPW01", "\u{5}")
        #expect(house.run { house.ask("GET /readyz?service=echo HTTP/1.1").hasPrefix("HTTP/1.1 503") })
        #expect(house.ask("GET /v1/services HTTP/1.1").contains("\"registered\":[]"))
    }

    @Test("requests, descriptions and methods of a registered name are those of a service")
    func methods() throws {
        let (house, worker) = try house()
        defer { house.stop() }
        house.work = {
            let message = worker.heard()
            if message.count == 6 { worker.send("", "MDPW01", "\u{3}", message[3], "", message[5]) }
        }
        #expect(house.ask("POST /v1/services/echo HTTP/1.1", "[1]").hasSuffix("\r\n[1]"))
        #expect(house.ask("GET /v1/services/echo?request=2 HTTP/1.1").hasSuffix("\r\n2"))
        let deleted = house.ask("DELETE /v1/services/echo HTTP/1.1")
        #expect(deleted.hasPrefix("HTTP/1.1 405") && deleted.contains("GET, POST"))
        let options = house.ask("OPTIONS /v1/services/echo HTTP/1.1") { $0.contains("\r\n\r\n") }
        #expect(options.hasPrefix("HTTP/1.1 204") && options.contains("Allow: GET, POST, HEAD, OPTIONS"))
        #expect(house.ask("GET /v1/services/hub?request=1 HTTP/1.1").hasPrefix("HTTP/1.1 404"))
        let session = house.openSession("/v1/services/echo", nil)
        session.say("[3]")
        #expect(house.next(session) == "[3]")
        let socket = house.openSession("/v1/socket")
        _ = house.next(socket)
        socket.say(#"{"op":"request","id":"a","service":"echo","body":4}"#)
        #expect(house.next(socket).contains("\"body\":4"))
    }

    @Test("a configured service goes before a registered one")
    func names() throws {
        let (house, worker) = try house("  echo:\n    peer: dealer\n    bind: \(Endpoints.fresh())\n")
        defer { house.stop() }
        #expect(house.ask("GET /v1/services/echo HTTP/1.1").contains("\"peer\":\"dealer\""))
        withExtendedLifetime(worker) {}
    }

    @Test(
        "an order must be drain or resume, for a worker that is there",
        arguments: [
            ("echo/workers/w/stop", "404", "must be drain or resume"),
            ("echo/workers/x/drain", "404", "has no worker named"),
            ("none/workers/w/drain", "404", "unknown_service"), ("echo/workers/w/drain", "200", "\"draining\":true"),
            ("echo/workers/w/resume", "200", "\"draining\":false"),
        ])
    func orders(_ path: String, _ status: String, _ part: String) throws {
        let (house, worker) = try house()
        defer { house.stop() }
        let text = house.ask("POST /v1/services/\(path) HTTP/1.1", "")
        #expect(text.hasPrefix("HTTP/1.1 \(status)") && text.contains(part), "\(text)")
        let link = "\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document"
        #expect(house.ask("POST /v1/services/\(path) HTTP/1.1\(link)", "").hasPrefix("HTTP/1.1 403"))
        withExtendedLifetime(worker) {}
    }

    @Test("a service says all of how its exchanges end, and what a request may ask for")
    func rules() throws {
        let house = try CoreHouse(
            """
            services:
              s:
                peer: dealer
                bind: \(Endpoints.fresh())
                replies:
                  final: {empty: true}
                  error: {pointer: /error, exists: true}
                  first: 2s
                  first_means: complete
                  idle: 1s
                overrides: {deadline: 1m, count: 7}
            """)
        defer { house.stop() }
        let text = house.ask("GET /v1/services/s HTTP/1.1")
        for part in [
            "\"final\":\"an empty frame\"", "\"error\":\"/error exists\"", "\"first_ms\":2000",
            "\"first_means\":\"complete\"",
            "\"idle_ms\":1000", "\"idle_means\":\"incomplete\"", "\"overrides\":{\"count\":7", "\"deadline_ms\":60000",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }
}
