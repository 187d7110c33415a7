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
            guard settles({ openDescriptors() <= before }) else { exit(1) }
        }
    }

    @Test("whichever option is refused, the socket is closed and the error names the option")
    func refusedOptions() async {
        await #expect(processExitsWith: .success) {
            let context = try Context()
            // The first socket opens the context's own descriptors.
            do { _ = try DealerSocket(context) }
            let settings = SocketOptions(identity: "faulty").settings(for: SocketKind.dealer.type)
            let before = openDescriptors()
            for position in 0...settings.count {
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
            guard settles({ openDescriptors() <= before }) else { exit(1) }
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

private func openDescriptors() -> Int {
    guard let directory = unsafe opendir("/proc/self/fd") else { return .max }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    unsafe closedir(directory)
    return count
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
