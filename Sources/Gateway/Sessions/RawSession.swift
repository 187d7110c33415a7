// A WebSocket on one service: one identity for its whole life, each message one body, each reply one message.
//
//     browser --message--> body --> service (identity or ticket) --> worker
//             <--message-- reply, also one that nobody asked for  <--
//
// There are no exchanges and so no end rules: only the limits apply. With `?resume=1` messages are numbered and wrapped
// (`{"op":"reply","seq":1,"body":...}`), and the identity stays while the client is away.

import Bridge
import Configuration
import JSON
import Reactors
import WebSocket
import ZeroMQ

/// One raw session.
final class RawSession: Correspondent, Session, TimerHandler {
    private(set) var wire: SessionWire?
    private(set) var memory: SessionMemory?
    let kind: Int?
    private let core: Core
    private let address: String
    private let text: ReplyText
    private var hasEnded = false
    private var isPaused = false
    private var speaksText = false
    /// Messages that the service could not take yet; bounded by what one read brings.
    private var held: [FrameBox] = []
    private var timer: TimerID?

    /// nil where the table is full.
    init?(_ core: Core, _ service: any Service, _ wire: SessionWire, resumable: Bool) {
        self.core = core
        self.wire = wire
        kind = service.plan.index
        address = wire.remoteAddress
        text = ReplyText(body: service.plan.configuration.body, isEnvelope: false)
        let settings = core.configuration.sessions
        if resumable && settings.resume > .zero {
            memory = SessionMemory(reactor: core.index, bound: settings.resumeBytes)
        }
        super.init(service)
        guard core.opened(self) else { return nil }
        wire.speaker = self
        core.sessions.add(self, address: address)
        if let memory { wire.send(.text, SessionText.hello("hello", memory, core).span) }
    }

    // MARK: From the client

    func received(_ kind: MessageKind, _ payload: Span<UInt8>) {
        if memory != nil { return obey(payload) }
        guard kind == .text || plan.configuration.body == .binary else {
            return close(.unsupportedMediaType, "this service takes text messages")
        }
        speaksText = kind == .text
        if let problem = BodyCheck.problem(of: payload, plan) { return close(problem.code, problem.detail) }
        send(payload)
    }

    /// A numbered session's messages say what they are.
    private func obey(_ payload: Span<UInt8>) {
        switch ClientMessage.read(payload) {
        case .failure(let problem): complain(problem)
        case .success(let message):
            switch message.operation {
            case "send":
                guard let body = message.body(payload, plan.configuration.body) else {
                    return complain(Problem(.badMessage, "`body` is missing, or not what the service takes"))
                }
                if let problem = BodyCheck.problem(of: body.span, plan) { return complain(problem) }
                send(body.span)
            case "ack": memory?.acknowledge(message.number(payload))
            case "resume":
                core.sessions.resume(self, token: message.token(payload), after: message.number(payload))
            default: complain(Problem(.badMessage, "`op` must be send, ack or resume"))
            }
        }
    }

    private func send(_ body: Span<UInt8>) {
        guard !hasEnded else { return }
        var frame = Frame(copying: body)
        if held.isEmpty, hand(&frame) { return }
        guard !hasEnded else { return }
        // The worker's queue is full: its client is not read from until there is room.
        held.append(FrameBox(frame))
        if held.count == 1 {
            wire?.holdsInput = true
            core.retryLater(self)
        }
    }

    /// - Returns: whether the service took it, or the session ended over it.
    private func hand(_ frame: inout Frame) -> Bool {
        switch service.send(&frame, for: self) {
        case .taken: return true
        case .refused(.overloaded): return false
        case .refused(let reason):
            finish(because: reason)
            return true
        }
    }

    /// Tries again to hand over what is held. - Returns: whether nothing is held any more.
    func retry() -> Bool {
        var sent = 0
        while sent < held.count, !hasEnded, hand(&held[sent].frame) { sent += 1 }
        guard sent == held.count || hasEnded else {
            held.removeFirst(sent)
            return false
        }
        held = []
        wire?.holdsInput = false
        return true
    }

    func paused() {
        isPaused = true
        service.pause(self)
    }

    func resumed() {
        isPaused = false
        service.resume(self)
    }

    // MARK: From the worker

    override func received(_ body: Span<UInt8>, fault: ReplyShape.Fault?) {
        let metrics = core.metrics.services[plan.index]
        metrics.counts.bytesReceived += UInt64(body.count)
        let inspection = plan.inspector.inspect(body)
        guard fault == nil, inspection.facts.isValid || body.isEmpty else {
            return close(.badReply, inspection.fault ?? "the reply's frames are not the service's")
        }
        metrics.counts.replies += 1
        if memory == nil {
            wire?.send(replyKind(body), body)
        } else if !body.isEmpty || plan.configuration.body != .json {
            say(SessionText.reply(nil, memory?.next ?? 0, body, inspection, text))
        }
    }

    /// A binary service's client that speaks in text is answered in text, where the reply is text.
    private func replyKind(_ body: Span<UInt8>) -> MessageKind {
        guard plan.configuration.body == .binary else { return .text }
        return speaksText && validateUTF8(body) == nil ? .text : .binary
    }

    private func say(_ message: [UInt8]) {
        memory?.keep(message)
        wire?.send(.text, message.span)
    }

    private func complain(_ problem: Problem) { wire?.send(.text, SessionText.error(nil, problem).span) }

    // MARK: The end

    /// The service ends it: no worker, or its worker is gone.
    override func finish(because reason: EndReason) {
        guard let code = ProblemCode(reason) else { return }
        close(code, code.rawValue)
    }

    private func close(_ code: ProblemCode, _ detail: String) {
        wire?.close(CloseCode(UInt16(code.closeCode)), detail == code.rawValue ? detail : "\(code.rawValue): \(detail)")
        end()
    }

    func wireGone(isClean: Bool) {
        wire = nil
        guard !hasEnded, memory != nil, !isClean, core.drainState.acceptsRequests else { return end() }
        // The client may come back: the identity stays, the worker's replies are numbered and kept.
        timer = core.reactor.schedule(
            at: (core.now + core.configuration.sessions.resume.inNanoseconds).nanoseconds, self, key: 0)
    }

    func timerFired(_ key: UInt64) { end() }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        if let timer { core.reactor.cancel(timer) }
        timer = nil
        unsent = []
        core.closed(self)
        core.sessions.remove(self, address: address)
        service.ended(self, End(.clientLeft))
    }

    // MARK: Coming back

    func resume(on wire: SessionWire, after number: UInt64) {
        guard var memory else { return }
        if let timer { core.reactor.cancel(timer) }
        timer = nil
        self.wire?.speaker = nil
        self.wire?.close(.policyViolation, "resumed on another connection")
        self.wire = wire
        wire.speaker = self
        wire.holdsInput = !held.isEmpty
        if isPaused { resumed() }
        let old = memory.token
        memory.renewToken(core.index)
        let (missed, messages) = memory.messages(after: number)
        self.memory = memory
        core.sessions.renewed(self, from: old)
        core.metrics.snapshot.sessionsResumed += 1
        wire.send(.text, SessionText.resumed(memory, after: number, missed: missed, core).span)
        for message in messages { wire.send(.text, message.span) }
    }

    func giveUp() {
        wire?.speaker = nil
        wire = nil
        end()
    }

    func refuseResume(_ detail: String) { complain(Problem(.resumeRefused, detail)) }

    func goodbye(retryAfter milliseconds: Int) {
        if memory != nil { wire?.send(.text, SessionText.goodbye(milliseconds).span) }
        wire?.close(.goingAway, "shutdown; retry in \(milliseconds) ms")
        if wire == nil { end() }
    }

    func shutDown() {
        wire?.close(.goingAway, "shutdown")
        end()
    }
}
