// A DEALER that is one identity after the other: it connects under a name that the ROUTER at the other end addresses,
// serves, disconnects, and connects again under the next name.
//
//     (new) --connect--> open --disconnect--> closed --connect--> open ...
//
// Its socket stays: of a fresh identity that is the fifth of the price that can be saved. zmq_disconnect(3) takes the
// connection's queue away from the socket before it returns, so what came for one name is never read under another.
//
// Owned by its service, while it is open under a slot number; lent to one exchange at a time.

import Bridge
import Configuration
import Glibc
import Reactors
import ZeroMQ

/// A DEALER, the name it has now, and the exchange it serves.
final class RouterIdentity: ReadinessHandler, MemoryHolder {
    /// Messages read from one identity in one turn at most.
    private static let turnBudget = 512
    /// Messages that libzmq may hold on their way to the worker.
    private static let fewMessages = 16
    /// How long what was sent last may take to leave.
    private static let lastPatience = Duration.seconds(1)

    /// Where its service and the pool know it, while it is open.
    private(set) var slot = 0
    private(set) var endpoint = 0
    /// The exchange that has it; nil while it waits in the pool.
    var exchange: (any Requester)?
    /// Its endpoint went away while it was lent: it is not lent again.
    var isLost = false
    /// The exchange's client does not take its replies; libzmq's own high-water mark then stops the worker.
    private(set) var isPaused = false
    /// The largest reply under this name, and what libzmq may hold while it is paused.
    private var largestReply = 0
    private var memory = HeldMemory(.replies)
    /// It is on its service's list for this turn.
    var isTouched = false
    /// It has a name, and what comes under it is read.
    private(set) var isOpen = false
    /// Nothing was sent under this name, and no time has passed since it was taken: nothing can have come.
    var isNew = false
    /// Something came under this name.
    private(set) var hasReceived = false

    private unowned let service: RouterService
    private let socket: DealerSocket
    private let places: Places
    /// The endpoint it is connected to; nil without a name.
    private var address: String?
    private var lingers = false
    private var registration: Registration?
    private var incoming = Frame()
    /// Messages for which there is room in any case; not less than one when it was found writable.
    private var room = 0
    /// Messages that a connection without any has room for.
    private let mark: Int
    /// Replies that libzmq keeps unread: what is not read, because its client does not take it, is in no budget.
    private var unreadMark: Int

    /// A socket without a name. - Throws: EMFILE when descriptors or sockets run out.
    init(_ host: any ServiceHost, _ service: RouterService) throws(ZMQError) {
        self.service = service
        var options = SocketOptions(service.plan.configuration.socket)
        options.immediate = false
        let settings = service.plan.configuration.socket
        if settings.sendHighWaterMark == nil { options.sendHighWaterMark = Self.fewMessages }
        options.receiveHighWaterMark = service.identities.unread.current
        // Its replies may be left unread for as long as its client does not take them, and the answers to its pings
        // behind them: the link to the endpoint has the heartbeats.
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
    func connect(slot: Int, endpoint: Int, name: [UInt8]) throws(ZMQError) {
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

    /// The service's mark has changed, or is another for such replies as this identity's.
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

    /// Replies stay with libzmq, which takes as many more as its mark allows: they count as if they were there.
    func pause() {
        isPaused = true
        hold((unreadMark + 1) * largestReply)
    }

    func resume() {
        isPaused = false
        hold(0)
    }

    private func hold(_ bytes: Int) {
        let client = exchange?.memoryKey ?? MemoryLedger.noClient
        if bytes == 0 { return memory.release(in: service.host.memory) }
        memory.set(bytes, in: service.host.memory, for: client, self)
    }

    func evict(_ kind: MemoryKind) {
        hold(0)
        exchange?.finish(because: .slowClient)
    }

    func ready(_ readiness: Readiness) { if isOpen { service.touch(self) } }

    /// Before it is lent: whatever lies unread belongs to the exchange that was, not to the next.
    func drainWhole(_ service: RouterService) { while drain(service, wholly: true) {} }

    /// A rejection is the truth, and loses nothing: see DealerService.
    func sendToWorker(_ body: inout Frame, behind head: [[UInt8]]) -> SendOutcome {
        isNew = false
        if case .sent = transmit(&body, behind: head) { return .sent }
        let events = socket.events
        if events.contains(.readable), !isPaused { service.touch(self) }
        guard events.contains(.writable) else { return .wouldBlock }
        service.touch(self)
        return transmit(&body, behind: head)
    }

    private func transmit(_ body: inout Frame, behind head: [[UInt8]]) -> SendOutcome {
        for bytes in head {
            var frame = Frame(copying: bytes.span)
            guard case .sent = socket.send(&frame, more: true) else { return .wouldBlock }
        }
        room -= 1
        return socket.send(&body, more: false)
    }

    /// libzmq took its connection away, for a frame above `socket.max_reply_bytes`: a socket that has room and takes
    /// nothing has no connection. (A connection that is lost otherwise is kept until it stands again.)
    func isForsaken(_ service: RouterService) -> Bool {
        let events = socket.events
        if events.contains(.readable), !isPaused { service.touch(self) }
        guard events.contains(.writable) else { return room > 0 }
        room = max(room, 1)
        return false
    }

    /// Reads what is there. - Returns: whether some may be left for the next turn.
    /// - Parameter wholly: also when memory is short.
    func drain(_ service: RouterService, wholly: Bool = false) -> Bool {
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

    /// Nothing that comes under its name is delivered any more.
    /// - Parameter lingering: what was sent last is to reach the worker all the same.
    func close(lingering: Bool) {
        hold(0)
        (isOpen, lingers, exchange) = (false, lingering, nil)
    }

    /// Gives its name up, after `close`. - Returns: how many replies had come that were owed to no exchange.
    func disconnect() -> Int {
        guard !isOpen, let address else { return 0 }
        var late = 0
        while late < Self.turnBudget, skipMessage() { late += 1 }
        if lingers { socket.setLinger(Self.lastPatience) }
        // Fails only where it is not connected, and then all is well.
        try? socket.disconnect(address)
        if lingers { socket.setLinger(service.plan.configuration.socket.linger) }
        self.address = nil
        return late
    }

    /// The reactor watches it no more; its socket closes with its last reference.
    func stop(_ host: any ServiceHost) {
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

    /// A Majordomo broker says which reply is the last one.
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
    /// The options that a service's `socket` section asks for.
    init(_ settings: SocketSettings) {
        self.init()
        if let mark = settings.sendHighWaterMark { sendHighWaterMark = mark }
        if let mark = settings.receiveHighWaterMark { receiveHighWaterMark = mark }
        linger = settings.linger
        immediate = !settings.queueWhileDown
        reconnectInterval = settings.reconnectInterval
        reconnectIntervalMax = settings.reconnectIntervalMax
        // PeerClock and PeerTable have the clock.
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
