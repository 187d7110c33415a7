// A ROUTER that binds: who speaks by which of its connections, and which of them are gone.
//
// A ROUTER does not say that a peer has left. Its monitor does, by the number of the connection's descriptor, and each
// message tells by which descriptor it came (ZMQ_SRCFD): so a peer is known to be lost the moment its connection is.
// Two things are in the way. What a lost peer had said may still be unread: its loss is told once a look at the socket
// finds nothing. And the number is used again at once: a peer that is new on a number is its next holder only if the
// monitor has told of the loss of the former one; otherwise it is a voice from before, and too late.

import Reactors
import ZeroMQ

/// One bound ROUTER and its monitor.
final class MonitoredRouter: ReadinessHandler {
    /// How long a new peer may take to say what it is.
    private static let patience: UInt64 = 2_000_000_000

    let endpoint: String
    let socket: RouterSocket
    /// A peer that was admitted is gone, and everything it had said was read. The name is its identity.
    var onLost: ([UInt8], DisconnectReason) -> Void = { _, _ in }
    /// What is wrong, as a sentence.
    var trouble: String? { failure ?? crowd?.trouble ?? deafness ?? oversize.trouble(at: host.now) }
    /// A peer that says nothing is none of those that are expected here.
    private let expectsWords: Bool

    private unowned let host: any ServiceHost
    private let events: ConnectionEvents
    private var ear: DescriptorWatch
    private var crowd: PeerGuard?
    /// As libzmq knows the endpoint.
    private let resolved: String
    /// Between two messages of one drain: a look at the socket is to come.
    private var isBeingRead = false
    /// The monitor may have something to tell: most looks at the socket need not ask it, which is a system call.
    private var hasNews = true
    private var isDeafnessTold = false
    /// Strong until `stop`: a weak reference makes each use of the service slower.
    private var owner: (any Service)?
    /// Connections that stand.
    private var table = PeerTable()
    /// Who speaks by which.
    private var holders: [Int32: [UInt8]] = [:]
    /// Connections that are gone, and peers whose connection has another holder already; nobody was told yet.
    private var gone: [Int32] = []
    private var departed: [(name: [UInt8], disconnectReason: DisconnectReason)] = []
    /// Of those that are gone, the ones that libzmq closed.
    private var rejected: Set<Int32> = []
    private var oversize: OversizeNotice
    /// Connections by which nothing has come yet, since when.
    private var mute: [Int32: UInt64] = [:]
    /// Peers that have spoken by some of these, and nothing says by which.
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

    /// From now on `service` is drained when something arrives.
    func start(_ service: any Service) {
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

    func stop() {
        ear.stop(host)
        events.stop()
        crowd = nil
        owner = nil
        onLost = { _, _ in }
    }

    func ready(_ readiness: Readiness) { if let owner { host.touch(owner) } }

    /// Looks after the connections, some times a second, and says in the log what /readyz says.
    func tick() {
        listen()
        hasNews = true
        crowd?.tick()
        for change in table.look(at: host.reactor.now) { changed(change) }
        let deafness = deafness
        if let deafness, !isDeafnessTold { host.log.warning("\(deafness)") }
        isDeafnessTold = deafness != nil
    }

    /// The next message; false where there is none: then those who are gone have said all they had.
    func receive(_ message: inout Message) -> Bool {
        while true {
            isBeingRead = true
            if message.receive(from: socket) { return true }
            isBeingRead = false
            // What came before the monitor told has been read by this look, and not by the one before.
            let hasTold = tellLosses()
            if hasNews { hearMonitor() }
            if gone.isEmpty && !hasTold { return false }
        }
    }

    /// Something is about to be sent: that may swallow the edge of ZMQ_FD, so the socket is looked at again before the
    /// reactor sleeps, unless a look is to come anyway.
    func willSend() {
        if !isBeingRead, let owner { host.touch(owner) }
    }

    /// Whoever reads stops before the socket is empty.
    func stopsReading() { isBeingRead = false }

    /// A peer that was not known speaks. - Returns: false when it is gone already: what it says is late.
    func admit(_ name: [UInt8], on connection: Int32?) -> Bool {
        hearMonitor()
        guard let connection = connection ?? onlyMute else {
            if !mute.isEmpty { unplaced += 1 }
            return true
        }
        // Of one that neither stands nor went nothing was told yet: with several I/O threads it may speak first.
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

    /// Messages of a peer of ZMTP 2.0 do not say by which connection they came: if only one is left of which nothing
    /// was heard, it is that one.
    private var onlyMute: Int32? {
        guard unplaced == 0 else { return nil }
        var candidates = mute.keys.lazy.filter { [table] in !table.hasShaken($0) }.makeIterator()
        guard let first = candidates.next(), candidates.next() == nil else { return nil }
        return first
    }

    /// The peer is no concern any more, whether it is there or not.
    func release(_ name: [UInt8], on connection: Int32?) {
        if let connection {
            if holders[connection] == name { holders[connection] = nil }
        } else {
            holders = holders.filter { $0.value != name }
        }
    }

    /// - Returns: whether there was somebody to tell of.
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
                failure = "\(endpoint): a peer speaks no ZeroMQ, or with other security (protocol error \(code))"
            default: break
            }
        }
    }

    /// Without handover libzmq takes a second peer of an identity in and never lets it speak.
    private var deafness: String? {
        guard expectsWords else { return nil }
        let count = mute.values.count { host.reactor.now - $0 > Self.patience } - unplaced
        guard count > 0 else { return nil }
        return "\(endpoint): \(count) of its peers say nothing; they are no workers of this kind,"
            + " or have the identity of another one (see `handover`)"
    }

    /// Sends a message: a heartbeat, say. A ROUTER takes all frames of a message or none.
    /// - Returns: `.unroutable` when the peer is gone.
    func send(_ frames: [[UInt8]], to peer: [UInt8]) -> SendOutcome {
        var address = Frame(copying: peer.span)
        let outcome = socket.send(&address, more: true)
        guard outcome == .sent else { return outcome }
        for (index, bytes) in frames.enumerated() {
            var frame = Frame(copying: bytes.span)
            _ = socket.send(&frame, more: index < frames.count - 1)
        }
        return .sent
    }

    /// Ends a message with a request's body. - Parameter keeps: it may be needed again.
    func sendBody(of request: QueuedRequest, keeps: Bool) {
        sendLast(&request.body, more: !request.more.isEmpty, keeps)
        for (index, box) in request.more.enumerated() {
            sendLast(&box.frame, more: index < request.more.count - 1, keeps)
        }
    }

    private func sendLast(_ frame: inout Frame, more: Bool, _ keeps: Bool) {
        guard keeps else {
            _ = socket.send(&frame, more: more)
            return
        }
        var copy = frame.shared()
        _ = socket.send(&copy, more: more)
    }
}
