// The configuration: its printed form, its mistakes, its layers.

import Configuration
import Testing

@Suite("Configuration") struct ConfigurationTests {
    private func errors(_ text: String) -> [String] {
        Configuration.load(text: text, file: "g.yaml").errors.map(\.description)
    }

    @Test("the printed default is the default")
    func printed() {
        let loaded = Configuration.load(text: Configuration.commentedDefault, file: "default")
        #expect(loaded.errors.isEmpty)
        #expect(loaded.configuration == Configuration())
        #expect(Configuration.load(text: "", file: "empty").configuration == Configuration())
    }

    @Test("the printed examples are good once they are uncommented")
    func examples() {
        var lines: [Substring] = []
        for line in Configuration.commentedDefault.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "services: {}" || line == "routes: []" { continue }
            let isExample = line.hasPrefix("#services:") || line.hasPrefix("#routes:") || line.hasPrefix("#  ")
            lines.append(isExample ? line.dropFirst() : line)
        }
        let loaded = Configuration.load(text: lines.joined(separator: "\n"), file: "examples")
        #expect(loaded.errors.isEmpty, "\(loaded.errors)")
        #expect(
            loaded.configuration.services.map(\.name) == [
                "quotes", "jobs", "hello", "pool", "broker", "math.add", "prices",
            ])
        #expect(loaded.configuration.routes.count == 2)
    }

    @Test(
        "each mistake tells its place and what to do",
        arguments: [
            ("listen: 127.0.0.1:99999", "g.yaml:1:", "listen"),
            ("limits: {max_body_bytes: 2TiB}", "limits.max_body_bytes", "out of bounds"),
            ("timeouts: {drain: 300}", "timeouts.drain", "has no unit; write 300ms or 300s"),
            ("log: {level: loud}", "log.level", "not known here"),
            ("serices: {}", "g.yaml:1:1: serices", "did you mean services?"),
            ("services: {a: {peer: publisher, bind: 'tcp://*:1', dialect: bare}}", "services.a.dialect", "peer: ready"),
            ("services: {a: {peer: publishers, bind: 'tcp://*:1'}}", "services.a.peer", "did you mean publisher?"),
            ("services: {a: {peer: router, bind: 'tcp://*:1'}}", "services.a.bind", "write connect"),
            ("services: {a: {peer: rep}}", "services.a", "exactly one of bind"),
            ("services: {a: {peer: ready}}", "services.a", "needs bind"),
            ("services: {a: {peer: ready, bind: 'tcp://*:1', capacity: 2}}", "services.a.capacity", "dialect"),
            (
                "services: {a: {peer: ready, bind: 'tcp://*:1', cancel: '1'}}", "services.a.cancel",
                "one request at a time"
            ),
            (
                "services: {a: {peer: ready, bind: 'tcp://*:1', heartbeat: {liveness: 2}}}", "services.a.heartbeat",
                "socket.heartbeat_interval"
            ),
            (
                "services: {a: {peer: ready, bind: 'tcp://*:1', replies: {idle: 1s, idle_means: complete}}}",
                "services.a.replies.idle", "write count or final"
            ),
            (
                "services: {a: {peer: dealer, bind: 'tcp://*:1', retries: 1}}", "services.a.retries",
                "is for peer: ready"
            ),
            ("services: {a: {peer: majordomo}}", "services.a", "exactly one of bind"),
            (
                "services: {a: {peer: majordomo, connect: 'tcp://a:1', allow: [x]}}", "services.a.allow",
                "majordomo with bind"
            ),
            (
                "services: {a: {peer: majordomo, bind: 'tcp://*:1', replies: {count: 2}}}", "services.a.replies.count",
                "the protocol says"
            ),
            (
                "services: {a: {peer: majordomo, bind: 'tcp://*:1', allow: ['a*b']}}", "services.a.allow[0]",
                "last character"
            ),
            (
                "services: {a: {peer: rep, connect: 'tcp://a:1', clients: 'tcp://*:2'}}", "services.a.clients",
                "with bind"
            ),
            (
                "{services: {a: {peer: majordomo, bind: 'tcp://*:1'}}, routes: [{match: GET /x, service: a}]}",
                "routes[0]", "is required for a Majordomo broker"
            ),
            ("services: {a: {peer: rep, bind: 'tcp://*:1', replies: {count: 2}}}", "services.a.replies.count", "must be 1"),
            (
                "services: {a: {peer: dealer, bind: 'tcp://*:1', delimiter: true}}", "services.a.delimiter",
                "router only"
            ),
            ("services: {a: {peer: dealer, bind: 'tcp://*:1', cancel: '{'}}", "services.a.cancel", "not JSON"),
            ("services: {a: {peer: dealer, bind: 'udp://x'}}", "services.a.bind", "udp"),
            ("services: {A: {peer: rep, bind: 'tcp://*:1'}}", "services.A", "not a service name"),
            ("services: {a: {peer: publisher}}", "services.a", "exactly one of connect"),
            ("services: {a: {peer: publisher, connect: 'tcp://h:1', cache: 100001}}", "services.a.cache", "100000"),
            ("services: {a: {peer: publisher, connect: 'tcp://h:1', max_topics: 0}}", "services.a.max_topics", "1 to"),
            (
                "services: {a: {peer: publisher, connect: 'tcp://h:1', frames: three}}", "services.a.frames",
                "topic_body"
            ),
            (
                "services: {a: {peer: publisher, connect: 'tcp://h:1', frames: single, cache: 1}}", "services.a.cache",
                "must be 0"
            ),
            (
                "services: {a: {peer: publisher, connect: 'tcp://h:1', replies: {count: 1}}}", "services.a.replies",
                "no requests"
            ),
            ("services: {a: {peer: rep, connect: 'tcp://h:1', cache: 1}}", "services.a.cache", "publisher only"),
            (
                "services: {a: {peer: publisher, bind: 'tcp://*:1'}}\nroutes: [{match: 'GET /x', service: a}]",
                "routes[0].service", "takes no requests"
            ),
            (
                "services: {a: {peer: dealer, bind: 'tcp://*:1', replies: {error: {pointer: /e, exists: true, status: 204}}}}",
                "services.a.replies.error.status", "400 to 599"
            ),
            (
                "services: {a: {peer: ready, bind: 'tcp://*:1', replies: {idle: 1s, idle_means: complete}}}",
                "services.a.replies.idle", "write count or final"
            ),
            ("routes: [{match: 'GET /a%00', service: a}]", "routes[0].match", "NUL"),
            ("routes: [{match: 'GET /a%ff', service: a}]", "routes[0].match", "not valid UTF-8"),
            ("routes: [{match: 'GET /%2e%2E/b', service: a}]", "routes[0].match", "dot segment"),
            ("routes: [{match: 'GET /v1/%73ervices', service: a}]", "routes[0].match", "gateway's own"),
            (
                "services: {a: {peer: rep, bind: 'tcp://*:1'}}\nroutes: [{match: GET /a, service: a}, {match: GET /%61, service: a}]",
                "routes[1]", "matches the same requests"
            ),
            ("routes: [{match: 'TRACE /x', service: a}]", "routes[0].match", "choose another method"),
            ("routes: [{match: 'GET /x', service: nobody}]", "routes[0].service", "not a service"),
            ("a: 1\na: 2", "g.yaml:2:1: a", "twice"),
            ("listen: [", "g.yaml:", "is not YAML"),
        ])
    func error(text: String, place: String, words: String) {
        let all = errors(text)
        #expect(all.contains { $0.contains(place) && $0.contains(words) }, "\(all)")
    }

    @Test("a pool may go by silence where a count says when a worker is done")
    func countAndIdle() {
        #expect(
            errors(
                "services: {a: {peer: ready, bind: 'tcp://*:1', replies: {count: 3, idle: 1s, idle_means: complete}}}"
            ).isEmpty)
    }

    @Test("heartbeats are on for every kind of worker", arguments: ServiceConfiguration.Peer.allCases)
    func heartbeats(_ peer: ServiceConfiguration.Peer) {
        func socket(_ keys: String) -> SocketSettings? {
            let way = peer == .ready ? "bind" : "connect"
            let text = "services: {a: {peer: \(peer.rawValue), \(way): 'tcp://h:1', socket: {\(keys)}}}"
            return Configuration.load(text: text, file: "g").configuration.services.first?.socket
        }
        #expect(socket("ipv6: true")?.heartbeatInterval == .seconds(1))
        #expect(socket("heartbeat_interval: 2s")?.heartbeatInterval == .seconds(2))
        #expect(socket("heartbeat_interval: 0")?.heartbeatInterval == .some(nil))
    }

    @Test("all mistakes come at once, in the order of the file")
    func together() {
        let text = "reactors: 99\nlog: {format: xml}\nservices:\n  a: {peer: dealer, connect: tcp://h:1, body: yaml}\n"
        let lines = Configuration.load(text: text, file: "g.yaml").errors.map(\.line)
        #expect(lines == [1, 2, 4])
    }

    @Test("flags go over variables, and those over the file")
    func layers() {
        var flags = ConfigurationOverrides()
        flags.reactors = "3"
        let loaded = Configuration.load(
            text: "reactors: 1\nlog: {level: error}\ntimeouts: {drain: 1s}", file: "f",
            environment: ["ZMQ_GATEWAY_REACTORS": "2", "ZMQ_GATEWAY_LOG_LEVEL": "debug", "HOME": "/"], overrides: flags)
        #expect(loaded.errors.isEmpty)
        #expect(loaded.configuration.reactors == 3)
        #expect(loaded.configuration.log.level == .debug)
        #expect(loaded.configuration.timeouts.drain == .seconds(1))
    }

    @Test("a variable or a flag that is wrong is named")
    func wrongLayers() {
        var flags = ConfigurationOverrides()
        flags.drain = "10"
        let loaded = Configuration.load(
            text: "", file: "f", environment: ["ZMQ_GATEWAY_LISTN": "x", "ZMQ_GATEWAY_REACTORS": "many"],
            overrides: flags)
        let keys = Set(loaded.errors.map(\.key))
        #expect(keys == ["ZMQ_GATEWAY_LISTN", "ZMQ_GATEWAY_REACTORS", "--drain"])
    }

    @Test("mutated files give a configuration or a mistake, and never a crash")
    func mutations() {
        var state: UInt64 = 42
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let original = Array(Configuration.commentedDefault.replacing("#", with: " ").utf8)
        for _ in 0..<60 {
            var bytes = original
            for _ in 0..<1 + random(4) {
                bytes[random(bytes.count)] = Array(":{}[]-#'\" ax0".utf8)[random(13)]
            }
            let loaded = Configuration.load(text: String(decoding: bytes, as: UTF8.self), file: "m")
            #expect(loaded.errors.allSatisfy { !$0.message.isEmpty && $0.file == "m" })
        }
    }
}

extension String {
    fileprivate func replacing(_ character: Character, with other: Character) -> String {
        String(map { $0 == character ? other : $0 })
    }
}
