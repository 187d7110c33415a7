// Whether a session's client is there, and what it may ask for again when it comes back. Part of each session.
//
//     there --connection lost, `sessions.resume` > 0--> away --resume with the token--> there
//       |                                                 +---- time is up ----> over
//       +---- goodbye, or nothing to resume ------------------------------------> over

import Bridge
import Configuration
import Reactors
import WebSocket

/// The connection of a session, and its memory.
final class SessionPresence: TimerHandler, MemoryHolder {
    /// nil while the client is away.
    private(set) var wire: SessionWire?
    private(set) var isOver = false
    /// Its client asked for numbered messages, which can be resumed where `sessions.resume` is not 0.
    let isNumbered: Bool
    /// Of the next numbered message.
    private(set) var nextNumber: UInt64 = 1
    /// nil where the session cannot be resumed.
    private(set) var memory: SessionMemory?
    private let core: any WebHost
    private let address: String
    /// Whom its memory counts for.
    let clientKey: UInt64
    private var held = HeldMemory(.resume)
    /// Of the upgrade it began with.
    let requestID: RequestID
    private let since: Instant
    private var connections = 1
    /// Of the connections that are gone.
    private var traffic = SessionTraffic()
    private var closing = SessionClose()
    /// Its connection became another session's.
    private var isTimedOut = false
    /// Something was asked or said on it: it is worth coming back to.
    private var hasActed = false
    /// From `begin` to `end`.
    private var session: (any Session)?
    private var timer: TimerID?

    init(_ core: any WebHost, _ wire: SessionWire, resumable: Bool) {
        self.core = core
        self.wire = wire
        address = wire.remoteAddress
        clientKey = wire.clientKey
        requestID = wire.requestID
        since = core.now
        let settings = core.configuration.sessions
        isNumbered = resumable
        if resumable && settings.resume > .zero {
            memory = SessionMemory(reactor: core.index, bound: settings.resumeBytes)
        }
    }

    /// The session is ready for its client.
    func begin(_ session: any Session) {
        self.session = session
        wire?.speaker = session
        core.sessions.add(session, address: address)
    }

    func hello() { tell(SessionText.hello(memory, requestID, core.configuration.sessions)) }

    /// Says something that is not numbered, and lost on a client that is away.
    func tell(_ message: [UInt8]) { wire?.send(.text, message.span) }

    /// Says a numbered message; it is kept while the client is away.
    func say(_ message: [UInt8]) {
        acted()
        nextNumber += 1
        memory?.keep(message)
        holdMemory()
        wire?.send(.text, message.span)
    }

    /// The client asks for something, or hears something: from now on it keeps its place, and another may lose one.
    func acted() {
        guard !hasActed else { return }
        hasActed = true
        core.sessions.acted(address)
    }

    func acknowledge(_ number: UInt64) {
        memory?.acknowledge(number)
        holdMemory()
    }

    private func holdMemory() {
        if isOver { return held.release(in: core.memory) }
        held.set(memory?.bytes ?? 0, in: core.memory, for: clientKey, self)
    }

    /// What is forgotten is missed if the client comes back, and it is told so.
    func evict(_ kind: MemoryKind) {
        memory?.forgetAll()
        holdMemory()
    }

    /// The connection is gone. - Returns: whether the client may come back.
    func lost(isClean: Bool) -> Bool {
        parted()
        guard !isOver, memory != nil, hasActed, !isClean, core.acceptsRequests else { return false }
        if let session { core.sessions.left(session, address) }
        let patience = core.configuration.sessions.resume.inNanoseconds
        timer = core.reactor.schedule(at: (core.now + patience).nanoseconds, self, key: 0)
        return true
    }

    func timerFired(_ key: UInt64) {
        timer = nil
        session?.end()
    }

    /// The client is back on `wire`, having received up to `number`: it hears what it missed, under a new token.
    func attach(_ wire: SessionWire, after number: UInt64) {
        guard let session, var memory else { return }
        stopWaiting()
        self.wire?.speaker = nil
        self.wire?.close(.policyViolation, "resumed on another connection")
        parted()
        self.wire = wire
        connections += 1
        wire.speaker = session
        let old = memory.token
        memory.renewToken(core.index)
        let (missed, messages) = memory.messages(after: number)
        self.memory = memory
        core.sessions.returned(session, address)
        holdMemory()
        core.sessions.renewed(session, from: old)
        core.metrics.snapshot.sessionsResumed += 1
        tell(SessionText.resumed(memory, requestID, after: number, missed: missed, core.configuration.sessions))
        for message in messages { tell(message) }
    }

    /// The connection goes to another session.
    func detach() {
        wire?.speaker = nil
        wire = nil
        isTimedOut = true
    }

    /// - Returns: false where it was over already.
    func end() -> Bool {
        guard !isOver else { return false }
        isOver = true
        holdMemory()
        stopWaiting()
        if let session {
            core.sessions.remove(session, address: address)
            if !isTimedOut { record(session) }
        }
        session = nil
        return true
    }

    /// The connection is another's matter from now on.
    private func parted() {
        guard let wire else { return }
        traffic += wire.traffic
        closing = wire.closing
        self.wire = nil
    }

    /// A wire that is still there has nothing to say any more but its close.
    private func record(_ session: any Session) {
        guard core.accessLog.isEnabled else { return }
        var all = traffic
        if let wire { all += wire.traffic }
        let plan = session.kind.map { core.services[$0.plan].plan }
        let service = session.kind?.subject ?? plan?.name
        core.accessLog.write(
            SessionRecord(
                kind: plan.map { $0.traits.takesSubscriptions ? "topics" : "raw" } ?? "socket", service: service,
                traffic: all,
                elapsed: core.now.since(since), close: wire?.closing ?? closing, connections: connections,
                requestID: requestID, remote: address))
    }

    private func stopWaiting() {
        if let timer { core.reactor.cancel(timer) }
        timer = nil
    }
}

/// What a raw session speaks with.
struct SessionKind: Sendable, Equatable {
    /// The service, by its place in the configuration.
    let plan: Int
    /// Of the services that a broker knows, which one.
    let subject: String?
}

/// A session of any kind.
protocol Session: SessionSpeaker {
    var presence: SessionPresence { get }
    /// Raw sessions: the service. A connection is resumed by a session of the same kind alone.
    var kind: SessionKind? { get }
    /// The client is back on another connection, and has heard what it missed.
    func returned()
    /// The gateway drains: leave soon.
    func goodbye(retryAfter milliseconds: Int)
    /// Leave now.
    func shutDown()
    /// Gives everything back. Nothing happens the second time.
    func end()
}

extension Session {
    var wire: SessionWire? { presence.wire }

    func wireGone(isClean: Bool) { if !presence.lost(isClean: isClean) { end() } }

    func resume(on wire: SessionWire, after number: UInt64) {
        presence.attach(wire, after: number)
        returned()
    }

    /// The connection went to another session: end without a word.
    func giveUp() {
        presence.detach()
        end()
    }

    /// The token that the client has is worth nothing (any more).
    func refuseResume(_ detail: String) { presence.tell(SessionText.error(nil, Problem(.resumeRefused, detail))) }
}
