// Whole reactors on the test's thread, mostly one, and raw clients of them. Nothing sleeps: `run` turns the reactors
// until a condition holds, and gives up after a time limit.

import Configuration
import Foundation
import Glibc
import Logging
import Reactors
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

final class CoreHouse {
    let cores: [Core]
    var core: Core { cores[0] }
    private let ports: [UInt16]

    /// Called in each turn: workers do their work.
    var work: () -> Void = {}

    /// - Parameters:
    ///   - text: the configuration, as users write it.
    ///   - drain: how long a drain waits for what is open.
    convenience init(_ text: String, reactors: Int = 1, drain: Duration = .zero) throws {
        let loaded = Configuration.load(text: text, file: "test")
        try #require(loaded.errors.isEmpty, "\(loaded.errors)")
        try self.init(reactors: reactors) { configuration in
            configuration = loaded.configuration
            configuration.listen = [.tcp(host: "127.0.0.1", port: 0)]
            if case .folderIfPresent = configuration.publicFolder { configuration.publicFolder = .off }
            configuration.timeouts.drain = drain
        }
    }

    init(reactors: Int = 1, _ adjust: (inout Configuration) -> Void) throws {
        var configuration = Configuration()
        configuration.listen = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.publicFolder = .off
        configuration.timeouts.drain = .zero
        adjust(&configuration)
        let shared = try SharedState(
            configuration, reactors: reactors, output: LineWriter(descriptor: STDERR_FILENO, isJSON: false),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        cores = try (0..<reactors).map { try Core(index: $0, shared, addresses: [.tcp(host: "127.0.0.1", port: 0)]) }
        ports = cores.map { core in
            let address = core.boundAddresses[0]
            return UInt16(address[address.index(after: address.lastIndex(of: ":")!)...])!
        }
    }

    /// Drains and lets go of everything.
    func stop() {
        for core in cores { core.beginDrain() }
        // A reactor waits until the others have nothing in flight: the last hears of the first, then the first of it.
        while cores.count > 1, !core.hasSaidIdle { core.reactor.turn() }
        for core in cores.reversed() { core.run() }
    }

    func connect(to reactor: Int = 0) -> CoreClient { CoreClient(ports[reactor]) }

    /// Turns the reactor until the condition holds. False if it does not within `seconds`.
    @discardableResult
    func run(seconds: Double = 10, until condition: () -> Bool) -> Bool {
        let limit = ContinuousClock.now + .seconds(seconds)
        while !condition() {
            guard ContinuousClock.now < limit else { return false }
            turn()
        }
        return true
    }

    private func turn() {
        work()
        // A worker's sockets wake nothing: another turn comes soon.
        for core in cores {
            _ = core.reactor.schedule(at: core.reactor.now + 2_000_000, Nothing(), key: 0)
            core.reactor.turn()
        }
    }

    /// Sends a request, and gives the whole of what comes back once `condition` holds for it.
    func ask(_ head: String, _ body: String? = nil, until condition: (String) -> Bool) -> String {
        let client = connect()
        var text = head.contains("Host:") ? head : head + "\r\nHost: localhost"
        if let body { text += "\r\nContent-Length: \(body.utf8.count)" }
        client.send(text + "\r\n\r\n" + (body ?? ""))
        #expect(run { condition(client.text) }, "\(client.text)")
        return client.text
    }

    /// The same for one whole response that is not streamed.
    func ask(_ head: String, _ body: String? = nil) -> String { ask(head, body) { $0.isWhole } }

    /// A client whose connection has become a session.
    /// - Parameter protocols: that it offers.
    func openSession(_ path: String, _ protocols: String? = "zmq-gateway.v1", to reactor: Int = 0) -> CoreClient {
        let client = connect(to: reactor)
        client.askForSession(path, protocols.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? "")
        #expect(run { client.text.hasPrefix("HTTP/1.1 101") }, "\(client.text)")
        return client
    }

    /// The next message of a session.
    func next(_ client: CoreClient) -> String {
        var message: String?
        #expect(
            run {
                message = client.heard()
                return message != nil
            })
        return message ?? ""
    }

    /// Turns it a few times, for what must not happen.
    func settle() { for _ in 0..<5 { turn() } }
}

extension String {
    /// It is a response that has come to its end.
    var isWhole: Bool {
        guard let end = range(of: "\r\n\r\n") else { return false }
        let head = self[..<end.lowerBound].lowercased()
        if head.contains("transfer-encoding: chunked") { return hasSuffix("\r\n0\r\n\r\n") }
        guard let length = head.split(separator: "\r\n").first(where: { $0.hasPrefix("content-length: ") }),
            let count = Int(length.dropFirst("content-length: ".count))
        else { return true }
        return self[end.upperBound...].utf8.count >= count
    }
}

/// A TCP client that sends what it is told, and keeps what comes.
final class CoreClient {
    private var descriptor: Int32
    private var bytes: [UInt8] = []
    /// What a session has read of it already.
    private var taken = 0
    private(set) var isAtEnd = false
    /// Of the message that was heard last: 1 text, 2 binary, 8 close, 9 ping, 10 pong.
    private(set) var lastOpcode: UInt8 = 0

    fileprivate init(_ port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafePointer(to: &address) {
            unsafe Glibc.connect(descriptor, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self), size)
        }
        precondition(status == 0, "connect: errno \(errno)")
    }

    deinit { leave() }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        let count = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        precondition(count == bytes.count, "a short write")
    }

    /// Everything that has come so far.
    var text: String {
        var room = [UInt8](repeating: 0, count: 65_536)
        while descriptor >= 0 {
            let count = unsafe recv(descriptor, &room, room.count, Int32(MSG_DONTWAIT))
            if count == 0 || count < 0 && errno != EAGAIN { isAtEnd = true }
            guard count > 0 else { break }
            bytes += room[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Nothing more will come.
    var isGone: Bool {
        _ = text
        return isAtEnd
    }

    /// Asks for a session on this connection.
    /// - Parameter fields: more of them, each with its line break.
    func askForSession(_ path: String, _ fields: String = "") {
        send(
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\(fields)\r\n")
    }

    /// Sends a message over the session that this connection has become.
    func say(_ message: String, isBinary: Bool = false) { send(opcode: isBinary ? 2 : 1, Array(message.utf8)) }

    func send(opcode: UInt8, _ text: String) { send(opcode: opcode, Array(text.utf8)) }

    /// Sends a frame, masked with zeros.
    func send(opcode: UInt8, _ payload: [UInt8]) {
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        send([0x80 | opcode] + length + [0, 0, 0, 0] + payload)
    }

    /// The next message, ping or pong of the session (a close as `close 1000 reason`), or nil if none has come.
    func heard() -> String? {
        _ = text
        if taken == 0 {
            guard let end = String(decoding: bytes, as: UTF8.self).range(of: "\r\n\r\n") else { return nil }
            taken = String(decoding: bytes, as: UTF8.self)[..<end.upperBound].utf8.count
        }
        let rest = Array(bytes[taken...])
        guard rest.count >= 2 else { return nil }
        let isLong = rest[1] & 0x7F == 126
        guard !isLong || rest.count >= 4 else { return nil }
        let head = isLong ? 4 : 2
        let count = isLong ? Int(rest[2]) << 8 | Int(rest[3]) : Int(rest[1] & 0x7F)
        guard rest.count >= head + count else { return nil }
        taken += head + count
        let payload = rest[head..<head + count]
        lastOpcode = rest[0] & 0x0F
        guard lastOpcode == 8 else { return String(decoding: payload, as: UTF8.self) }
        let reason = String(decoding: payload.dropFirst(2), as: UTF8.self)
        return "close \(payload.prefix(2).reduce(0) { $0 << 8 | Int($1) })" + (reason.isEmpty ? "" : " \(reason)")
    }

    /// The value of a key in a message that has no objects in it.
    static func value(_ key: String, in message: String) -> String {
        let rest = message.components(separatedBy: "\"\(key)\":").dropFirst().first ?? ""
        return rest.prefix { $0 != "," && $0 != "}" }.filter { $0 != "\"" }
    }

    /// Leaves without a goodbye: its connection is reset.
    func reset() {
        var lingering = linger(l_onoff: 1, l_linger: 0)
        // SAFETY: the kernel reads one `linger`.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
        leave()
    }

    func leave() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
