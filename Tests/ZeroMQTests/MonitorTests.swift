import Testing
import ZeroMQ

@Suite("Monitor") struct MonitorTests {
    let context: Context

    init() throws { context = try Context() }

    @Test("a monitor reports the connect, the loss and the return of a peer")
    func lifeOfAConnection() throws {
        let first = try RouterSocket(context)
        let endpoint = try first.bind("tcp://127.0.0.1:0")
        let dealer = try DealerSocket(context, SocketOptions(identity: "monitored"))
        let monitor = try dealer.monitor()
        try dealer.connect(endpoint)
        #expect(monitor.first(where: \.isConnected) != nil)
        #expect(monitor.next(timeout: patience) == .handshakeSucceeded(endpoint: endpoint))
        first.close()
        #expect(monitor.first(where: \.isDisconnected) != nil)
        // Ten milliseconds, and up to as much again at random.
        guard
            case .connectRetried(endpoint, .milliseconds(10)...(.milliseconds(20))) = monitor.first(where: \.isRetried)
        else {
            Issue.record("no retry")
            return
        }
        let second = try RouterSocket(context)
        #expect(second.bindAgain(endpoint) == true)
        #expect(monitor.first { $0 == .handshakeSucceeded(endpoint: endpoint) } != nil)
        dealer.close()
        #expect(monitor.first { $0 == .monitorStopped } == .monitorStopped)
    }

    @Test("a listener reports where it listens and which peers it accepts")
    func listener() throws {
        let router = try RouterSocket(context)
        let monitor = try router.monitor()
        let endpoint = try router.bind("tcp://127.0.0.1:0")
        guard case .listening(endpoint, _) = monitor.next(timeout: patience) else {
            Issue.record("no listening")
            return
        }
        let dealer = try DealerSocket(context)
        try dealer.connect(endpoint)
        #expect(monitor.first { event in if case .accepted = event { true } else { false } } != nil)
        #expect(monitor.first { event in if case .handshakeSucceeded = event { true } else { false } } != nil)
    }

    @Test("a dealer that connects to a req is rejected for good, and the watch says why")
    func socketTypeMismatch() throws {
        let req = try ReqSocket(context)
        let dealer = try DealerSocket(context, SocketOptions(reconnectInterval: .milliseconds(1)))
        let monitor = try dealer.monitor()
        try dealer.connect(try req.bind("tcp://127.0.0.1:0"))
        var watch = ConnectionWatch()
        // The side that reads the other's type first hangs up; the other tries again, until it is the first.
        #expect(
            monitor.first { event in
                watch.observe(event)
                return watch.state != .connecting
            } != nil)
        #expect(watch.state == .rejected(.socketTypeMismatch))
        #expect(dealer.isWritable == false)
        #expect(dealer.sendMessage("x") == .wouldBlock)
    }

    @Test("a frame above the bound ends the connection for good, distinguishable from a peer that leaves")
    func disconnectReasons() throws {
        let router = try RouterSocket(context)
        var options = SocketOptions(identity: "bounded")
        options.maxMessageBytes = 1_000
        let dealer = try DealerSocket(context, options)
        let monitor = try dealer.monitor()
        let endpoint = try router.bind("tcp://127.0.0.1:0")
        let disconnectReasons = DisconnectReasons()
        var watch = ConnectionWatch()
        var disconnectReason: DisconnectReason?

        func until(_ condition: () -> Bool) -> Bool {
            monitor.first { event in
                disconnectReasons.observe(event)
                if case .disconnected(_, let descriptor) = event {
                    // The rest of the frame, or the end, may be on its way.
                    let deadline = ContinuousClock.now + patience
                    repeat {
                        disconnectReason = disconnectReasons.disconnectReason(
                            of: descriptor, isLast: ContinuousClock.now > deadline)
                    } while disconnectReason == nil
                }
                watch.observe(event)
                return condition()
            } != nil
        }
        try dealer.connect(endpoint)
        #expect(until { watch.state == .ready })
        #expect(router.sendMessage("bounded", String(repeating: "x", count: 1_000_000)) == .sent)
        #expect(until { disconnectReason == .rejected })
        #expect(watch.awaitsRetry && monitor.next(timeout: .milliseconds(200)) == nil)
        try dealer.disconnect(endpoint)
        try dealer.connect(endpoint)
        #expect(until { watch.state == .ready })
        router.close()
        #expect(until { disconnectReason == .left })
        #expect(until { !watch.awaitsRetry })
    }

    @Test("the watch follows a peer that comes, goes and returns")
    func watch() throws {
        var watch = ConnectionWatch()
        let first = try RouterSocket(context)
        let endpoint = try first.bind("tcp://127.0.0.1:0")
        let dealer = try DealerSocket(context, SocketOptions())
        let monitor = try dealer.monitor()
        try dealer.connect(endpoint)
        #expect(monitor.first { watch.observe($0) } == .handshakeSucceeded(endpoint: endpoint))
        #expect(watch.state == .ready)
        first.close()
        #expect(monitor.first { watch.observe($0) }?.isDisconnected == true)
        #expect(watch.state == .connecting)
        let second = try RouterSocket(context)
        #expect(second.bindAgain(endpoint) == true)
        #expect(monitor.first { watch.observe($0) } == .handshakeSucceeded(endpoint: endpoint))
    }

    @Test(
        "the watch reads every event of a table",
        arguments: [
            (
                [
                    .connected(endpoint: "", descriptor: 1), .handshakeFailedNoDetail(endpoint: "", errno: 32),
                    .disconnected(endpoint: "", descriptor: 1),
                ], .connecting
            ),
            (
                [.connected(endpoint: "", descriptor: 1), .disconnected(endpoint: "", descriptor: 1)],
                .rejected(.socketTypeMismatch)
            ),
            (
                [
                    .connected(endpoint: "", descriptor: 1), .handshakeFailedProtocol(endpoint: "", code: 7),
                    .disconnected(endpoint: "", descriptor: 1),
                ], .rejected(.protocolError(code: 7))
            ),
            (
                [
                    .connected(endpoint: "", descriptor: 1), .handshakeFailedAuth(endpoint: "", status: 400),
                    .disconnected(endpoint: "", descriptor: 1),
                ], .rejected(.authentication(status: 400))
            ),
            (
                [
                    .connectDelayed(endpoint: ""), .closed(endpoint: "", descriptor: 1),
                    .connectRetried(endpoint: "", pause: .zero),
                ], .connecting
            ),
            ([.connected(endpoint: "", descriptor: 1), .handshakeSucceeded(endpoint: ""), .monitorStopped], .ready),
        ] as [([MonitorEvent], ConnectionWatch.State)])
    func watchTable(events: [MonitorEvent], end: ConnectionWatch.State) {
        var watch = ConnectionWatch()
        for event in events { watch.observe(event) }
        #expect(watch.state == end)
    }

    @Test("a monitor that is dropped before its socket does not stop libzmq")
    func dropped() throws {
        let router = try RouterSocket(context)
        let endpoint = try router.bind("tcp://127.0.0.1:0")
        let dealer = try DealerSocket(context)
        do { _ = try dealer.monitor() }
        try dealer.connect(endpoint)
        #expect(dealer.becomes(writable: true) == true)
        #expect(dealer.sendMessage("x") == .sent)
        #expect(router.message()?.last == "x")
    }

    @Test("a second monitor takes the first's place, whose end does not end it")
    func replaced() throws {
        let dealer = try DealerSocket(context)
        var first: Monitor? = try dealer.monitor()
        let second = try dealer.monitor()
        let stopped = first?.next(timeout: patience)
        #expect(stopped == .monitorStopped)
        first = nil
        let endpoint = try dealer.bind("tcp://127.0.0.1:0")
        guard case .listening(endpoint, _) = second.next(timeout: patience) else {
            Issue.record("no listening")
            return
        }
    }

    @Test("an unread monitor does not hold libzmq up")
    func unread() throws {
        let router = try RouterSocket(context)
        let monitor = try router.monitor()
        for _ in 0..<3000 { try router.unbind(try router.bind("tcp://127.0.0.1:0")) }
        var events = 0
        while monitor.next() != nil { events += 1 }
        #expect(events > 2000)
    }
}

extension MonitorEvent {
    var isConnected: Bool { if case .connected = self { true } else { false } }
    var isDisconnected: Bool { if case .disconnected = self { true } else { false } }
    var isRetried: Bool { if case .connectRetried = self { true } else { false } }
}
