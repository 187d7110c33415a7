// The connection of one session: moves bytes between the descriptor and the codec, with bounds and time limits.
//
//     open --close()--> closing --client's close, or 5 s--> gone
//       |---- client closed -----------------------------> gone
//       |---- protocol error --> lingering --EOF, or 2 s--> gone     a reset must not destroy our close frame
//       +---- silence, error, overrun -------------------> gone
//
// Messages sent in a turn leave together at its end. While a client does not read, the gateway does not read from it
// either. The connection does not interpret messages; its delegate does.
//
// The descriptor is registered once, edge-triggered: with thousands of sessions a socket's memory is cold at each
// check, and level-triggered epoll checks each ready socket twice. What an edge reported is therefore remembered
// (`mayHaveInput`, `isBlocked`) until a read reaches the end, or the kernel accepts bytes again.

import Bridge
import Configuration
package import Contract
import HTTP
package import Operations
package import Reactors
package import WebSocket

/// What a session does with its connection's events.
package protocol WebSocketConnectionDelegate: AnyObject {
    func receivedFromClient(_ kind: MessageKind, _ payload: Span<UInt8>)
    /// The client does not read what is sent, or reads again.
    func paused()
    func resumed()
    /// The connection is gone; the last call. `isClean`: the client closed with 1000, or the gateway closed.
    func webSocketClosed(isClean: Bool)
}

/// The connection of a session.
package final class WebSocketConnection: ReadinessHandler, CodecDelegate, TimerHandler, MemoryHolder {
    private enum Phase { case open, closing, lingering, gone }

    private static let closePatience: Nanoseconds = 5_000_000_000
    private static let lingerPatience: Nanoseconds = 2_000_000_000
    /// The most buffers read in one turn.
    private static let readsPerTurn = 4
    /// The most control frames that a client may send in a second.
    private static let controlFramesPerSecond: UInt64 = 200
    private static let tooManyControlFrames = "too many control frames"

    // With thousands of sessions, each is cold in the cache when its turn comes: fields that a message uses come first.

    package let host: any WebHost
    private let stream: UpgradedStream
    private let codec: Codec
    /// Strong, because a weak reference slows down each use of the session; released at the end.
    package var delegate: (any WebSocketConnectionDelegate)?
    private var phase = Phase.open
    /// An edge reported input, and no read has reached its end.
    private var mayHaveInput = false
    /// An edge reported that no more input follows what can be read.
    private var endsInput = false
    /// The kernel accepted no more bytes. An edge reports when it does again.
    private var isBlocked = false
    private var isFlushing = false
    /// A message of the client waits for its worker. Reading stops until it is sent.
    var holdsInput = false { didSet { if !holdsInput && mayHaveInput { flushLater() } } }
    private var credit: Credit
    private var lastHeard: Instant
    package private(set) var traffic = SessionTraffic()
    /// Control frames at the last check, and at the beginning of this second.
    private var controlSeen: UInt64 = 0
    private var controlBefore: UInt64 = 0

    private var controlSince: Instant
    private var registration: Registration?
    private var timer: TimerID?
    private var replyMemory = HeldMemory(.replies)
    private var messageMemory = HeldMemory(.messages)
    /// The client closed with 1000, or we closed: the session is not to be resumed.
    private var hasSaidGoodbye = false
    package private(set) var closing = SessionClose()
    package let remoteAddress: String
    /// The request id of the upgrade.
    package let requestID: RequestID
    /// The upgrade request, for envelopes; nil if no message needs one.
    package var upgrade: UpgradeHead?

    private var settings: SessionSettings { host.sessionSettings }
    /// The client that its memory counts for.
    package var clientKey: UInt64 { stream.clientKey }
    /// Whether messages may be sent.
    package var isOpen: Bool { phase == .open }
    private var readsOn: Bool { phase == .lingering || !(credit.isPaused || holdsInput) }

    init(_ host: any WebHost, _ stream: UpgradedStream, _ codec: Codec, _ requestID: RequestID) {
        self.host = host
        self.requestID = requestID
        self.stream = stream
        self.codec = codec
        remoteAddress = stream.remoteAddress
        credit = Credit(bound: host.sessionSettings.maxBufferedBytes)
        lastHeard = host.now
        controlSince = host.now
    }

    /// Starts reading, once there is a delegate. The first bytes are those that came after the handshake, or those that
    /// the codec kept on its way from another reactor.
    package func start() {
        guard phase != .gone else { return }
        registration = host.watch(stream.descriptor, [.readable, .writable, .peerClosed, .edgeTriggered], self)
        // Without a registration no event of the connection would be seen, its end included.
        if registration == nil { return vanish(isClean: false) }
        if phase == .open { schedule(after: settings.ping.inNanoseconds) }
        codec.goOn(self)
        var early = stream.takeEarly()
        guard !early.isEmpty else { return }
        let count = early.count
        var span = early.mutableSpan
        codec.receive(&span, count: count, self)
        holdMessages()
        if !isWithinControlBudget { close(.policyViolation, Self.tooManyControlFrames) }
    }

    /// Gives the connection to another reactor, without notifying the delegate. The codec may be at work, further down
    /// the stack; what it decodes from now on belongs to the other reactor.
    func detach() -> SessionTransfer.Connection {
        phase = .gone
        delegate = nil
        codec.setAside()
        stopWatching()
        forgetMemory()
        return SessionTransfer.Connection(stream: stream, codec: codec, requestID: requestID, upgrade: upgrade)
    }

    package func send(_ kind: MessageKind, _ payload: Span<UInt8>) {
        guard phase == .open else { return }
        let before = codec.pending
        codec.send(kind, payload)
        host.metrics.snapshot.messagesSent += 1
        traffic.messagesOut += 1
        traffic.bytesOut += payload.count
        var filled = credit
        let change = filled.fill(codec.pending - before)
        credit = filled
        holdReplies()
        switch change {
        case .none, .resume: break
        case .pause:
            host.metrics.snapshot.slowClients += 1
            guard settings.slow == .pause else { return overrun() }
            delegate?.paused()
        case .overrun: return overrun()
        }
        if !isBlocked { flushLater() }
    }

    package func close(_ code: CloseCode, _ reason: String) {
        guard phase == .open else { return }
        phase = .closing
        hasSaidGoodbye = true
        closing = SessionClose(party: .gateway, code: code.rawValue)
        codec.close(code, reason)
        schedule(after: Self.closePatience)
        flushLater()
    }

    /// Closes the connection without a close frame.
    package func abort() { vanish(isClean: false) }

    /// Sends what the kernel accepts, and reads what was left unread. Called at the end of a turn.
    package func flush() {
        isFlushing = false
        guard phase != .gone else { return }
        var isBroken = false
        isBlocked = false
        while codec.pending > 0, !isBlocked, !isBroken {
            codec.drain { bytes in
                switch stream.send(bytes) {
                case .moved(let count): return count
                case .wouldBlock: isBlocked = true
                case .ended: isBroken = true
                }
                return 0
            }
        }
        if isBroken { return vanish(isClean: false) }
        let left = codec.pending
        var drained = credit
        let change = drained.drain(drained.buffered - min(drained.buffered, left))
        credit = drained
        holdReplies()
        if change == .resume { delegate?.resumed() }
        if phase != .open && left == 0 && codec.isOver { finish() }
        if mayHaveInput { read() }
    }

    // MARK: Readiness

    package func ready(_ readiness: Readiness) {
        if readiness.contains(.hangup) && !readsOn { return vanish(isClean: hasSaidGoodbye) }
        if !readiness.isDisjoint(with: [.peerClosed, .hangup]) { endsInput = true }
        if !readiness.isDisjoint(with: [.readable, .peerClosed, .hangup]) { mayHaveInput = true }
        if isBlocked && readiness.contains(.writable) { return flush() }
        if mayHaveInput { read() }
    }

    private func read() {
        for _ in 0..<Self.readsPerTurn {
            guard mayHaveInput, readsOn, phase != .gone else { return }
            var buffer: [UInt8] = []
            swap(&buffer, &host.receiveBuffer)
            defer { swap(&buffer, &host.receiveBuffer) }
            switch stream.receive(into: &buffer) {
            case .moved(let count):
                // A short read has reached the end: later input is a new edge (epoll(7)).
                mayHaveInput = count == buffer.count || endsInput
                lastHeard = host.now
                if phase == .lingering { continue }
                var span = buffer.mutableSpan
                codec.receive(&span, count: count, self)
                holdMessages()
                if codec.pending > 0 && !isBlocked { flushLater() }
                guard isWithinControlBudget else { return close(.policyViolation, Self.tooManyControlFrames) }
            case .wouldBlock: mayHaveInput = false
            case .ended: return vanish(isClean: hasSaidGoodbye)
            }
        }
        if mayHaveInput { flushLater() }
    }

    private var isWithinControlBudget: Bool {
        let frames = codec.controlFrames
        guard frames != controlSeen else { return true }
        let now = host.now
        // Frames that have just arrived count for the new second.
        if now.since(controlSince) > 1_000_000_000 { (controlSince, controlBefore) = (now, controlSeen) }
        controlSeen = frames
        return frames - controlBefore <= Self.controlFramesPerSecond
    }

    package func timerFired(_ key: UInt64) {
        timer = nil
        guard phase == .open else { return vanish(isClean: hasSaidGoodbye) }
        let ping = settings.ping.inNanoseconds
        let silence = host.now.since(lastHeard)
        if silence >= ping + settings.pong.inNanoseconds { return vanish(isClean: false) }
        guard silence >= ping else { return schedule(after: ping - silence) }
        codec.ping(Span())
        flushLater()
        schedule(after: ping + settings.pong.inNanoseconds - silence)
    }

    // MARK: Events of the codec

    package func receivedMessage(_ kind: MessageKind, _ payload: Span<UInt8>) {
        host.metrics.snapshot.messagesReceived += 1
        traffic.messagesIn += 1
        traffic.bytesIn += payload.count
        if phase == .open { delegate?.receivedFromClient(kind, payload) }
    }

    package func receivedPong(_ payload: Span<UInt8>) {}

    package func ended(_ code: CloseCode, fault: String?) {
        if phase == .open { closing = SessionClose(party: fault == nil ? .client : .gateway, code: code.rawValue) }
        if fault != nil {
            phase = .lingering
        } else if phase == .open {
            phase = .closing
            hasSaidGoodbye = code == .normal
        } else {
            hasSaidGoodbye = true
        }
        schedule(after: fault == nil ? Self.closePatience : Self.lingerPatience)
        flushLater()
    }

    // MARK: The end

    /// The last frame was passed to the kernel.
    private func finish() {
        guard phase == .lingering else { return vanish(isClean: hasSaidGoodbye) }
        stream.finishSending()
    }

    private func overrun() {
        host.log.info("closed a session of \(remoteAddress) that reads its messages too slowly (sessions.slow)")
        close(CloseCode(UInt16(ProblemCode.slowClient.closeCode)), ProblemCode.slowClient.rawValue)
        // The close frame waits behind messages that the client does not read: it gets little time.
        if phase == .closing { schedule(after: Self.lingerPatience) }
    }

    private func vanish(isClean: Bool) {
        guard phase != .gone else { return }
        phase = .gone
        stopWatching()
        forgetMemory()
        stream.close()
        host.closeLater(self)
        let listener = delegate
        delegate = nil
        listener?.webSocketClosed(isClean: isClean)
    }

    // MARK: Memory

    private func holdReplies() {
        guard phase != .gone else { return }
        replyMemory.set(codec.pending, in: host.memory, for: clientKey, self)
    }

    private func holdMessages() {
        guard phase != .gone else { return }
        messageMemory.set(codec.unfinished, in: host.memory, for: clientKey, self)
    }

    private func forgetMemory() {
        replyMemory.release(in: host.memory)
        messageMemory.release(in: host.memory)
    }

    /// Cuts the connection. A close frame would wait behind the replies that the client does not read.
    package func evict(_ kind: MemoryKind) {
        guard kind == .replies else {
            codec.reject(CloseCode(UInt16(ProblemCode.overloaded.closeCode)), MemoryWords.message, self)
            return holdMessages()
        }
        closing = SessionClose(party: .gateway, code: UInt16(ProblemCode.slowClient.closeCode))
        hasSaidGoodbye = true
        vanish(isClean: true)
    }

    private func stopWatching() {
        if let registration { host.reactor.unwatch(registration) }
        registration = nil
        if let timer { host.reactor.cancel(timer) }
        timer = nil
    }

    private func flushLater() {
        guard !isFlushing, phase != .gone else { return }
        isFlushing = true
        host.flushLater(self)
    }

    private func schedule(after time: Nanoseconds) {
        if let timer { host.reactor.cancel(timer) }
        timer = host.reactor.schedule(at: (host.now + time).nanoseconds, self, key: 0)
    }
}
