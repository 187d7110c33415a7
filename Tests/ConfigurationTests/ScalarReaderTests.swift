// How values, names and conditions may be written, and what the sentences say where they are wrong.

import Configuration
import Testing

@Suite("Forms") struct FormTests {
    private func load(_ text: String) -> Loaded { Configuration.load(text: text, file: "g.yaml") }

    @Test(
        "switches take YAML's booleans",
        arguments: [
            ("on", true), ("true", true), ("yes", true), ("True", true), ("off", false), ("false", false),
            ("NO", false),
        ])
    func switches(word: String, expected: Bool) {
        let text =
            "log: {access: \(word)}\nsessions: {compress: \(word)}\n"
            + "services: {a: {peer: rep, connect: 'tcp://h:1', optional: \(word), socket: {tcp_keepalive: \(word)}}}"
        let loaded = load(text)
        #expect(loaded.errors.isEmpty, "\(loaded.errors)")
        #expect(loaded.configuration.log.access == expected)
        #expect(loaded.configuration.sessions.compress == expected)
        #expect(loaded.configuration.services.first?.isOptional == expected)
        #expect(loaded.configuration.services.first?.socket.tcpKeepAlive == (expected ? .on : .off))
        let environment = ["ZMQ_GATEWAY_LOG_ACCESS": word]
        let second = Configuration.load(text: "", file: "g.yaml", environment: environment)
        #expect(second.errors.isEmpty && second.configuration.log.access == expected)
    }

    @Test("static files can be switched off by a boolean too")
    func publicFolder() { #expect(load("public: false").configuration.publicFolder == .off) }

    @Test("what is no switch is still refused", arguments: ["maybe", "1", "'on'", "tru"])
    func noSwitch(word: String) {
        #expect(load("log: {access: \(word)}").errors.first?.message.contains("neither on nor off") == true)
    }

    @Test("names of services may have dots", arguments: ["math.add", "a.b.c", "v1.2-x_y"])
    func dots(name: String) {
        let loaded = load("services: {\(name): {peer: ready, bind: 'tcp://127.0.0.1:1', capacity: 2}}")
        #expect(loaded.errors.map(\.key) == ["services.\"\(name)\".capacity"])
    }

    @Test("but only single ones, inside", arguments: ["a..b", "a.", ".a"])
    func wrongDots(name: String) {
        #expect(
            load("services: {\(name): {peer: rep, connect: 'tcp://h:1'}}").errors.first?.message.contains("not a service name")
                == true)
    }

    @Test("a name with a dot is not taken for a key of another service")
    func dottedKeys() {
        let text = "services: {a: {peer: rep, connect: 'tcp://h:1'}, a.queue: {peer: rep, connect: 'tcp://h:2'}}"
        #expect(load(text).errors.isEmpty, "\(load(text).errors)")
    }

    @Test(
        "a condition that lacks something is told what",
        arguments: [
            ("{status_pointer: /error/status}", "add pointer: /error, exists: true"),
            ("{pointer: /error, status_pointer: /error/status}", "add exists: true, or equals with a value"),
            ("{status_pointer: /error/status, exists: true}", "add pointer: /error"),
            ("{status: 500}", "is not a condition"),
        ])
    func conditions(text: String, advice: String) {
        let loaded = load("services: {a: {peer: rep, connect: 'tcp://h:1', replies: {error: \(text)}}}")
        #expect(loaded.errors.count == 1, "\(loaded.errors)")
        #expect(loaded.errors.first?.key == "services.a.replies.error")
        #expect(loaded.errors.first?.message.contains(advice) == true, "\(loaded.errors)")
    }
}
