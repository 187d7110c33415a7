// A WebSocket to one service: one identity for the whole session. Each message is one body, each reply one message.
//
//     browser --message--> body --> service (identity or ticket) --> worker
//             <--message-- reply, unsolicited ones too            <--
//
// There are no exchanges and thus no end rules; only the limits apply. With `?resume=1` messages are numbered and
// wrapped (`{"op":"reply","seq":1,"body":...}`), and the identity is kept while the client is away.

package import Bridge
import Configuration
package import Contract
import JSON
package import Operations
import Reactors
package import Services
package import WebSocket
package import ZeroMQ

/// One raw session.
package final class RawSession: RequesterState, Requester, Session, MemoryHolder {
    package let connection: ResumableConnection
    private let host: any WebHost
    /// Messages that the service could not accept yet; bounded by what one read brings.
    private var held: [FrameBox] = []
    private var heldBytes = 0
    private var memory = HeldMemory(.queues)
    /// The session's position in the backlog while it holds messages.
    package var position: Backlog.Position?
    private var speaksText = false
    /// The number of messages that became envelopes. It makes their request ids unique.
    private var enveloped: UInt64 = 0
    private let text: ReplyText
    package let kind: SessionKind?

    /// Nil if the table of requesters is full.
    init?(
        _ host: any WebHost, _ service: any Service, _ kind: SessionKind, _ webSocket: WebSocketConnection,
        resumable: Bool
    ) {
        self.host = host
        connection = ResumableConnection(host, webSocket, resumable: resumable)
        self.kind = kind
        text = ReplyText(body: service.plan.configuration.body, isEnvelope: false)
        super.init(service)
        subject = kind.subject
        guard host.requesters.insert(self) else { return nil }
        connection.begin(self)
        if isNumbered { connection.hello() }
    }

    // Sessions take turns, not addresses.
    package var fairnessKey: UInt64 { ticket.value }
    package var memoryKey: UInt64 { connection.clientKey }
    package var isNative: Bool { false }
    package var canBeHeldBack: Bool { true }

    /// Messages name their operation and are numbered.
    private var isNumbered: Bool { connection.isNumbered }

    // MARK: From the client

    package func receivedFromClient(_ kind: MessageKind, _ payload: Span<UInt8>) {
        if isNumbered { return obey(payload) }
        guard kind == .text || plan.configuration.body == .binary else {
            return close(.unsupportedMediaType, "this service takes text messages")
        }
        speaksText = kind == .text
        if !mayBeEmpty(payload), let problem = BodyCheck.problem(of: payload, plan) {
            return close(problem.code, problem.detail)
        }
        send(payload)
    }

    /// Handles a numbered session's message, which names its operation.
    private func obey(_ payload: Span<UInt8>) {
        switch ClientMessage.read(payload) {
        case .failure(let problem): report(problem)
        case .success(let message):
            switch message.operation {
            case "send":
                guard let body = message.body(payload, plan.configuration.body) else {
                    return report(Problem(.badMessage, "`body` is missing or not what the service takes"))
                }
                if let problem = BodyCheck.problem(of: body.span, plan) { return report(problem) }
                send(body.span)
            case "ping": connection.sendUnnumbered(SessionText.pong)
            case "ack": connection.acknowledge(message.number(payload))
            case "resume":
                host.sessions.resume(self, token: message.token(payload), after: message.number(payload))
            default: report(Problem(.badMessage, "`op` must be send, ack, ping or resume"))
            }
        }
    }

    /// A request envelope can do without a body.
    private func mayBeEmpty(_ payload: Span<UInt8>) -> Bool {
        payload.isEmpty && plan.configuration.request == .envelope
    }

    /// The worker's frame: the body, or the envelope around it.
    private func frame(of body: Span<UInt8>) -> Frame {
        guard plan.configuration.request == .envelope else { return Frame(copying: body) }
        enveloped += 1
        // The connection of a service with envelopes keeps its upgrade request.
        guard let envelope = webSocket?.envelope(of: body, plan, message: String(enveloped)) else { return Frame() }
        return Frame(copying: envelope.span)
    }

    private func send(_ body: Span<UInt8>) {
        guard !connection.isOver else { return }
        connection.acted()
        var frame = frame(of: body)
        if position == nil, !host.backlog.hasLine(for: self), hand(&frame) { return }
        guard !connection.isOver else { return }
        // The worker's queue is full. Reading from the client stops until there is room.
        heldBytes += frame.count
        held.append(FrameBox(frame))
        holdMemory()
        if position == nil {
            webSocket?.holdsInput = true
            host.backlog.append(self)
        }
    }

    /// The place that the session waits for when its service is full.
    package var place: Backlog.Place { Backlog.Place(service: ObjectIdentifier(service), slot: slot, subject: subject) }

    /// - Returns: whether the service accepted the frame, or the session ended because of it.
    private func hand(_ frame: inout Frame) -> Bool {
        switch service.sendToWorker(&frame, for: self) {
        case .accepted: return true
        case .rejected(.overloaded): return false
        case .rejected(let reason):
            finish(because: reason)
            return true
        }
    }

    /// Tries again to send the held messages. - Returns: whether none is held any more.
    package func retry() -> Bool {
        var sent = 0
        while sent < held.count, !connection.isOver, hand(&held[sent].frame) { sent += 1 }
        guard sent == held.count || connection.isOver else {
            held.removeFirst(sent)
            heldBytes = held.reduce(0) { $0 + $1.frame.count }
            holdMemory()
            return false
        }
        held = []
        heldBytes = 0
        holdMemory()
        webSocket?.holdsInput = false
        return true
    }

    private func holdMemory() {
        if heldBytes == 0 { return memory.release(in: host.memory) }
        memory.set(heldBytes, in: host.memory, for: connection.clientKey, self)
    }

    package func evict(_ kind: MemoryKind) { close(.overloaded, MemoryWords.message) }

    package func paused() { service.pause(self) }
    package func resumed() { service.resume(self) }

    // MARK: From the worker

    package func receivedFromWorker(_ frame: inout Frame, _ note: ReplyMetadata) {
        if case .marker = note.last { return }
        let body = frame.bytes
        let metrics = host.metrics.services[plan.index]
        metrics.counts.bytesReceived += UInt64(body.count)
        let inspection = plan.inspector.inspect(body)
        guard note.fault == nil, inspection.facts.isValid || body.isEmpty else {
            return close(.badReply, inspection.fault ?? "the reply's frames are not the service's")
        }
        metrics.counts.replies += 1
        guard isNumbered else {
            webSocket?.send(replyKind(body), body)
            return
        }
        guard !body.isEmpty || plan.configuration.body != .json else { return }
        connection.sendNumbered(SessionText.reply(nil, connection.nextNumber, body, inspection, text))
    }

    // Unused: the session opens no exchanges, and publishers have another kind of session.
    package func receivedFromPublisher(_ publication: Publication) {}
    package func noteQueueTiming(_ queueTiming: QueueTiming) {}
    package func unsentWasSent() {}
    package func requestWasTaken() {}

    /// A binary service responds to a client that sends text with text, if the reply is text.
    private func replyKind(_ body: Span<UInt8>) -> MessageKind {
        guard plan.configuration.body == .binary else { return .text }
        return speaksText && validateUTF8(body) == nil ? .text : .binary
    }

    private func report(_ problem: Problem) { connection.sendUnnumbered(SessionText.error(nil, problem)) }

    // MARK: The end

    /// Ends the session for the service: it has no worker, or lost it.
    package func finish(because reason: EndReason) {
        guard let code = ProblemCode(reason) else { return }
        close(code, reason == .limit ? plan.frameTooLarge : code.rawValue)
    }

    private func close(_ code: ProblemCode, _ detail: String) {
        webSocket?.close(
            CloseCode(UInt16(code.closeCode)), detail == code.rawValue ? detail : "\(code.rawValue): \(detail)")
        end()
    }

    package func end() {
        guard connection.end() else { return }
        unsent = []
        held = []
        heldBytes = 0
        holdMemory()
        if let position { host.backlog.left(position) }
        position = nil
        host.requesters.remove(self)
        service.ended(self, End(.clientLeft))
    }

    package func returned() {
        webSocket?.holdsInput = !held.isEmpty
        resumed()
    }

    package func goodbye(retryAfter milliseconds: Int) {
        if isNumbered { connection.sendUnnumbered(SessionText.goodbye(milliseconds)) }
        webSocket?.close(.goingAway, "shutdown; retry in \(milliseconds) ms")
        if webSocket == nil { end() }
    }

    package func shutDown() {
        webSocket?.close(.goingAway, "shutdown")
        end()
    }
}
