// A whole reactor on the test's thread, and raw clients of it. Nothing sleeps: `run` turns the reactor until a
// condition holds, and gives up after a time limit.

import Configuration
import Foundation
import Glibc
import Logging
import Reactors
import Testing

@testable import Gateway

final class CoreHouse {
    let core: Core
    private let port: UInt16

    /// Called in each turn: workers do their work.
    var work: () -> Void = {}

    /// - Parameter text: the configuration, as users write it.
    convenience init(_ text: String) throws {
        let loaded = Configuration.load(text: text, file: "test")
        try #require(loaded.errors.isEmpty, "\(loaded.errors)")
        try self.init { configuration in
            configuration = loaded.configuration
            configuration.listen = [.tcp(host: "127.0.0.1", port: 0)]
            configuration.publicFolder = .off
            configuration.timeouts.drain = .zero
        }
    }

    init(_ adjust: (inout Configuration) -> Void) throws {
        var configuration = Configuration()
        configuration.listen = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.publicFolder = .off
        configuration.timeouts.drain = .zero
        adjust(&configuration)
        let shared = try SharedState(
            configuration, reactors: 1, output: LineWriter(descriptor: STDERR_FILENO, isJSON: false),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        core = try Core(index: 0, shared, addresses: [.tcp(host: "127.0.0.1", port: 0)])
        let address = core.boundAddresses[0]
        port = UInt16(address[address.index(after: address.lastIndex(of: ":")!)...])!
    }

    /// Drains and lets go of everything.
    func stop() {
        core.beginDrain()
        core.run()
    }

    func connect() -> CoreClient { CoreClient(port) }

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
        _ = core.reactor.schedule(at: core.reactor.now + 2_000_000, Nothing(), key: 0)
        core.reactor.turn()
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
            if count == 0 { isAtEnd = true }
            guard count > 0 else { break }
            bytes += room[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Sends a text message over the session that this connection has become.
    func say(_ message: String) {
        let payload = Array(message.utf8)
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        send([0x81] + length + [0, 0, 0, 0] + payload)
    }

    /// The next message of the session (a close as `close 1000`), or nil if none has come.
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
        guard rest[0] & 0x0F == 8 else { return String(decoding: payload, as: UTF8.self) }
        return "close \(payload.prefix(2).reduce(0) { $0 << 8 | Int($1) })"
    }

    func leave() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
