import Glibc
import Testing
import ZeroMQ

@Suite("Sockets") struct SocketTests {
    let context: Context

    init() throws { context = try Context() }

    @Test(
        "a router sees the dealer's identity before the body, and the reply finds its way back",
        arguments: [0, 1, 33, 34, 100_000])
    func identityRoundTrip(size: Int) throws {
        let router = try RouterSocket(context)
        let dealer = try DealerSocket(context, SocketOptions(identity: "one"))
        try dealer.connect(try router.bind("tcp://127.0.0.1:0"))
        #expect(dealer.becomes(writable: true) == true)
        let body = String(repeating: "x", count: size)
        #expect(dealer.sendMessage(body) == .sent)
        #expect(router.message() == ["one", body])
        #expect(router.sendMessage("one", body) == .sent)
        #expect(dealer.message() == [body])
        #expect(dealer.nextMessage() == nil)
    }

    @Test("a frame that was sent is empty, one that was not is as it was")
    func sentFrames() throws {
        let dealer = try DealerSocket(context)
        let peer = try DealerSocket(context)
        var frame = Frame("body")
        let rejected = dealer.send(&frame)
        #expect(rejected == .wouldBlock)
        #expect(frame.text == "body")
        try dealer.bind("inproc://sent-frames")
        try peer.connect("inproc://sent-frames")
        // A send looks for new peers once a millisecond at most, `events` always.
        #expect(dealer.becomes(writable: true) == true)
        let sent = dealer.send(&frame)
        #expect(sent == .sent)
        #expect(frame.count == 0)
        #expect(peer.message() == ["body"])
    }

    @Test("a router says unroutable to an identity it does not know, and drops it where that is not mandatory")
    func routerMandatory() throws {
        let strict = try RouterSocket(context)
        #expect(strict.sendMessage("nobody", "body") == .unroutable)
        var options = SocketOptions()
        options.routerMandatory = false
        let lax = try RouterSocket(context, options)
        #expect(lax.sendMessage("nobody", "body") == .sent)
    }

    @Test("a router whose peer's queue is full would block, and takes more when the peer has read")
    func highWaterMark() throws {
        var options = SocketOptions(identity: "full")
        (options.sendHighWaterMark, options.receiveHighWaterMark) = (2, 2)
        let router = try RouterSocket(context, options)
        let dealer = try DealerSocket(context, options)
        try router.bind("inproc://high-water-mark")
        try dealer.connect("inproc://high-water-mark")
        for _ in 0..<4 { #expect(router.sendMessage("full", "body") == .sent) }
        #expect(router.sendMessage("full", "body") == .wouldBlock)
        while dealer.nextMessage() != nil {}
        #expect(router.becomes(writable: true) == true)
        #expect(router.sendMessage("full", "body") == .sent)
    }

    @Test("a second peer with the same identity is ignored, or takes over with handover", arguments: [false, true])
    func handover(isOn: Bool) throws {
        var options = SocketOptions()
        options.routerHandover = isOn
        let router = try RouterSocket(context, options)
        let endpoint = try router.bind("tcp://127.0.0.1:0")
        let first = try DealerSocket(context, SocketOptions(identity: "same"))
        try first.connect(endpoint)
        #expect(first.becomes(writable: true) == true)
        #expect(first.sendMessage("first") == .sent)
        #expect(router.message() == ["same", "first"])
        let second = try DealerSocket(context, SocketOptions(identity: "same"))
        try second.connect(endpoint)
        #expect(second.becomes(writable: true) == true)
        #expect(second.sendMessage("second") == .sent)
        if isOn { #expect(router.message() == ["same", "second"]) }
        #expect(router.sendMessage("same", "reply") == .sent)
        #expect((isOn ? second.message() : first.message()) == ["reply"])
    }

    @Test("a rep puts back the envelope it found before the empty frame")
    func repEnvelope() throws {
        let dealer = try DealerSocket(context)
        let rep = try RepSocket(context)
        try dealer.connect(try rep.bind("tcp://127.0.0.1:0"))
        #expect(dealer.becomes(writable: true) == true)
        #expect(dealer.sendMessage("ticket", "", "request") == .sent)
        #expect(rep.message() == ["request"])
        #expect(rep.sendMessage("reply") == .sent)
        #expect(dealer.message() == ["ticket", "", "reply"])
    }

    @Test("closing drops unsent messages, unless it may linger")
    func lingering() throws {
        let router = try RouterSocket(context)
        let endpoint = try router.bind("tcp://127.0.0.1:0")
        let dealer = try DealerSocket(context, SocketOptions(immediate: false))
        try dealer.connect(endpoint)
        #expect(dealer.sendMessage("last words") == .sent)
        dealer.close(lingering: patience)
        #expect(router.message()?.last == "last words")
    }

    @Test("a bind tells the port it got, and a second bind of it what is wrong")
    func addressInUse() throws {
        let first = try RouterSocket(context)
        let second = try RouterSocket(context)
        let endpoint = try first.bind("tcp://127.0.0.1:*")
        // As libzmq writes it where IPv6 is on.
        #expect(
            endpoint.hasPrefix("tcp://[::ffff:127.0.0.1]:") && !endpoint.hasSuffix(":0") && !endpoint.hasSuffix("*"))
        var thrown: ZMQError?
        do { try second.bind(endpoint) } catch { thrown = error }
        #expect(thrown == ZMQError(operation: "zmq_bind \(endpoint)", code: EADDRINUSE))
        #expect(thrown?.description == "zmq_bind \(endpoint): Address already in use (errno 98)")
        try first.unbind(endpoint)
        #expect(second.bindAgain(endpoint) == true)
    }

    @Test("a value that libzmq rejects is reported with the option's name")
    func badOptions() throws {
        for (bytes, isValid) in [
            ([], false), ([0, 1], false), ([1], true), ([UInt8](repeating: 1, count: 256), false),
        ] {
            var options = SocketOptions()
            options.identity = bytes
            var thrown: ZMQError?
            do { _ = try DealerSocket(context, options) } catch { thrown = error }
            #expect(thrown == (isValid ? nil : ZMQError(operation: "ZMQ_ROUTING_ID", code: EINVAL)))
        }
    }

    @Test("libzmq accepts every option")
    func allOptions() throws {
        var options = SocketOptions(identity: "all", reconnectInterval: nil)
        (options.linger, options.reconnectIntervalMax, options.connectTimeout) = (.seconds(1), .seconds(2), .seconds(3))
        (options.heartbeatInterval, options.heartbeatTimeout) = (.milliseconds(300), .milliseconds(900))
        (options.tcpKeepAlive, options.tcpKeepAliveIdle) = (true, .seconds(60))
        (options.tcpKeepAliveInterval, options.tcpKeepAliveCount, options.maxMessageBytes) = (.seconds(5), 3, 1 << 20)
        _ = try DealerSocket(context, options)
        _ = try RouterSocket(context, options)
    }

    @Test("sockets of a context that is shut down would block, and stop waiting")
    func shutdown() throws {
        let dealer = try DealerSocket(context)
        try dealer.bind("inproc://shutdown")
        context.shutdown()
        #expect(dealer.wait(for: .readable, timeout: patience) == false)
        #expect(dealer.sendMessage("x") == .wouldBlock)
        #expect(dealer.nextMessage() == nil)
        #expect(dealer.events == [])
        dealer.close()
        context.terminate()
    }
}
