// Says what is wrong with an endpoint before libzmq says "Invalid argument", or worse, nothing: it resolves a host only
// when it connects, and tries a wrong one for ever. tcp://host:port, ipc://path, inproc://name; zmq_tcp(7), zmq_ipc(7),
// zmq_inproc(7).

/// What is wrong with an endpoint, and what to write.
public struct EndpointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The endpoint as it was written.
    public let text: String
    /// A sentence without a full stop: `the port is missing: write tcp://127.0.0.1:5555`.
    public let problem: String

    public init(text: String, problem: String) {
        self.text = text
        self.problem = problem
    }

    /// `"tcp://127.0.0.1": the port is missing: write tcp://127.0.0.1:5555`
    public var description: String { "\"\(text)\": \(problem)" }
}

/// An endpoint that libzmq will understand.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    public enum Transport: Sendable, Hashable {
        /// `host` without brackets, `*` for every address; `port` 0 (also written `*`) for one the system picks.
        case tcp(host: String, port: UInt16)
        /// A path, or a name in the abstract name space that begins with `@`.
        case ipc(path: String)
        case inproc(name: String)
    }

    /// What an endpoint is for: to listen on, or to connect to.
    public enum Use: Sendable { case bind, connect }

    /// As it was written; what `bind` and `connect` take.
    public let text: String
    public let transport: Transport
    public var description: String { text }

    /// - Parameter use: checks also what only one of them allows; nil for neither: `tcp://*:0` is no place to connect
    ///   to.
    /// - Throws: what is wrong and what to write instead.
    public init(_ text: String, for use: Use? = nil) throws(EndpointError) {
        do throws(Problem) {
            self.transport = try Endpoint.transport(of: text)
            self.text = text
            if use == .connect { try Endpoint.checkConnectable(transport) }
        } catch {
            throw EndpointError(text: text, problem: error.sentence)
        }
    }

    private struct Problem: Error {
        let sentence: String
        init(_ sentence: String) { self.sentence = sentence }
    }

    private static func transport(of text: String) throws(Problem) -> Transport {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Problem("an endpoint holds no spaces and no control characters")
        }
        guard let (scheme, address) = split(text, at: "://") else {
            throw Problem("the transport is missing: write tcp://host:port, ipc://path or inproc://name")
        }
        switch scheme {
        case "tcp": return try tcp(address)
        case "ipc": return try ipc(address)
        case "inproc" where address.isEmpty: throw Problem("the name is missing: write inproc://name")
        case "inproc" where address.utf8.count > 246: throw Problem("the name is too long: at most 246 bytes")
        case "inproc": return .inproc(name: address)
        default: throw Problem("\"\(scheme)\" is no transport here: write tcp://host:port, ipc://path or inproc://name")
        }
    }

    // MARK: - tcp

    private static func tcp(_ address: String) throws(Problem) -> Transport {
        guard !address.contains("/") else { throw Problem("nothing follows the port: write tcp://host:port") }
        guard let (host, port) = splitLast(address, at: ":") else {
            throw Problem("the port is missing: write tcp://\(address.isEmpty ? "127.0.0.1" : address):5555")
        }
        return .tcp(host: try self.host(host), port: try self.port(port))
    }

    private static func host(_ text: String) throws(Problem) -> String {
        if text.hasPrefix("[") || text.hasSuffix("]") {
            guard text.hasPrefix("["), text.hasSuffix("]"), text.count > 2 else {
                throw Problem("an IPv6 address stands in brackets: write tcp://[::1]:5555")
            }
            let address = String(text.dropFirst().dropLast())
            // 0x3A is the colon, 0x2E the dot; a zone after % is the system's to judge.
            let isAddress = address.utf8.allSatisfy { isHexDigit($0) || $0 == 0x3A || $0 == 0x2E }
            guard address.contains("%") || isAddress else { throw Problem("\"\(address)\" is no IPv6 address") }
            return address
        }
        guard !text.isEmpty else {
            throw Problem("the host is missing: write tcp://127.0.0.1:5555, or tcp://*:5555 for every address")
        }
        guard !text.contains(":") else {
            throw Problem("an IPv6 address stands in brackets: write tcp://[\(text)]:5555")
        }
        guard text == "*" || text.utf8.allSatisfy(isHostCharacter) else {
            throw Problem("\"\(text)\" is no host: write a name, an address, or * for every address")
        }
        return text
    }

    private static func port(_ text: String) throws(Problem) -> UInt16 {
        if text == "*" { return 0 }
        guard !text.isEmpty else {
            throw Problem("the port is missing: write a number from 1 to 65535 after the colon")
        }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text) else {
            throw Problem("\"\(text)\" is no port: write a number from 1 to 65535, or 0 for any free one")
        }
        return port
    }

    private static func checkConnectable(_ transport: Transport) throws(Problem) {
        guard case .tcp(let host, let port) = transport else { return }
        guard host != "*" else {
            throw Problem("* is every address, which is for listening: write the host to connect to")
        }
        guard port != 0 else {
            throw Problem("port 0 is any free one, which is for listening: write the port to connect to")
        }
    }

    // MARK: - ipc

    /// The bytes of sockaddr_un.sun_path but the NUL, unix(7).
    private static var maxPathBytes: Int { 107 }

    private static func ipc(_ path: String) throws(Problem) -> Transport {
        guard !path.isEmpty, path != "@" else {
            throw Problem("the path is missing: write ipc:///run/name.sock, or ipc://@name")
        }
        guard path != "*" else { throw Problem("ipc://* picks a path nobody knows: write ipc:///run/name.sock") }
        let count = path.utf8.count
        guard count <= maxPathBytes else {
            throw Problem("the path is too long: \(count) bytes, at most \(maxPathBytes)")
        }
        return .ipc(path: path)
    }

    // MARK: - Text

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte & 0xDF)
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || [0x2D, 0x2E, 0x5F].contains(byte)
    }

    private static func split(_ text: String, at separator: String) -> (String, String)? {
        let parts = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }

    private static func splitLast(_ text: String, at separator: Character) -> (String, String)? {
        guard let index = text.lastIndex(of: separator) else { return nil }
        let (host, port) = (text[..<index], text[text.index(after: index)...])
        return port.contains("]") ? nil : (String(host), String(port))
    }
}
