// Keys of earlier versions: each is a mistake that names the new key, at its line.

import Configuration
import Testing

@Suite("Renamed keys") struct RenamedKeyTests {
    private static let inverted =
        "immediate is now queue_while_down and means the opposite: write queue_while_down: true for immediate: false"

    @Test(
        "an old key in the file is answered with the new one, with line and key",
        arguments: [
            ("hosts: [a.example]", "f:1:1: hosts: hosts is now allowed_hosts"),
            ("listen: 127.0.0.1:0\norigins: []", "f:2:1: origins: origins is now allowed_origins"),
            (
                "services: {a: {peer: ready, bind: 'tcp://*:1', dialect: paranoid-pirate,\n heartbeat: {lives: 2}}}",
                "f:2:14: services.a.heartbeat.lives: lives is now liveness"
            ),
            (
                "services:\n  a:\n    peer: ready\n    bind: tcp://*:1\n    answers: false",
                "f:5:5: services.a.answers: answers is now ready_carries_reply"
            ),
            (
                "services:\n  a:\n    peer: rep\n    connect: tcp://h:1\n    socket:\n      immediate: false",
                "f:6:7: services.a.socket.immediate: \(inverted)"
            ),
            (
                "services:\n  a:\n    peer: rep\n    connect: tcp://h:1\n    socket: {max_message_bytes: 1MiB}",
                "f:5:14: services.a.socket.max_message_bytes: max_message_bytes is now max_reply_bytes"
            ),
        ])
    func inTheFile(text: String, error: String) {
        #expect(Configuration.load(text: text, file: "f").errors.map(\.description) == [error])
    }

    @Test("an old name that is still a key elsewhere works there")
    func stillAKey() {
        let loaded = Configuration.load(text: "sessions: {max_message_bytes: 2MiB}", file: "f")
        #expect(loaded.errors.isEmpty)
        #expect(loaded.configuration.sessions.maxMessageBytes == 2 << 20)
    }

    @Test("an old key is not answered with the new one in a section that does not have it")
    func elsewhere() {
        let errors = Configuration.load(text: "limits: {hosts: []}", file: "f").errors
        #expect(errors.count == 1 && errors[0].message.hasPrefix("is not a key here"), "\(errors)")
    }

    @Test(
        "an old key as a variable is answered with the new one",
        arguments: [
            ("HOSTS", "hosts is now allowed_hosts; write it into the configuration file"),
            ("SOCKET_IMMEDIATE", "\(inverted); write it into the configuration file"),
            ("HEARTBEAT_LIVES", "lives is now liveness; write it into the configuration file"),
        ])
    func asAVariable(name: String, message: String) {
        let environment = ["ZMQ_GATEWAY_\(name)": "x"]
        let errors = Configuration.load(text: "", file: "f", environment: environment).errors
        #expect(errors.map(\.description) == ["environment: ZMQ_GATEWAY_\(name): \(message)"])
    }

    @Test("an old key as a flag is answered with the new one; flags, values and new keys are not")
    func asAFlag() {
        let arguments = [
            "serve", "--hosts=a.example", "--socket-max-message-bytes", "1MiB", "--listen", "hosts", "--allowed-hosts",
        ]
        #expect(
            ConfigurationOverrides.renamedFlags(in: arguments).map(\.description) == [
                "command line: --hosts: hosts is now allowed_hosts; write it into the configuration file",
                "command line: --socket-max-message-bytes: max_message_bytes is now max_reply_bytes; "
                    + "write it into the configuration file",
            ])
    }
}
