// Tracks whether a session's client is connected, and keeps what it may request when it comes back. Part of each
// session.
//
//     there --connection lost, `sessions.resume` > 0--> away --resume with the token--> there
//       |                                                 +---- time is up ----> over
//       +---- goodbye, or nothing to resume ------------------------------------> over

import Bridge
import Configuration
package import Contract
package import Operations
import Reactors
import WebSocket

/// The connection of a session, and its replay buffer.
package final class ResumableConnection: TimerHandler, MemoryHolder {
    /// Nil while the client is away.
    package private(set) var webSocket: WebSocketConnection?
    package private(set) var isOver = false
    /// The client requested numbered messages. They can be resumed if `sessions.resume` is not 0.
    let isNumbered: Bool
    /// The number of the next numbered message.
    private(set) var nextNumber: UInt64 = 1
    /// Nil if the session cannot be resumed.
    private(set) var replayBuffer: ReplayBuffer?
    private let host: any WebHost
    private let address: String
    /// The client whose memory the replay buffer counts as.
    package let clientKey: UInt64
    private var held = HeldMemory(.resume)
    /// The request id of the first upgrade.
    package let requestID: RequestID
    private let since: Instant
    private var connections = 1
    /// The traffic of earlier connections.
    private var traffic = SessionTraffic()
    private var closing = SessionClose()
    /// The connection was given to another session.
    private var isTimedOut = false
    /// The session has been used, so a client may want to come back to it.
    private var hasActed = false
    /// Set from `begin` to `end`.
    private var session: (any Session)?
    private var timer: TimerID?

    init(_ host: any WebHost, _ webSocket: WebSocketConnection, resumable: Bool) {
        self.host = host
        self.webSocket = webSocket
        address = webSocket.remoteAddress
        clientKey = webSocket.clientKey
        requestID = webSocket.requestID
        since = host.now
        let settings = host.sessionSettings
        isNumbered = resumable
        if resumable && settings.resume > .zero {
            replayBuffer = ReplayBuffer(reactor: host.index, bound: settings.resumeBytes)
        }
    }

    /// The session is ready for its client.
    package func begin(_ session: any Session) {
        self.session = session
        webSocket?.delegate = session
        host.sessions.add(session, address: address)
    }

    package func hello() { sendUnnumbered(SessionText.hello(replayBuffer, requestID, host.sessionSettings)) }

    /// Sends a message without a number. It is lost if the client is away.
    func sendUnnumbered(_ message: [UInt8]) { webSocket?.send(.text, message.span) }

    /// Sends a numbered message. It is kept while the client is away.
    func sendNumbered(_ message: [UInt8]) {
        acted()
        nextNumber += 1
        replayBuffer?.keep(message)
        holdMemory()
        webSocket?.send(.text, message.span)
    }

    /// The session is used for the first time. From now on it keeps its place, and another session may lose one for it.
    func acted() {
        guard !hasActed else { return }
        hasActed = true
        host.sessions.acted(address)
    }

    package func acknowledge(_ number: UInt64) {
        replayBuffer?.acknowledge(number)
        holdMemory()
    }

    private func holdMemory() {
        if isOver { return held.release(in: host.memory) }
        held.set(replayBuffer?.bytes ?? 0, in: host.memory, for: clientKey, self)
    }

    /// Drops the kept messages. A client that comes back receives the number of missed ones.
    package func evict(_ kind: MemoryKind) {
        replayBuffer?.forgetAll()
        holdMemory()
    }

    /// The connection is gone. - Returns: whether the client may come back.
    package func lost(isClean: Bool) -> Bool {
        parted()
        guard !isOver, replayBuffer != nil, hasActed, !isClean, host.acceptsRequests else { return false }
        if let session { host.sessions.left(session, address) }
        let patience = host.sessionSettings.resume.inNanoseconds
        timer = host.reactor.schedule(at: (host.now + patience).nanoseconds, self, key: 0)
        return true
    }

    package func timerFired(_ key: UInt64) {
        timer = nil
        session?.end()
    }

    /// The client is back on `webSocket` and has received up to `number`. It gets a new token and what it missed.
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
        let settings = host.sessionSettings
        sendUnnumbered(SessionText.resumed(replayBuffer, requestID, after: number, missed: missed, settings))
        for message in messages { sendUnnumbered(message) }
    }

    /// Gives the connection to another session.
    func detach() {
        webSocket?.delegate = nil
        webSocket = nil
        isTimedOut = true
    }

    /// - Returns: false if the session was already over.
    package func end() -> Bool {
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

    /// Lets go of the connection and keeps its counts.
    private func parted() {
        guard let webSocket else { return }
        traffic += webSocket.traffic
        closing = webSocket.closing
        self.webSocket = nil
    }

    /// Writes the access log's line. A connection that is still there only has its close left to send.
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

/// The service of a raw session.
package struct SessionKind: Sendable, Equatable {
    /// The service's position in the configuration.
    package let plan: Int
    /// The registered service, if it is a broker.
    package let subject: String?
}

/// A session of any kind.
package protocol Session: WebSocketConnectionDelegate {
    var connection: ResumableConnection { get }
    /// The service of a raw session; nil for others. Only a session of the same kind can resume another one.
    var kind: SessionKind? { get }
    /// The client is back on another connection and has received what it missed.
    func returned()
    /// The gateway drains: finish and leave.
    func goodbye(retryAfter milliseconds: Int)
    /// Leave now.
    func shutDown()
    /// Releases everything. A second call does nothing.
    func end()
}

extension Session {
    package var webSocket: WebSocketConnection? { connection.webSocket }

    package func webSocketClosed(isClean: Bool) { if !connection.lost(isClean: isClean) { end() } }

    package func resume(on webSocket: WebSocketConnection, after number: UInt64) {
        connection.attach(webSocket, after: number)
        returned()
    }

    /// The connection went to another session: ends without a message.
    package func giveUp() {
        connection.detach()
        end()
    }

    /// Reports that the client's token is not valid, or no longer.
    func rejectResume(_ detail: String) {
        connection.sendUnnumbered(SessionText.error(nil, Problem(.resumeRejected, detail)))
    }
}
