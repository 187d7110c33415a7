// Bounds that do not fit each other, the share of native clients, and what a request may ask for unless it is
// configured.

import Configuration
import Testing

@Suite("Bounds") struct ContradictionTests {
    private func load(_ text: String) -> Loaded { Configuration.load(text: text, file: "g.yaml") }

    private func warnings(_ text: String) -> [String] {
        load(text).warnings.map(\.description).filter { !$0.contains("has no end rule") }
    }

    @Test(
        "that another one makes unreachable are warned of",
        arguments: [
            ("limits: {max_exchanges: 100, max_exchanges_per_address: 200}", "limits.max_exchanges_per_address"),
            ("limits: {max_connections: 100, max_connections_per_address: 200}", "limits.max_connections_per_address"),
            ("limits: {max_connections: 100}\nsessions: {max: 200}", "sessions.max"),
            ("sessions: {max: 10, max_per_address: 20}", "sessions.max_per_address"),
            ("limits: {max_exchanges: 10}\nsessions: {max_exchanges: 20}", "sessions.max_exchanges"),
            ("services: {a: {peer: rep, bind: 'tcp://127.0.0.1:1', max_exchanges: 20000}}", "services.a.max_exchanges"),
            ("services: {a: {peer: ready, bind: 'tcp://127.0.0.1:1', queue: {max: 20000}}}", "services.a.queue.max"),
            (
                "services: {a: {peer: ready, bind: 'tcp://127.0.0.1:1', max_exchanges: 10, queue: {max: 50}}}",
                "services.a.queue.max"
            ),
            (
                "services: {a: {peer: ready, bind: 'tcp://127.0.0.1:1', replies: {deadline: 5s}, queue: {max_age: 10s}}}",
                "services.a.queue.max_age"
            ),
            (
                "services: {a: {peer: rep, bind: 'tcp://127.0.0.1:1', replies: {first: 5s}, overrides: {first: 1s}}}",
                "services.a.overrides.first"
            ),
            (
                "services: {a: {peer: dealer, bind: 'tcp://127.0.0.1:1', replies: {count: 5}, overrides: {count: 2}}}",
                "services.a.overrides.count"
            ),
        ])
    func contradictions(text: String, key: String) {
        let loaded = load(text)
        #expect(loaded.errors.isEmpty, "\(loaded.errors)")
        let found = warnings(text)
        #expect(found.count == 1 && found.first?.contains("\(key): ") == true, "\(found)")
    }

    @Test(
        "that fit, or that only a default would contradict, are not",
        arguments: [
            "", "limits: {max_exchanges: 10}", "sessions: {max: 10}", "limits: {max_connections: 5}",
            "services: {a: {peer: ready, bind: 'tcp://127.0.0.1:1', replies: {deadline: 5s}}}",
            "services: {a: {peer: ready, bind: 'tcp://127.0.0.1:1', clients: 'tcp://127.0.0.1:2', queue: {max: 20000}}}",
            "services: {a: {peer: majordomo, bind: 'tcp://127.0.0.1:1', queue: {max: 500000}}}",
            "limits: {max_exchanges: 100}\nservices: {a: {peer: majordomo, bind: 'tcp://127.0.0.1:1'}}",
        ])
    func agreement(text: String) {
        #expect(load(text).errors.isEmpty && warnings(text).isEmpty, "\(warnings(text))")
    }

    @Test("leave native clients half, in equal parts, and half of their service's own")
    func shares() {
        let configuration = load(
            """
            limits: {max_exchanges: 1000}
            services:
              a: {peer: majordomo, bind: 'tcp://127.0.0.1:1'}
              b: {peer: rep, bind: 'tcp://127.0.0.1:2', clients: 'tcp://127.0.0.1:3', max_exchanges: 100}
              c: {peer: rep, bind: 'tcp://127.0.0.1:4'}
              d: {peer: ready, bind: 'tcp://127.0.0.1:5', clients: 'tcp://127.0.0.1:6', max_exchanges: 1}
              e: {peer: majordomo, connect: 'tcp://b:1'}
            """
        ).configuration
        #expect(configuration.services.map { configuration.nativeShare(of: $0) } == [166, 50, 0, 1, 0])
    }

    @Test("of what a request may ask for are the service's own, unless they are configured")
    func overrides() {
        func limits(_ keys: String) -> OverrideLimits? {
            load("services: {a: {peer: dealer, bind: 'tcp://127.0.0.1:1', \(keys)}}").configuration.services.first?
                .overrides
        }
        let plain = limits("description: x")
        #expect(plain?.deadline == .seconds(30) && plain?.first == .seconds(30) && plain?.idle == .seconds(30))
        #expect(plain?.count == 1_000_000)
        let own = limits("replies: {deadline: 60s, first: 5s, idle: 2s, count: 3}")
        #expect(own?.deadline == .seconds(60) && own?.first == .seconds(5) && own?.idle == .seconds(2))
        #expect(own?.count == 3)
        #expect(limits("replies: {max_replies: 50}")?.count == 50)
        let configured = limits("replies: {first: 5s}, overrides: {deadline: 5m, count: 7}")
        #expect(configured?.deadline == .seconds(300) && configured?.first == .seconds(5))
        #expect(configured?.idle == .seconds(300) && configured?.count == 7)
    }
}
