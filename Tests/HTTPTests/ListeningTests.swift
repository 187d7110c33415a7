// Where a listener listens.

import Glibc
import HTTP
import Testing

@Suite("Listening", .timeLimit(.minutes(1)))
struct ListeningTests {
    private let path = "/tmp/http-test-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"

    private func exists() -> Bool {
        var file = stat()
        return unsafe lstat(path, &file) == 0
    }

    @Test("on a unix socket, whose file goes with it")
    func unix() throws {
        let house = try House(address: .unix(path: path))
        #expect(house.listener.boundAddress == "unix:\(path)")
        let client = try RawClient(path: path)
        house.clients = [client]
        house.script.onAccept = { #expect($0.remoteAddress == "unix") }
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(house.run { client.responses().first?.body == "hello" })
        #expect(exists())
        house.listener.stop()
        #expect(!exists())
    }

    @Test("on a unix socket that somebody left behind, but not on one in use, nor on a file")
    func stale() throws {
        let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (i, byte) in path.utf8.enumerated() { unsafe room[i] = byte }
        }
        _ = unsafe withUnsafePointer(to: &address) {
            unsafe bind(
                left, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        close(left)
        #expect(exists())
        let house = try House(address: .unix(path: path))
        #expect(
            throws: HTTPError(
                operation: "listen on unix:\(path)", code: EADDRINUSE, message: "another process is listening there")
        ) { try House(address: .unix(path: path)) }
        house.listener.stop()
        close(unsafe open(path, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: HTTPError.self) { try House(address: .unix(path: path)) }
        #expect(exists())
        _ = unsafe unlink(path)
        #expect(throws: HTTPError.self) {
            try House(address: .unix(path: "/tmp/" + String(repeating: "x", count: 103)))
        }
    }

    @Test("on IPv6 loopback")
    func ipv6() throws {
        let house = try House(address: .tcp(host: "::1", port: 0))
        #expect(house.listener.boundAddress == "[::1]:\(house.listener.port)")
    }

    @Test("on one port twice only when both say so")
    func reusePort() throws {
        let first = try House({ $0.portUse = .first })
        let second = try House({ $0.portUse = .next }, address: .tcp(host: "127.0.0.1", port: first.listener.port))
        #expect(second.listener.port == first.listener.port)
        #expect(throws: HTTPError.self) { try House(address: .tcp(host: "127.0.0.1", port: first.listener.port)) }
    }

    @Test("nowhere, when there is no such address")
    func nowhere() throws {
        #expect(throws: HTTPError.self) { try House(address: .tcp(host: "no such host.invalid", port: 0)) }
        #expect(throws: HTTPError.self) { try House(address: .tcp(host: "192.0.2.1", port: 0)) }
    }

    @Test("again and again without leaving a descriptor behind")
    func descriptors() async {
        // In a process of its own: other tests open descriptors at the same time.
        await #expect(processExitsWith: .success) {
            func next() -> Int32 {
                let descriptor = dup(0)
                close(descriptor)
                return descriptor
            }
            do { _ = try House() }
            let before = next()
            for _ in 0..<50 {
                let house = try House()
                _ = try house.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            }
            // libdispatch opens an epoll, an eventfd and a timerfd of its own, at a moment of its choice.
            if next() > before + 3 { exit(1) }
        }
    }
}
