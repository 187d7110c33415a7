// A whole reactor on the test's thread, and raw clients of it. Nothing sleeps: `run` turns the reactor until a condition
// holds, and gives up after a time limit.

import Configuration
import Glibc
import Logging
import Testing

@testable import Gateway

final class CoreHouse {
    let core: Core
    private let port: UInt16

    init(_ adjust: (inout Configuration) -> Void = { _ in }) throws {
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
            core.reactor.turn()
        }
        return true
    }

    /// Turns it a few times, for what must not happen.
    func settle() { for _ in 0..<5 { core.reactor.turn() } }
}

/// A TCP client that sends what it is told, and keeps what comes.
final class CoreClient {
    private var descriptor: Int32
    private var bytes: [UInt8] = []
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

    func send(_ text: String) {
        let bytes = Array(text.utf8)
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

    func leave() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
