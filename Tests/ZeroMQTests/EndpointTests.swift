import Testing
import ZeroMQ

@Suite("Endpoint") struct EndpointTests {
    @Test("an endpoint says what it is", arguments: [
        ("tcp://127.0.0.1:5555", .tcp(host: "127.0.0.1", port: 5555)),
        ("tcp://worker-1.example_x.org:1", .tcp(host: "worker-1.example_x.org", port: 1)),
        ("tcp://*:5555", .tcp(host: "*", port: 5555)),
        ("tcp://*:*", .tcp(host: "*", port: 0)),
        ("tcp://127.0.0.1:0", .tcp(host: "127.0.0.1", port: 0)),
        ("tcp://[::1]:65535", .tcp(host: "::1", port: 65535)),
        ("tcp://[::ffff:127.0.0.1]:80", .tcp(host: "::ffff:127.0.0.1", port: 80)),
        ("tcp://[fe80::1%eth0]:80", .tcp(host: "fe80::1%eth0", port: 80)),
        ("tcp://eth0:5555", .tcp(host: "eth0", port: 5555)),
        ("ipc:///run/jobs.sock", .ipc(path: "/run/jobs.sock")),
        ("ipc://@jobs", .ipc(path: "@jobs")),
        ("ipc://" + String(repeating: "x", count: 107), .ipc(path: String(repeating: "x", count: 107))),
        ("inproc://jobs", .inproc(name: "jobs")),
    ] as [(String, Endpoint.Transport)])
    func valid(text: String, transport: Endpoint.Transport) throws {
        let endpoint = try Endpoint(text)
        #expect(endpoint.transport == transport)
        #expect(endpoint.text == text)
    }

    @Test("a wrong endpoint says what is wrong and what to write", arguments: [
        ("", "the transport is missing: write tcp://host:port, ipc://path or inproc://name"),
        ("127.0.0.1:5555", "the transport is missing: write tcp://host:port, ipc://path or inproc://name"),
        ("tcp:/127.0.0.1:5555", "the transport is missing: write tcp://host:port, ipc://path or inproc://name"),
        ("http://127.0.0.1:5555", "\"http\" is no transport here: write tcp://host:port, ipc://path or inproc://name"),
        ("TCP://127.0.0.1:5555", "\"TCP\" is no transport here: write tcp://host:port, ipc://path or inproc://name"),
        ("tcp://127.0.0.1", "the port is missing: write tcp://127.0.0.1:5555"),
        ("tcp://", "the port is missing: write tcp://127.0.0.1:5555"),
        ("tcp://[::1]", "the port is missing: write tcp://[::1]:5555"),
        ("tcp://127.0.0.1:", "the port is missing: write a number from 1 to 65535 after the colon"),
        ("tcp://127.0.0.1:http", "\"http\" is no port: write a number from 1 to 65535, or 0 for any free one"),
        ("tcp://127.0.0.1:65536", "\"65536\" is no port: write a number from 1 to 65535, or 0 for any free one"),
        ("tcp://127.0.0.1:-1", "\"-1\" is no port: write a number from 1 to 65535, or 0 for any free one"),
        ("tcp://:5555", "the host is missing: write tcp://127.0.0.1:5555, or tcp://*:5555 for every address"),
        ("tcp://::1:5555", "an IPv6 address stands in brackets: write tcp://[::1]:5555"),
        ("tcp://[::1:5555", "an IPv6 address stands in brackets: write tcp://[::1]:5555"),
        ("tcp://[nonsense]:5555", "\"nonsense\" is no IPv6 address"),
        ("tcp://a!b:5555", "\"a!b\" is no host: write a name, an address, or * for every address"),
        ("tcp://127.0.0.1:5555/path", "nothing follows the port: write tcp://host:port"),
        ("tcp://127.0.0.1: 5555", "an endpoint holds no spaces and no control characters"),
        ("tcp://127.0.0.1:5555\u{0}", "an endpoint holds no spaces and no control characters"),
        ("ipc://", "the path is missing: write ipc:///run/name.sock, or ipc://@name"),
        ("ipc://@", "the path is missing: write ipc:///run/name.sock, or ipc://@name"),
        ("ipc://*", "ipc://* picks a path nobody knows: write ipc:///run/name.sock"),
        ("ipc://" + String(repeating: "x", count: 108), "the path is too long: 108 bytes, at most 107"),
        ("inproc://", "the name is missing: write inproc://name"),
    ])
    func invalid(text: String, problem: String) {
        #expect(throws: EndpointError(text: text, problem: problem)) { try Endpoint(text) }
    }

    @Test("what is for listening only is refused where one connects", arguments: ["tcp://*:5555", "tcp://127.0.0.1:0"])
    func connectable(text: String) throws {
        _ = try Endpoint(text, for: .bind)
        #expect(throws: EndpointError.self) { try Endpoint(text, for: .connect) }
    }

    @Test("the error quotes the endpoint")
    func description() {
        let error = EndpointError(text: "tcp://x", problem: "the port is missing")
        #expect(error.description == "\"tcp://x\": the port is missing")
    }
}
