// One identity: a DEALER with a name that the ROUTER at the other end addresses.
//
// Owned by its service under a slot number; lent to one exchange at a time.

import Bridge
import Configuration
import Reactors
import ZeroMQ

/// A DEALER connection and the exchange it serves.
final class RouterIdentity: ReadinessHandler {
    /// Messages read from one identity in one turn at most.
    private static let turnBudget = 512

    let slot: Int
    let endpoint: Int
    /// The exchange that has it; nil while it waits in the pool.
    var exchange: Correspondent?
    /// Its endpoint went away while it was lent: it is not lent again.
    var isLost = false
    /// The exchange's client does not take its replies; libzmq's own high-water mark then stops the worker.
    var isPaused = false
    /// It is on its service's list for this turn.
    var isTouched = false
    private(set) var isOpen = true

    private unowned let service: RouterService
    private let socket: DealerSocket
    private var registration: Registration?
    private var incoming = Frame()

    init(_ core: Core, _ service: RouterService, slot: Int, endpoint: Int, name: [UInt8]) throws(ZMQError) {
        self.slot = slot
        self.endpoint = endpoint
        self.service = service
        var options = SocketOptions(service.plan.configuration.socket)
        options.identity = name
        options.immediate = false
        // Its replies may be left unread for as long as its client does not take them, and the answers to its pings
        // behind them: the link to the endpoint has the heartbeats.
        options.heartbeatInterval = nil
        socket = try DealerSocket(core.context, options)
        try socket.connect(service.plan.configuration.connect[endpoint])
        registration = core.watch(socket.descriptor, [.readable, .edgeTriggered], self)
    }

    func ready(_ readiness: Readiness) { service.touch(self) }

    /// Before it is lent: whatever lies unread belongs to the exchange that was, not to the next.
    func drainWhole(_ service: RouterService) { while drain(service) {} }

    /// A refusal is the truth, and loses nothing: see DealerService.
    func send(_ body: inout Frame, behind head: [[UInt8]]) -> SendOutcome {
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
        return socket.send(&body, more: false)
    }

    /// Reads what is there. - Returns: whether some may be left for the next turn.
    func drain(_ service: RouterService) -> Bool {
        for _ in 0..<Self.turnBudget {
            guard !isPaused, isOpen else { return false }
            if let version = service.plan.majordomo {
                guard receiveFromBroker(version, service) else { return false }
            } else {
                guard receiveMessage(service) else { return false }
            }
        }
        return true
    }

    func close(_ core: Core, lingering: Bool) {
        guard isOpen else { return }
        isOpen = false
        if let registration { core.reactor.unwatch(registration) }
        if lingering { socket.setLinger(.seconds(1)) }
        core.closeLater(self)
    }

    private func receiveMessage(_ service: RouterService) -> Bool {
        var shape = ReplyShape(service.plan.template)
        var body = Frame()
        repeat {
            guard socket.receive(into: &incoming) else { return false }
            if case .body = shape.next(isEmpty: incoming.isEmpty, hasMore: incoming.hasMore) { swap(&body, &incoming) }
        } while shape.expectsMore
        service.received(&body, ReplyNote(fault: shape.fault), self)
        return true
    }

    /// A Majordomo broker says which reply is the last one.
    private func receiveFromBroker(_ version: MajordomoVersion, _ service: RouterService) -> Bool {
        var message = Message()
        guard message.receive(from: socket) else { return false }
        let body = service.plan.head.count
        let isPartial = version.isTwo && message.count > 1 && message.bytes(1).equals([2])
        var note = ReplyNote(last: isPartial ? nil : .data)
        if message.count != body + 1 { note.fault = message.count > body ? .tooLong : .tooShort }
        var frame = message.count > body ? message.take(body) : Frame()
        service.received(&frame, note, self)
        return true
    }
}

extension SocketOptions {
    /// The options that a service's `socket` section asks for.
    init(_ settings: SocketSettings) {
        self.init()
        if let mark = settings.sendHighWaterMark { sendHighWaterMark = mark }
        receiveHighWaterMark = settings.receiveHighWaterMark
        linger = settings.linger
        immediate = settings.immediate
        reconnectInterval = settings.reconnectInterval
        reconnectIntervalMax = settings.reconnectIntervalMax
        heartbeatInterval = settings.heartbeatInterval
        heartbeatTimeout = settings.heartbeatTimeout ?? settings.heartbeatInterval.map { $0 * 3 }
        tcpKeepAlive = settings.tcpKeepAlive == .system ? nil : settings.tcpKeepAlive == .on
        tcpKeepAliveIdle = settings.tcpKeepAliveIdle
        tcpKeepAliveInterval = settings.tcpKeepAliveInterval
        tcpKeepAliveCount = settings.tcpKeepAliveCount
        ipv6 = settings.ipv6
        connectTimeout = settings.connectTimeout
        maxMessageBytes = settings.maxMessageBytes
    }
}
