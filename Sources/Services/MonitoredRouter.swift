// A ROUTER that binds: which peer uses which of its connections, and which of them are gone.
//
// A ROUTER does not report that a peer has left. Its monitor does, by the number of the connection's descriptor, and
// each message carries the descriptor that it came from (ZMQ_SRCFD). So a peer is lost when its connection is.
//
// There are two complications. First, messages of a lost peer may still be unread: the loss is reported once a read
// finds the socket empty. Second, the number is reused at once: a new peer on a number is its next holder only if the
// monitor has reported the loss of the former one. Otherwise the message is from before that loss, and too late.

package import Reactors
package import ZeroMQ

/// One bound ROUTER and its monitor.
package final class MonitoredRouter: ReadinessHandler {
    /// How long a new peer may take to send its first message.
    private static let patience: UInt64 = 2_000_000_000

    package let endpoint: String
    package let socket: RouterSocket
    /// Called when an admitted peer is gone and everything it sent has been read. The name is its identity.
    var onLost: ([UInt8], DisconnectReason) -> Void = { _, _ in }
    /// What is wrong, as a sentence.
    package var trouble: String? { failure ?? crowd?.trouble ?? deafness ?? oversize.trouble(at: host.now) }
    /// Peers are expected to send something, so a silent one is a mistake.
    private let expectsWords: Bool

    private unowned let host: any ServiceHost
    private let events: ConnectionEvents
    private var ear: DescriptorWatch
    private var crowd: PeerGuard?
    /// libzmq's form of the endpoint.
    private let resolved: String
    /// The message that is being received; nil during a call, because handling one may get back here.
    private var inbox: MessageBox?
    /// The socket is being drained: another read follows.
    private var isBeingRead = false
    /// The monitor may have events. Checking it is a system call, which most reads of the socket can do without.
    private var hasNews = true
    private var isDeafnessTold = false
    /// Strong until `stop`: a weak reference slows down each use of the service.
    private var owner: (any Service)?
    /// Open connections.
    private var table = PeerTable()
    /// The peer that uses each connection.
    private var holders: [Int32: [UInt8]] = [:]
    /// Lost connections, and peers whose connection already has another holder, that have not been reported yet.
    private var gone: [Int32] = []
    private var departed: [(name: [UInt8], disconnectReason: DisconnectReason)] = []
    /// Those of the lost connections that libzmq closed.
    private var rejected: Set<Int32> = []
    private var oversize: OversizeNotice
    /// Connections without a message so far, and since when.
    private var mute: [Int32: UInt64] = [:]
    /// Peers that have sent messages over some of those, without it being known which.
    private var unplaced = 0
    private var failure: String?

    init(
        _ host: any ServiceHost, _ endpoint: String, _ options: SocketOptions, expectsWords: Bool = false
    ) throws(ZMQError) {
        self.host = host
        self.expectsWords = expectsWords
        socket = try RouterSocket(host.context, options)
        events = ConnectionEvents(host, try socket.monitor())
        ear = DescriptorWatch(socket.descriptor)
        resolved = try socket.bind(endpoint)
        self.endpoint = EndpointName.make(endpoint, resolved: resolved)
        oversize = OversizeNotice(self.endpoint, options.maxMessageBytes ?? .max)
    }

    /// Starts: `service` is drained from now on when something arrives.
    package func start(_ service: any Service) {
        owner = service
        crowd = PeerGuard(host, endpoint, at: resolved) { [unowned self] in
            try socket.unbind(resolved)
            events.forget()
            gone += holders.keys
            table = PeerTable()
            (mute, unplaced) = ([:], 0)
        } bind: { [unowned self] in
            try socket.bind(resolved)
        }
        events.onNews = { [unowned self] in
            hasNews = true
            host.touch(service)
        }
        listen()
        host.touch(service)
    }

    private func listen() {
        ear.listen(host, self)
        events.start()
    }

    package func stop() {
        ear.stop(host)
        events.stop()
        crowd = nil
        owner = nil
        onLost = { _, _ in }
    }

    package func ready(_ readiness: Readiness) { if let owner { host.touch(owner) } }

    /// Maintains the connections, and logs what /readyz reports. Called a few times a second.
    package func tick() {
        listen()
        hasNews = true
        crowd?.tick()
        for change in table.look(at: host.reactor.now) { changed(change) }
        let deafness = deafness
        if let deafness, !isDeafnessTold { host.log.warning("\(deafness)") }
        isDeafnessTold = deafness != nil
    }

    /// Reads until the socket is empty, `budget` messages were read, or `take` returns false.
    /// - Parameter heedsMemory: stops also when memory is short.
    /// - Returns: whether more may be left.
    package func drain(atMost budget: Int, heedsMemory: Bool = true, _ take: (inout Message) -> Bool) -> Bool {
        let inbox = inbox ?? MessageBox()
        self.inbox = nil
        defer { self.inbox = inbox }
        for _ in 0..<budget {
            if heedsMemory, host.memory.stopsReading { break }
            guard receive(&inbox.message) else { return false }
            guard take(&inbox.message) else {
                isBeingRead = false
                return false
            }
        }
        isBeingRead = false
        return true
    }

    /// Receives the next message. Returns false if there is none; then everything from lost peers has been read.
    private func receive(_ message: inout Message) -> Bool {
        while true {
            isBeingRead = true
            if message.receive(from: socket) { return true }
            isBeingRead = false
            // What arrived before the monitor's event was read by this read, but not by the one before.
            let hasTold = tellLosses()
            if hasNews { hearMonitor() }
            if gone.isEmpty && !hasTold { return false }
        }
    }

    /// Something is about to be sent, which may swallow the edge of ZMQ_FD. The socket is read again before the reactor
    /// sleeps, unless another read follows anyway.
    private func willSend() {
        if !isBeingRead, let owner { host.touch(owner) }
    }

    /// An unknown peer has sent a message. - Returns: false if it is already gone and the message is late.
    package func admit(_ name: [UInt8], on connection: Int32?) -> Bool {
        hearMonitor()
        guard let connection = connection ?? onlyMute else {
            if !mute.isEmpty { unplaced += 1 }
            return true
        }
        // A connection that is in neither has no event yet: with several I/O threads its message may be first.
        guard table.contains(connection) || !gone.contains(connection) else { return false }
        if let holder = holders[connection], holder != name {
            guard let index = gone.firstIndex(of: connection) else { return false }
            gone.remove(at: index)
            departed.append((holder, disconnectReason(of: connection)))
        } else {
            gone.removeAll { $0 == connection }
            rejected.remove(connection)
        }
        holders[connection] = name
        mute[connection] = nil
        return true
    }

    /// Messages of a ZMTP 2.0 peer do not carry their connection. If exactly one connection has sent nothing so far, it
    /// is that one.
    private var onlyMute: Int32? {
        guard unplaced == 0 else { return nil }
        var candidates = mute.keys.lazy.filter { [table] in !table.hasShaken($0) }.makeIterator()
        guard let first = candidates.next(), candidates.next() == nil else { return nil }
        return first
    }

    /// Forgets the peer, whether it is connected or not.
    package func release(_ name: [UInt8], on connection: Int32?) {
        if let connection {
            if holders[connection] == name { holders[connection] = nil }
        } else {
            holders = holders.filter { $0.value != name }
        }
    }

    /// - Returns: whether there was a loss to report.
    private func tellLosses() -> Bool {
        guard !gone.isEmpty || !departed.isEmpty else { return false }
        var names = departed
        for connection in gone {
            let disconnectReason = disconnectReason(of: connection)
            if let name = holders.removeValue(forKey: connection) { names.append((name, disconnectReason)) }
        }
        gone.removeAll()
        departed.removeAll()
        for (name, disconnectReason) in names { onLost(name, disconnectReason) }
        return true
    }

    private func disconnectReason(of connection: Int32) -> DisconnectReason {
        rejected.remove(connection) == nil ? .left : .rejected
    }

    private func changed(_ change: PeerTable.Change) {
        guard case .up(let peer) = change else { return }
        events.isUp(peer)
        failure = nil
    }

    private func hearMonitor() {
        hasNews = false
        while let (event, disconnectReason) = events.next() {
            crowd?.observe(event)
            if let change = table.observe(event, at: host.reactor.now) { changed(change) }
            switch event {
            case .accepted(_, let descriptor): mute[descriptor] = host.reactor.now
            case .disconnected(_, let descriptor):
                if mute.removeValue(forKey: descriptor) != nil { unplaced = max(0, unplaced - 1) }
                gone.append(descriptor)
                guard disconnectReason == .rejected else { break }
                rejected.insert(descriptor)
                oversize.happened(host)
            case .handshakeFailedProtocol(_, let code):
                failure = "\(endpoint): a peer does not speak ZeroMQ, or uses other security (protocol error \(code))"
            default: break
            }
        }
    }

    /// Without handover libzmq accepts a second peer with the same identity but never reads its messages.
    private var deafness: String? {
        guard expectsWords else { return nil }
        let count = mute.values.count { host.reactor.now - $0 > Self.patience } - unplaced
        guard count > 0 else { return nil }
        return "\(endpoint): \(count) of its peers have sent nothing; they are not workers of this kind,"
            + " or use the identity of another worker (see `handover`)"
    }

    /// Begins a message to a peer. A ROUTER accepts all frames of a message or none.
    /// - Returns: `.unroutable` if the peer is gone.
    package func begin(to peer: [UInt8]) -> SendOutcome {
        willSend()
        return socket.begin(peer)
    }

    /// Begins a message to the peer that a frame names; the frame is empty when it was sent.
    package func begin(to peer: inout Frame) -> SendOutcome {
        willSend()
        return socket.begin(&peer)
    }

    /// Sends a whole message, such as a heartbeat.
    package func send(_ frames: [[UInt8]], to peer: [UInt8]) -> SendOutcome {
        willSend()
        return socket.send([peer] + frames)
    }
}
