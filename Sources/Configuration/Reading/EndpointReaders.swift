// ZeroMQ endpoints as text (zmq_tcp(7), zmq_ipc(7), zmq_inproc(7)). libzmq accepts some invalid ones and then never
// connects; here each of them is an error.

extension ScalarReader where Value == String {
    /// An endpoint to connect to.
    static var connectEndpoint: ScalarReader { endpoint(binds: false) }

    /// An endpoint to bind.
    static var bindEndpoint: ScalarReader { endpoint(binds: true) }

    private static func endpoint(binds: Bool) -> ScalarReader {
        ScalarReader("an endpoint such as tcp://127.0.0.1:5555") { (scalar) throws(InvalidValue) in
            try EndpointText.check(scalar.text, binds: binds)
            return scalar.text
        }
    }
}

/// Checks endpoints.
enum EndpointText {
    static func check(_ text: String, binds: Bool) throws(InvalidValue) {
        let quoted = Units.quoted(text)
        guard let separator = text.firstRange(of: "://") else {
            let advice = text.contains(":") ? "tcp://\(text)" : "tcp://127.0.0.1:5555"
            throw InvalidValue("\(quoted) has no transport; write it like \(advice)")
        }
        guard text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            throw InvalidValue("\(quoted) has a space or a control character; remove it")
        }
        let rest = String(text[separator.upperBound...])
        switch text[..<separator.lowerBound] {
        case "tcp": try checkTCP(rest, quoted, binds)
        case "ipc": try checkIPC(rest, quoted, binds)
        case "inproc":
            guard (1...255).contains(rest.utf8.count) else {
                throw InvalidValue("\(quoted) has a name of \(rest.utf8.count) bytes; write 1 to 255 bytes")
            }
        case let other:
            throw InvalidValue("\(quoted): \(other) is not a supported transport; write tcp://, ipc:// or inproc://")
        }
    }

    private static func checkTCP(_ rest: String, _ quoted: String, _ binds: Bool) throws(InvalidValue) {
        // connect may also name the source: tcp://source;host:port (zmq_tcp(7)).
        let target = binds ? rest : String(rest.split(separator: ";", omittingEmptySubsequences: false).last ?? "")
        if target.contains("/") { throw InvalidValue("\(quoted) has a path; write host and port only") }
        let (host, port) = HostAndPort.parts(target)
        guard let port, !host.isEmpty else {
            throw InvalidValue("\(quoted) has no \(host.isEmpty ? "host" : "port"); write it like tcp://127.0.0.1:5555")
        }
        if host == "*" || port == "*" || port == "0" {
            guard binds else { throw InvalidValue("\(quoted) is for bind only; write the host and port to connect to") }
        }
        if host != "*" { try HostAndPort.check(host, in: "tcp://\(rest)") }
        guard port == "*" || HostAndPort.port(port, 0...65_535) != nil else {
            throw InvalidValue("\(quoted) has no port from 1 to 65535; write it like tcp://127.0.0.1:5555")
        }
    }

    private static func checkIPC(_ rest: String, _ quoted: String, _ binds: Bool) throws(InvalidValue) {
        guard !rest.isEmpty, rest != "@" else {
            throw InvalidValue("\(quoted) has no path; write it like ipc:///run/worker.sock")
        }
        if rest == "*", !binds { throw InvalidValue("\(quoted) is for bind only; write the path to connect to") }
        guard rest.utf8.count <= 107 else {
            throw InvalidValue("\(quoted) has a path of \(rest.utf8.count) bytes; write at most 107 bytes")
        }
    }

    /// Whether the system chooses the address, so that two equal endpoints do not clash.
    static func isWildcard(_ text: String) -> Bool {
        text == "ipc://*" || (text.hasPrefix("tcp://") && (text.hasSuffix(":*") || text.hasSuffix(":0")))
    }
}
