// Descriptors are counted in a process of their own, where no other test opens any.

import Glibc
import Testing
@testable import ZeroMQ

@Suite("Leaks") struct LeakTests {
    @Test("a thousand sockets, connected, monitored and closed, leave no descriptor behind")
    func sockets() async {
        await #expect(processExitsWith: .success) {
            let context = try Context()
            let router = try RouterSocket(context)
            let endpoint = try router.bind("tcp://127.0.0.1:0")
            let before = openDescriptors()
            for round in 0..<1000 {
                let dealer = try DealerSocket(context, SocketOptions(identity: "\(round)"))
                let monitor = try dealer.monitor()
                try dealer.connect(endpoint)
                guard monitor.first(where: { $0 == .handshakeSucceeded(endpoint: endpoint) }) != nil else { exit(2) }
            }
            guard settles({ openDescriptors() <= before + ofTheRuntime }) else { exit(1) }
        }
    }

    @Test("whichever option is refused, the socket is closed and the error names the option")
    func rejectedOptions() async {
        await #expect(processExitsWith: .success) {
            let context = try Context()
            // The first socket opens the context's own descriptors.
            do { _ = try DealerSocket(context) }
            let settings = SocketOptions(identity: "faulty").settings(for: SocketKind.dealer.type)
            let before = openDescriptors()
            // Often enough that one descriptor a position is more than the runtime's.
            for position in Array(repeating: Array(0...settings.count), count: ofTheRuntime + 1).joined() {
                var broken = settings
                // No option of libzmq has this number.
                broken.insert(.int(9999, "broken", 0), at: position)
                do {
                    _ = try SocketHandle(context, type: SocketKind.dealer.type, broken)
                    exit(3)
                } catch {
                    guard (error as? ZMQError) == ZMQError(operation: "broken", code: EINVAL) else { exit(2) }
                }
            }
            guard settles({ openDescriptors() <= before + ofTheRuntime }) else { exit(1) }
        }
    }

    @Test("frames of a megabyte, sent, received, overwritten and dropped, leave no memory behind")
    func frames() async {
        await #expect(processExitsWith: .success) {
            let context = try Context(ioThreads: 0)
            let near = try DealerSocket(context)
            let far = try DealerSocket(context)
            try near.bind("inproc://frames")
            try far.connect("inproc://frames")
            guard near.becomes(writable: true) else { exit(4) }
            let megabyte = [UInt8](repeating: 1, count: 1 << 20)
            let before = residentBytes()
            var received = Frame()
            for _ in 0..<60 {
                let dropped = Frame(copying: megabyte.span)
                let boxed = FrameBox(Frame(copying: megabyte.span))
                _ = boxed.take()
                var sent = Frame(copying: megabyte.span)
                guard dropped.count == 1 << 20, near.send(&sent) == .sent, far.receive(into: &received) else { exit(3) }
                received = Frame(copying: megabyte.span)
            }
            guard residentBytes() < before + (30 << 20) else { exit(1) }
        }
    }

    @Test("when sockets run out the next one is refused, and there is one again after a close")
    func socketsRunOut() throws {
        let context = try Context(maxSockets: 2)
        let first = try DealerSocket(context)
        let second = try DealerSocket(context)
        var thrown: ZMQError?
        do { _ = try DealerSocket(context) } catch { thrown = error }
        #expect(thrown == ZMQError(operation: "zmq_socket", code: EMFILE))
        do { _ = try first.monitor() } catch { thrown = error }
        #expect(thrown?.code == EMFILE)
        second.close()
        #expect(settles { (try? DealerSocket(context)) != nil } == true)
    }
}

/// libdispatch opens an epoll, an eventfd and a timerfd of its own, at a moment of its choice, and keeps them.
private let ofTheRuntime = 3

private func openDescriptors() -> Int {
    guard let directory = unsafe opendir("/proc/self/fd") else { return .max }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    unsafe closedir(directory)
    return count
}

private func residentBytes() -> Int {
    var usage = [UInt8](repeating: 0, count: 256)
    // SAFETY: the path is NUL-terminated, and the array has as many bytes as it says.
    let file = unsafe open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    let count = unsafe read(file, &usage, usage.count)
    // Total and resident pages come first.
    let fields = String(decoding: usage.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? .max) * Int(getpagesize()) : .max
}

/// libzmq closes sockets on a thread of its own: asks again until `condition` holds.
private func settles(_ condition: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + patience
    while !condition() {
        if ContinuousClock.now > deadline { return false }
        sched_yield()
    }
    return true
}
