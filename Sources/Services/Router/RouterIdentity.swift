// A DEALER that is one identity after another: it connects under a name that the ROUTER at the other end addresses,
// serves, disconnects, and connects again under the next name.
//
//     (new) --connect--> open --disconnect--> closed --connect--> open ...
//
// The socket is kept, which saves a fifth of the cost of a fresh identity. zmq_disconnect(3) takes the connection's
// queue away from the socket before it returns, so a message for one name is never read under another.
//
// Owned by its service, and open under a slot number; lent to one exchange at a time.

import Bridge
package import Configuration
import Glibc
import JSON
package import Operations
package import Reactors
package import ZeroMQ

/// A DEALER, its present name, and the exchange that it serves.
package final class RouterIdentity: ReadinessHandler, MemoryHolder {
    /// The most messages read from one identity in one turn.
    private static let turnBudget = 512
    /// Messages that libzmq may queue on the way to the worker.
    private static let fewMessages = 16
    /// How long the last message may take to leave.
    private static let lastPatience = Duration.seconds(1)

    /// The slot and endpoint by which service and pool know it, while it is open.
    package private(set) var slot = 0
    package private(set) var endpoint = 0
    /// The exchange that uses it; nil while it waits in the pool.
    package var exchange: (any Requester)?
    /// Its endpoint went down while it was lent. It is not lent again.
    var isLost = false
    /// The exchange's client reads too slowly. libzmq's own high water mark then stops the worker.
    package private(set) var isPaused = false
    /// The largest reply under this name, which determines what libzmq may hold while it is paused.
    private var largestReply = 0
    private var memory = HeldMemory(.replies)
    /// It is on its service's list for this turn.
    var isTouched = false
    /// It has a name, and messages for that name are read.
    package private(set) var isOpen = false
    /// Nothing was sent under this name, and it was connected in this turn: nothing can have arrived.
    var isNew = false
    /// Something has arrived under this name.
    private(set) var hasReceived = false

    private unowned let service: RouterService
    private let socket: DealerSocket
    private let places: Places
    /// The endpoint that it is connected to; nil if it has no name.
    private var address: String?
    private var lingers = false
    private var registration: Registration?
    private var incoming = Frame()
    /// Messages for which there is certainly room; at least one if the socket was found writable.
    private var room = 0
    /// The room of an empty connection, in messages.
    private let mark: Int
    /// Replies that libzmq may keep unread. Unread replies of a slow client are in no other budget.
    private var unreadMark: Int

    /// Makes a socket without a name. - Throws: EMFILE if descriptors or sockets run out.
    init(_ host: any ServiceHost, _ service: RouterService) throws(ZMQError) {
        self.service = service
        var options = SocketOptions(service.plan.configuration.socket)
        options.immediate = false
        let settings = service.plan.configuration.socket
        if settings.sendHighWaterMark == nil { options.sendHighWaterMark = Self.fewMessages }
        options.receiveHighWaterMark = service.identities.unread.current
        // Its replies, and the answers to its pings behind them, may stay unread for as long as its client is slow.
        // Therefore only the link to the endpoint has heartbeats.
        options.heartbeatInterval = nil
        (mark, unreadMark) = (options.sendHighWaterMark, options.receiveHighWaterMark)
        places = host.bounds.places.identities
        guard places.take(IdentitySettings.descriptors) else { throw ZMQError(operation: "zmq_socket", code: EMFILE) }
        do {
            socket = try DealerSocket(host.context, options)
        } catch {
            places.give(IdentitySettings.descriptors)
            throw error
        }
        registration = host.watch(socket.descriptor, [.readable, .edgeTriggered], self)
        guard registration != nil else { throw ZMQError(operation: "epoll_ctl", code: ENOSPC) }
    }

    deinit { places.give(IdentitySettings.descriptors) }

    /// Becomes the identity `name`.
    package func connect(slot: Int, endpoint: Int, name: [UInt8]) throws(ZMQError) {
        precondition(address == nil, "an identity keeps its name until it is disconnected")
        let there = service.addresses[endpoint]
        largestReply = 0
        settleMark()
        try socket.setIdentity(name)
        try socket.connect(there)
        address = there
        (self.slot, self.endpoint, room) = (slot, endpoint, mark)
        (isOpen, isNew, isLost, isPaused, hasReceived) = (true, true, false, false, false)
    }

    /// The service's mark has changed, or this identity has received a larger reply.
    func settleMark() {
        let mark = service.identities.unread.mark(forReplies: largestReply)
        guard mark != unreadMark else { return }
        unreadMark = mark
        socket.setReceiveHighWaterMark(mark)
    }

    private func noteReply(_ bytes: Int, _ service: RouterService) {
        hasReceived = true
        largestReply = max(largestReply, bytes)
        service.identities.noteReply(bytes)
    }

    /// Leaves replies unread in libzmq, which accepts more up to its mark. They count as if they were there.
    package func pause() {
        isPaused = true
        hold((unreadMark + 1) * largestReply)
    }

    package func resume() {
        isPaused = false
        hold(0)
    }

    private func hold(_ bytes: Int) {
        let client = exchange?.memoryKey ?? MemoryLedger.noClient
        if bytes == 0 { return memory.release(in: service.host.memory) }
        memory.set(bytes, in: service.host.memory, for: client, self)
    }

    package func evict(_ kind: MemoryKind) {
        hold(0)
        exchange?.finish(because: .slowClient)
    }

    package func ready(_ readiness: Readiness) { if isOpen { service.touch(self) } }

    /// Reads everything before it is lent: unread replies belong to the previous exchange, not to the next one.
    func drainWhole(_ service: RouterService) { while drain(service, wholly: true) {} }

    /// Sends a request. A rejection is real and loses nothing: see DealerService.
    package func sendToWorker(_ body: inout Frame, behind head: [[UInt8]]) -> SendOutcome {
        isNew = false
        if case .sent = transmit(&body, behind: head) { return .sent }
        let events = socket.events
        if events.contains(.readable), !isPaused { service.touch(self) }
        guard events.contains(.writable) else { return .wouldBlock }
        service.touch(self)
        return transmit(&body, behind: head)
    }

    private func transmit(_ body: inout Frame, behind head: [[UInt8]]) -> SendOutcome {
        guard socket.begin(head) == .sent else { return .wouldBlock }
        room -= 1
        return socket.finish(&body)
    }

    /// libzmq has closed its connection because of a frame larger than `socket.max_reply_bytes`: a socket that has room
    /// but accepts nothing has no connection. (A connection lost in another way is kept until it is made again.)
    func isForsaken(_ service: RouterService) -> Bool {
        let events = socket.events
        if events.contains(.readable), !isPaused { service.touch(self) }
        guard events.contains(.writable) else { return room > 0 }
        room = max(room, 1)
        return false
    }

    /// Reads what has arrived. - Returns: whether some may be left for the next turn.
    /// - Parameter wholly: read even when memory is short.
    package func drain(_ service: RouterService, wholly: Bool = false) -> Bool {
        for _ in 0..<Self.turnBudget {
            guard !isPaused, isOpen else { return false }
            guard wholly || !service.host.memory.stopsReading else { return true }
            if let version = service.brokerVersion {
                guard receiveFromBroker(version, service) else { return false }
            } else {
                guard receiveMessage(service) else { return false }
            }
        }
        return true
    }

    /// Stops delivering messages for its name.
    /// - Parameter lingering: what was sent last should still reach the worker.
    package func close(lingering: Bool) {
        hold(0)
        (isOpen, lingers, exchange) = (false, lingering, nil)
    }

    /// Gives up its name, after `close`. - Returns: the number of replies that had arrived and belong to no exchange.
    package func disconnect() -> Int {
        guard !isOpen, let address else { return 0 }
        var late = 0
        while late < Self.turnBudget, skipMessage() { late += 1 }
        if lingers { socket.setLinger(Self.lastPatience) }
        // Fails only if it is not connected, which is what we want.
        try? socket.disconnect(address)
        if lingers { socket.setLinger(service.plan.configuration.socket.linger) }
        self.address = nil
        return late
    }

    /// Stops watching the socket, which closes with its last reference.
    package func stop(_ host: any ServiceHost) {
        if let registration { host.reactor.unwatch(registration) }
        registration = nil
    }

    private func skipMessage() -> Bool {
        guard socket.receive(into: &incoming) else { return false }
        while incoming.hasMore, socket.receive(into: &incoming) {}
        return true
    }

    private func receiveMessage(_ service: RouterService) -> Bool {
        var shape = ReplyShape(service.plan.template)
        var body = Frame()
        repeat {
            guard socket.receive(into: &incoming) else { return false }
            if case .body = shape.next(isEmpty: incoming.isEmpty, hasMore: incoming.hasMore) { swap(&body, &incoming) }
        } while shape.expectsMore
        noteReply(body.count, service)
        service.receivedFromWorker(&body, ReplyMetadata(fault: shape.fault), self)
        return true
    }

    /// Receives a reply from a Majordomo broker, which marks the last one.
    private func receiveFromBroker(_ version: MajordomoVersion, _ service: RouterService) -> Bool {
        var message = Message()
        guard message.receive(from: socket) else { return false }
        let body = service.plan.head.count
        let isPartial = version.isTwo && message.count > 1 && message.bytes(1).equals([2])
        var note = ReplyMetadata(last: isPartial ? nil : .data)
        if message.count != body + 1 { note.fault = message.count > body ? .tooLong : .tooShort }
        var frame = message.count > body ? message.take(body) : Frame()
        noteReply(frame.count, service)
        service.receivedFromWorker(&frame, note, self)
        return true
    }
}

extension SocketOptions {
    /// The options for a service's `socket` section.
    package init(_ settings: SocketSettings) {
        self.init()
        if let mark = settings.sendHighWaterMark { sendHighWaterMark = mark }
        if let mark = settings.receiveHighWaterMark { receiveHighWaterMark = mark }
        linger = settings.linger
        immediate = !settings.queueWhileDown
        reconnectInterval = settings.reconnectInterval
        reconnectIntervalMax = settings.reconnectIntervalMax
        // PeerClock and PeerTable check the time.
        handshakeInterval = .zero
        heartbeatInterval = settings.heartbeatInterval
        heartbeatTimeout = settings.heartbeatTimeout ?? settings.heartbeatInterval.map { $0 * 3 }
        tcpKeepAlive = settings.tcpKeepAlive == .system ? nil : settings.tcpKeepAlive == .on
        tcpKeepAliveIdle = settings.tcpKeepAliveIdle
        tcpKeepAliveInterval = settings.tcpKeepAliveInterval
        tcpKeepAliveCount = settings.tcpKeepAliveCount
        ipv6 = settings.ipv6
        connectTimeout = settings.connectTimeout
        maxMessageBytes = settings.maxReplyBytes
    }
}
