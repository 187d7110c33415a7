// What the gateway relies on to know whether a service is there, and what it must not do with it.

import Glibc
import Testing
import ZeroMQ

@Suite("Immediate") struct ImmediateTests {
    let context: Context

    init() throws { context = try Context() }

    @Test("a dealer without a peer would block; one that is not immediate queues")
    func noPeer() throws {
        let dealer = try DealerSocket(context)
        try dealer.connect("tcp://127.0.0.1:1")
        #expect(dealer.isWritable == false)
        #expect(dealer.sendMessage("x") == .wouldBlock)
        let queueing = try DealerSocket(context, SocketOptions(immediate: false))
        try queueing.connect("tcp://127.0.0.1:1")
        #expect(queueing.isWritable == true)
        #expect(queueing.sendMessage("x") == .sent)
    }

    @Test("a dealer is not writable before the handshake is complete")
    func handshake() throws {
        let listener = try #require(SilentListener())
        let dealer = try DealerSocket(context)
        let monitor = try dealer.monitor(.connected)
        try dealer.connect("tcp://127.0.0.1:\(listener.port)")
        #expect(monitor.next(timeout: patience) != nil)
        // The TCP connection is open, but the greeting is not answered.
        #expect(dealer.wait(for: .writable, timeout: .milliseconds(50)) == false)
        #expect(dealer.sendMessage("x") == .wouldBlock)
    }

    @Test(
        "a dealer is writable while its peer lives: not after it died, and again when it is back",
        arguments: ["tcp", "ipc"])
    func peerDiesAndReturns(transport: String) throws {
        let place = transport == "tcp" ? "tcp://127.0.0.1:0" : "ipc://@zmq-gateway-test-\(getpid())"
        let dealer = try DealerSocket(context)
        let first = try RouterSocket(context)
        let endpoint = try first.bind(place)
        try dealer.connect(endpoint)
        #expect(dealer.becomes(writable: true) == true)
        first.close()
        #expect(dealer.becomes(writable: false) == true)
        #expect(dealer.sendMessage("into the void") == .wouldBlock)
        let second = try RouterSocket(context)
        #expect(second.bindAgain(endpoint) == true)
        #expect(dealer.becomes(writable: true) == true)
        #expect(dealer.sendMessage("again") == .sent)
        #expect(second.message()?.last == "again")
        #expect(second.nextMessage() == nil)
    }

    @Test("a dealer that bound is writable while a peer is connected")
    func bound() throws {
        let dealer = try DealerSocket(context)
        let endpoint = try dealer.bind("tcp://127.0.0.1:0")
        #expect(dealer.isWritable == false)
        let worker = try DealerSocket(context)
        try worker.connect(endpoint)
        #expect(dealer.becomes(writable: true) == true)
        worker.close()
        #expect(dealer.becomes(writable: false) == true)
        #expect(dealer.sendMessage("x") == .wouldBlock)
    }

    @Test(
        "replies not yet read when the peer leaves: lost to an immediate dealer that connected, kept for the others",
        arguments: [(true, true, 0), (true, false, 3), (false, true, 3), (false, false, 3)])
    func unreadReplies(immediate: Bool, connects: Bool, kept: Int) throws {
        let dealer = try DealerSocket(context, SocketOptions(immediate: immediate))
        let peer = try DealerSocket(context)
        let monitor = try dealer.monitor()
        if connects {
            try dealer.connect(try peer.bind("tcp://127.0.0.1:0"))
        } else {
            try peer.connect(try dealer.bind("tcp://127.0.0.1:0"))
        }
        #expect(peer.becomes(writable: true) == true)
        for index in 0..<3 { #expect(peer.sendMessage("a", "\(index)") == .sent) }
        peer.close(lingering: patience)
        // The one that connected is done with the old connection when it waits for the next.
        #expect(monitor.first { event in connects ? event.isRetried : event.isDisconnected } != nil)
        var received = 0
        while let message = dealer.nextMessage() {
            #expect(message == ["a", "\(received)"])
            received += 1
        }
        #expect(received == kept)
    }

    @Test("a peer that dies between two frames takes the whole message with it, and the next message is whole")
    func diesBetweenFrames() throws {
        let dealer = try DealerSocket(context)
        let endpoint = try dealer.bind("tcp://127.0.0.1:0")
        let first = try DealerSocket(context)
        try first.connect(endpoint)
        #expect(dealer.becomes(writable: true) == true)
        var frame = Frame("one")
        let outcome = dealer.send(&frame, more: true)
        #expect(outcome == .sent)
        let monitor = try dealer.monitor(.disconnected)
        first.close()
        #expect(monitor.first(where: \.isDisconnected) != nil)
        // Has libzmq noticed? Then the frame is swallowed as sent. If not, it is rejected: the last one, so nothing is
        // to be sent after it.
        _ = dealer.events
        frame = Frame("two")
        _ = dealer.send(&frame, more: false)
        #expect(dealer.becomes(writable: false) == true)
        let second = try DealerSocket(context)
        try second.connect(endpoint)
        #expect(dealer.becomes(writable: true) == true)
        #expect(dealer.sendMessage("three", "four") == .sent)
        #expect(second.message() == ["three", "four"])
    }

    @Test(
        "an outage without immediate: what was sent into it is dropped by connecting anew, and a half read message is read to its end"
    )
    func outageByHand() throws {
        let dealer = try DealerSocket(context, SocketOptions(immediate: false))
        let monitor = try dealer.monitor()
        let first = try DealerSocket(context)
        let endpoint = try first.bind("tcp://127.0.0.1:0")
        try dealer.connect(endpoint)
        #expect(first.becomes(writable: true) == true)
        for _ in 0..<50 { #expect(first.sendMessage("a", "b", "c") == .sent) }
        var frame = Frame()
        #expect(dealer.wait(for: .readable, timeout: patience) == true)
        var received = dealer.receive(into: &frame) ? 1 : 0
        first.close(lingering: patience)
        #expect(monitor.first(where: \.isDisconnected) != nil)
        _ = dealer.events
        while dealer.receive(into: &frame) { received += 1 }
        #expect(received == 150)

        #expect(dealer.sendMessage("stale") == .sent)
        try dealer.disconnect(endpoint)
        try dealer.connect(endpoint)
        #expect(dealer.sendMessage("fresh") == .sent)
        let second = try DealerSocket(context)
        #expect(second.bindAgain(endpoint) == true)
        #expect(second.message() == ["fresh"])
    }
}

/// A TCP port whose backlog accepts connections on which nothing is ever sent.
private final class SilentListener {
    private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    private(set) var port: UInt16 = 0

    init?() {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: a sockaddr_in may be taken for a sockaddr of its size, within the call.
        let result = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, size) + listen(descriptor, 8) + getsockname(descriptor, address, &size)
            }
        }
        guard result == 0 else { return nil }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
