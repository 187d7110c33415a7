// Whether a session's client is there, and what it may ask for again when it comes back. Part of each session.
//
//     there --connection lost, `sessions.resume` > 0--> away --resume with the token--> there
//       |                                                 +---- time is up ----> over
//       +---- goodbye, or nothing to resume ------------------------------------> over

import Bridge
import Configuration
import Reactors
import WebSocket

/// The connection of a session, and its replay buffer.
final class ResumableConnection: TimerHandler, MemoryHolder {
    /// nil while the client is away.
    private(set) var webSocket: WebSocketConnection?
    private(set) var isOver = false
    /// Its client asked for numbered messages, which can be resumed where `sessions.resume` is not 0.
    let isNumbered: Bool
    /// Of the next numbered message.
    private(set) var nextNumber: UInt64 = 1
    /// nil where the session cannot be resumed.
    private(set) var replayBuffer: ReplayBuffer?
    private let host: any WebHost
    private let address: String
    /// The client that its replay buffer counts for.
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

    init(_ host: any WebHost, _ webSocket: WebSocketConnection, resumable: Bool) {
        self.host = host
        self.webSocket = webSocket
        address = webSocket.remoteAddress
        clientKey = webSocket.clientKey
        requestID = webSocket.requestID
        since = host.now
        let settings = host.configuration.sessions
        isNumbered = resumable
        if resumable && settings.resume > .zero {
            replayBuffer = ReplayBuffer(reactor: host.index, bound: settings.resumeBytes)
        }
    }

    /// The session is ready for its client.
    func begin(_ session: any Session) {
        self.session = session
        webSocket?.delegate = session
        host.sessions.add(session, address: address)
    }

    func hello() { sendUnnumbered(SessionText.hello(replayBuffer, requestID, host.configuration.sessions)) }

    /// Says something that is not numbered, and lost on a client that is away.
    func sendUnnumbered(_ message: [UInt8]) { webSocket?.send(.text, message.span) }

    /// Says a numbered message; it is kept while the client is away.
    func sendNumbered(_ message: [UInt8]) {
        acted()
        nextNumber += 1
        replayBuffer?.keep(message)
        holdMemory()
        webSocket?.send(.text, message.span)
    }

    /// The client asks for something, or hears something: from now on it keeps its place, and another may lose one.
    func acted() {
        guard !hasActed else { return }
        hasActed = true
        host.sessions.acted(address)
    }

    func acknowledge(_ number: UInt64) {
        replayBuffer?.acknowledge(number)
        holdMemory()
    }

    private func holdMemory() {
        if isOver { return held.release(in: host.memory) }
        held.set(replayBuffer?.bytes ?? 0, in: host.memory, for: clientKey, self)
    }

    /// What is forgotten is missed if the client comes back, and it is told so.
    func evict(_ kind: MemoryKind) {
        replayBuffer?.forgetAll()
        holdMemory()
    }

    /// The connection is gone. - Returns: whether the client may come back.
    func lost(isClean: Bool) -> Bool {
        parted()
        guard !isOver, replayBuffer != nil, hasActed, !isClean, host.acceptsRequests else { return false }
        if let session { host.sessions.left(session, address) }
        let patience = host.configuration.sessions.resume.inNanoseconds
        timer = host.reactor.schedule(at: (host.now + patience).nanoseconds, self, key: 0)
        return true
    }

    func timerFired(_ key: UInt64) {
        timer = nil
        session?.end()
    }

    /// The client is back on `webSocket`, having received up to `number`: it hears what it missed, under a new token.
    func attach(_ webSocket: WebSocketConnection, after number: UInt64) {
        guard let session, var replayBuffer else { return }
        stopWaiting()
        self.webSocket?.delegate = nil
        self.webSocket?.close(.policyViolation, "resumed on another connection")
        parted()
        self.webSocket = webSocket
        connections += 1
        webSocket.delegate = session
        let old = replayBuffer.token
        replayBuffer.renewToken(host.index)
        let (missed, messages) = replayBuffer.messages(after: number)
        self.replayBuffer = replayBuffer
        host.sessions.returned(session, address)
        holdMemory()
        host.sessions.renewed(session, from: old)
        host.metrics.snapshot.sessionsResumed += 1
        let settings = host.configuration.sessions
        sendUnnumbered(SessionText.resumed(replayBuffer, requestID, after: number, missed: missed, settings))
        for message in messages { sendUnnumbered(message) }
    }

    /// The connection goes to another session.
    func detach() {
        webSocket?.delegate = nil
        webSocket = nil
        isTimedOut = true
    }

    /// - Returns: false where it was over already.
    func end() -> Bool {
        guard !isOver else { return false }
        isOver = true
        holdMemory()
        stopWaiting()
        if let session {
            host.sessions.remove(session, address: address)
            if !isTimedOut { record(session) }
        }
        session = nil
        return true
    }

    /// The connection is another's matter from now on.
    private func parted() {
        guard let webSocket else { return }
        traffic += webSocket.traffic
        closing = webSocket.closing
        self.webSocket = nil
    }

    /// A wire that is still there has nothing to say any more but its close.
    private func record(_ session: any Session) {
        guard host.accessLog.isEnabled else { return }
        var all = traffic
        if let webSocket { all += webSocket.traffic }
        let plan = session.kind.map { host.services[$0.plan].plan }
        let service = session.kind?.subject ?? plan?.name
        host.accessLog.write(
            SessionRecord(
                kind: plan.map { $0.traits.takesSubscriptions ? "topics" : "raw" } ?? "socket", service: service,
                traffic: all,
                elapsed: host.now.since(since), close: webSocket?.closing ?? closing, connections: connections,
                requestID: requestID, remote: address))
    }

    private func stopWaiting() {
        if let timer { host.reactor.cancel(timer) }
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
protocol Session: WebSocketConnectionDelegate {
    var connection: ResumableConnection { get }
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
    var webSocket: WebSocketConnection? { connection.webSocket }

    func webSocketClosed(isClean: Bool) { if !connection.lost(isClean: isClean) { end() } }

    func resume(on webSocket: WebSocketConnection, after number: UInt64) {
        connection.attach(webSocket, after: number)
        returned()
    }

    /// The connection went to another session: end without a word.
    func giveUp() {
        connection.detach()
        end()
    }

    /// The token that the client has is worth nothing (any more).
    func rejectResume(_ detail: String) {
        connection.sendUnnumbered(SessionText.error(nil, Problem(.resumeRejected, detail)))
    }
}
