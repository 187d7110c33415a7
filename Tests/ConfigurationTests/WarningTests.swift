// Warnings: what is allowed and probably not meant, with its place, and no mistake.

import Configuration
import Testing

@Suite("Warnings of a configuration") struct WarningTests {
    @Test(
        "each warning names its key and what to do",
        arguments: [
            ("listen: 0.0.0.0:8080", "g.yaml:1:1: listen", "list the host names they use"),
            ("limits: {max_body_bytes: 200MiB}", "limits.max_body_bytes: ", "a quarter of limits.max_memory"),
            ("limits: {max_memory: 16MiB}", "limits.max_buffered_bytes: ", "more than one client may hold, 4MiB"),
            ("services: {a: {peer: dealer, bind: 'tcp://127.0.0.1:1'}}", "services.a: ", "add final, count or idle"),
            (
                "services: {a: {peer: rep, connect: 'tcp://h:1'}}\nroutes: [{match: GET /x, service: a}]",
                "services.a: ",
                "not exposed by name"
            ),
            (
                "services: {a: {peer: rep, connect: 'tcp://h:1', expose: true}}\nroutes: [{match: GET /x, service: a}]",
                "services.a.expose: ", "request: envelope too"
            ),
            (
                "services: {a: {peer: rep, connect: 'tcp://h:1', request: envelope}}\nroutes: [{match: GET /x, service: a, request: body}]",
                "routes[0].request: ", "can forge one"
            ),
            ("{public: /etc}", "public", "every file below /etc"), ("{public: /}", "public", "every file below /"),
            ("{public: /proc/self}", "public", "every file below /proc"),
            ("services: {a: {peer: rep, bind: 'tcp://*:1'}}", "services.a.bind", "can act as a worker"),
            ("services: {a: {peer: rep, bind: 'tcp://[::]:1'}}", "services.a.bind", "can act as a worker"),
            ("services: {a: {peer: publisher, bind: 'tcp://10.0.0.1:1'}}", "services.a.bind", "can act as a publisher"),
            (
                "services: {a: {peer: rep, bind: 'tcp://127.0.0.1:1', clients: 'tcp://eth0:2'}}", "services.a.clients",
                "can act as a client"
            ),
            (
                "{listen: '127.0.0.1:7000', services: {a: {peer: rep, bind: 'tcp://*:7000'}}}", "services.a.bind",
                "choose another port"
            ),
            (
                "services: {a: {peer: rep, bind: 'tcp://127.0.0.1:8080'}}", "services.a.bind",
                "127.0.0.1:8080 (`listen`)"
            ),
            (
                "services: {a: {peer: rep, connect: 'tcp://h:1', expose: false}}\nroutes: [{match: 'GET /orders/:id', service: a}]",
                "routes[0].match: ", "write {id}"
            ),
            (
                "services: {a: {peer: rep, connect: 'tcp://h:1', expose: false}}\nroutes: [{match: 'GET /files/*', service: a}]",
                "routes[0].match: ", "{rest...}"
            ),
        ])
    func warning(text: String, place: String, words: String) {
        let loaded = Configuration.load(text: text, file: "g.yaml")
        #expect(loaded.errors.isEmpty, "\(loaded.errors)")
        let all = loaded.warnings.map(\.description)
        #expect(all.contains { $0.contains(place) && $0.contains(words) }, "\(all)")
    }

    @Test(
        "what is meant gives no warning",
        arguments: [
            "", "{listen: '0.0.0.0:8080', allowed_hosts: [gateway.example.org]}",
            "services: {a: {peer: dealer, bind: 'tcp://127.0.0.1:1', replies: {count: 1}}}", "public: off",
            "services: {a: {peer: rep, bind: 'tcp://[::1]:1'}, b: {peer: rep, bind: 'tcp://localhost:2'}}",
            "services: {a: {peer: rep, bind: 'ipc:///tmp/x'}, b: {peer: rep, connect: 'tcp://10.0.0.1:2'}}",
            "{listen: '127.0.0.1:0', services: {a: {peer: rep, bind: 'tcp://127.0.0.1:0'}}}",
        ])
    func silent(text: String) {
        let loaded = Configuration.load(text: text, file: "g.yaml")
        #expect(loaded.errors.isEmpty)
        #expect(loaded.warnings.isEmpty, "\(loaded.warnings)")
    }
}
