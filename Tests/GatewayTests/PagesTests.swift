// The gateway's own pages, and what they say of services.

import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Pages", .timeLimit(.minutes(1)))
struct PagesTests {
    private func house() throws -> CoreHouse {
        try CoreHouse(
            """
            services:
              jobs:
                peer: dealer
                bind: \(Endpoints.fresh())
                description: does things
                expose: true
                replies: {final: {pointer: /done, equals: true, deliver: data}, idle: 1s, max_replies: 9}
                overrides: {deadline: 1m}
              pool:
                peer: ready
                bind: \(Endpoints.fresh())
                optional: true
              prices:
                peer: publisher
                bind: \(Endpoints.fresh())
                cache: 5
              broker:
                peer: majordomo
                bind: \(Endpoints.fresh())
              old:
                peer: router
                connect: [\(Endpoints.fresh())]
            routes:
              - match: "* /all/{rest...}"
                service: jobs
            """)
    }

    @Test("health is ok, and services with workers are ready")
    func health() throws {
        let house = try house()
        defer { house.stop() }
        #expect(house.ask("GET /healthz HTTP/1.1").hasPrefix("HTTP/1.1 200"))
        let ready = house.ask("GET /readyz HTTP/1.1")
        #expect(ready.hasPrefix("HTTP/1.1 503") && ready.contains("\"jobs\":{\"ready\":false"))
    }

    @Test("services describe themselves and their ends")
    func services() throws {
        let house = try house()
        defer { house.stop() }
        let all = house.ask("GET /v1/services HTTP/1.1")
        for word in ["\"jobs\"", "\"pool\"", "\"prices\"", "does things", "\"max_topics\":1000", "\"registered\":[]"] {
            #expect(all.contains(word), "\(word)")
        }
        let requests = house.ask("GET /v1/services/jobs HTTP/1.1")
        #expect(requests.contains("\"idle\":\"1s\"") || requests.contains("\"idle_ms\":1000"), "\(requests)")
        #expect(house.ask("GET /v1/services/prices HTTP/1.1").contains("\"cache\":5"))
        #expect(house.ask("GET /v1/services/none HTTP/1.1").hasPrefix("HTTP/1.1 404"))
        #expect(house.ask("POST /v1/services/broker HTTP/1.1", "1").hasPrefix("HTTP/1.1 4"))
        #expect(house.ask("HEAD /v1/services HTTP/1.1") { $0.contains("\r\n\r\n") }.hasSuffix("\r\n\r\n"))
    }

    @Test("metrics count requests under each service's name")
    func metrics() throws {
        let house = try house()
        defer { house.stop() }
        _ = house.ask("POST /v1/services/jobs HTTP/1.1", "1")
        let text = house.ask("GET /metrics HTTP/1.1")
        for line in [
            "zmq_gateway_exchanges_total{service=\"jobs\",reason=\"no_worker\"} 1",
            "zmq_gateway_workers{service=\"pool\"} 0",
            "zmq_gateway_identities{service=\"old\",state=\"ready\"}",
            "zmq_gateway_pool_workers{service=\"broker\",state=\"busy\"} 0",
            "zmq_gateway_topics{service=\"prices\"} 0", "zmq_gateway_memory_bytes{holder=\"replies\"} 0",
        ] {
            #expect(text.contains(line), "\(line)")
        }
        #expect(!text.contains("\nzmq_gateway_topics{service=\"jobs\"}"))
    }

    @Test("the API's description names each path")
    func openAPI() throws {
        let house = try house()
        defer { house.stop() }
        let text = house.ask("GET /openapi.json HTTP/1.1")
        for path in ["/v1/services/jobs", "/v1/services/prices", "/v1/services/broker", "/all/{rest}", "/healthz"] {
            #expect(text.contains("\"\(path)\""), "\(path)")
        }
    }

    @Test("a worker of a pool can be drained from this machine only, by name")
    func orders() throws {
        let there = Endpoints.fresh()
        let house = try CoreHouse("services:\n  pool:\n    peer: ready\n    bind: \(there)\n")
        defer { house.stop() }
        let worker = try Peer<Dealer>(house.core.context, connect: there, identity: "w1")
        worker.send([[], Array("ready".utf8)])
        #expect(house.run { house.ask("GET /v1/services/pool HTTP/1.1").contains("\"id\":\"w1\"") })
        #expect(house.ask("POST /v1/services/pool/workers/w2/drain HTTP/1.1", "").hasPrefix("HTTP/1.1 404"))
        let drained = house.ask("POST /v1/services/pool/workers/w1/drain HTTP/1.1", "")
        #expect(drained.hasPrefix("HTTP/1.1 200") && drained.contains("\"draining\":true"))
        let forwarded = house.ask("POST /v1/services/pool/workers/w1/resume HTTP/1.1\r\nX-Forwarded-For: 1.2.3.4", "")
        #expect(forwarded.hasPrefix("HTTP/1.1 403"))
    }
}
