// Which page a request comes from, and what it may do.

import Configuration
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("The rules for callers") struct CallerRulesTests {
    private func verdict(
        origin: String? = nil, site: String? = nil, mode: String? = nil, destination: String? = nil,
        referrer: String? = nil
    ) -> String {
        var configuration = Configuration()
        configuration.allowedOrigins = ["https://app.example.org"]
        let sender = CallerRules.Sender(
            origin: origin, site: site, mode: mode, destination: destination, referrer: referrer)
        switch CallerRules(configuration).verdict(on: sender, host: "127.0.0.1:8080") {
        case .own: return "own"
        case .navigation: return "navigation"
        case .configured: return "configured"
        case .rejected(let problem): return problem.code.rawValue
        }
    }

    @Test(
        "a host is served if it is a loopback name, where it listens, or configured; on all addresses, any address is",
        arguments: [
            ("localhost", true, true), ("LOCALHOST:8080", true, true), ("127.0.0.1:1", true, true),
            ("127.9.9.9", true, true),
            ("[::1]:80", true, true), ("10.0.0.5:8080", true, true), ("10.0.0.6", false, true),
            ("[2001:db8::1]", false, true),
            ("gateway.example", true, true), ("gateway.example.", false, false), ("evil.example", false, false),
            ("127.0.0.1.evil.example", false, false), ("127.0.0.1:x", false, false), ("[::1", false, false),
            ("[::1]x", false, false), ("", false, false), ("10.0.0.999", false, false), ("10.0.0", false, false),
        ])
    func hosts(_ field: String, _ isServed: Bool, _ isServedEverywhere: Bool) {
        var configuration = Configuration()
        configuration.allowedHosts = ["gateway.example"]
        for (host, expected) in [("10.0.0.5", isServed), ("0.0.0.0", isServedEverywhere)] {
            configuration.listen = [.tcp(host: host, port: 8080)]
            #expect((CallerRules(configuration).hostProblem(field) == nil) == expected, "\(field) at \(host)")
        }
    }

    @Test("an origin is the gateway's own with the scheme in force only")
    func origins() {
        #expect(verdict(origin: "http://127.0.0.1:8080") == "own")
        #expect(verdict(origin: "https://127.0.0.1:8080") == "origin_refused")
        #expect(verdict(origin: "https://app.example.org") == "configured")
        #expect(verdict(origin: "null") == "origin_refused")
        #expect(verdict(origin: "http://127.0.0.1:8081", site: "same-site") == "origin_refused")
    }

    @Test("without an origin Sec-Fetch-Site identifies a foreign page")
    func sites() {
        #expect(verdict() == "own")
        #expect(verdict(site: "same-origin") == "own")
        #expect(verdict(site: "none", mode: "navigate", destination: "document") == "own")
        for site in ["cross-site", "same-site", "", "unheard-of"] {
            #expect(verdict(site: site, mode: "no-cors", destination: "image") == "origin_refused")
            #expect(verdict(site: site, mode: "navigate", destination: "iframe") == "origin_refused")
            #expect(verdict(site: site, mode: "navigate", destination: "document") == "navigation")
        }
    }

    @Test("a page of a configured origin is identified by its referrer")
    func referrers() {
        #expect(verdict(site: "cross-site", mode: "no-cors", referrer: "https://app.example.org/a/b?c") == "own")
        #expect(verdict(site: "cross-site", mode: "no-cors", referrer: "https://app.example.org") == "own")
        for referrer in ["https://app.example.org.evil.com/", "https://evil.com/https://app.example.org/", "", "x"] {
            #expect(verdict(site: "cross-site", mode: "no-cors", referrer: referrer) == "origin_refused")
        }
    }

    @Test("trouble names no endpoint to clients")
    func endpoints() {
        let text = "tcp://10.0.0.1:5570: the peer's socket is not a ROUTER (ipc:///run/a.sock); check `peer`"
        let expected = "an endpoint: the peer's socket is not a ROUTER an endpoint); check `peer`"
        #expect(ServiceState.withoutEndpoints(text) == expected)
        #expect(ServiceState.withoutEndpoints("nothing  to hide") == "nothing  to hide")
    }

    @Test(
        "a worker's documents run no scripts under our origin",
        arguments: [
            ("text/html", true), ("Text/HTML; charset=utf-8", true), ("application/xhtml+xml", true),
            ("image/svg+xml", true), ("text/xml", true), ("application/json", false), ("text/plain; x=html", false),
            ("image/png", false),
        ])
    func documents(type: String, expected: Bool) {
        #expect(WorkerField.makesDocument([("X", "text/html"), ("Content-Type", type)]) == expected)
    }
}
