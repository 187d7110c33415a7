// The sessions of one reactor: their counts, in total and by address, and those that wait for their client to come
// back.
//
//     fresh session --resume with a token--> the registry finds the old one, here or on the reactor that the token
//                                            names, and gives it the connection; the fresh one ends

import Bridge
import Configuration
package import Contract
package import HTTP
import Reactors
import Services
package import WebSocket

/// A connection on its way to the reactor that its session lives on. The letter transfers its ownership.
package final class SessionTransfer: @unchecked Sendable {
    package struct Connection {
        package let stream: UpgradedStream
        package let codec: Codec
        package let requestID: RequestID
        package let upgrade: UpgradeHead?

        package init(stream: UpgradedStream, codec: Codec, requestID: RequestID, upgrade: UpgradeHead?) {
            self.stream = stream
            self.codec = codec
            self.requestID = requestID
            self.upgrade = upgrade
        }
    }

    package let connection: Connection
    /// The service of a raw session.
    package let kind: SessionKind?
    package let token: String
    package let number: UInt64

    init(_ connection: Connection, kind: SessionKind?, token: String, number: UInt64) {
        self.connection = connection
        self.kind = kind
        self.token = token
        self.number = number
    }
}

/// All sessions of one reactor.
package final class SessionRegistry: TimerHandler {
    private unowned let host: any WebHost
    private var sessions: [ObjectIdentifier: any Session] = [:]
    private var tokens: [String: any Session] = [:]
    private var addresses: [String: Int] = [:]
    private var away = AwaySessions()
    private var leaving: [any Session] = []

    package init(_ host: any WebHost) { self.host = host }

    package var count: Int { sessions.count }
    /// Sessions that wait for their client.
    package var awayCount: Int { away.count }

    private var most: Int { max(1, host.sessionSettings.max / host.reactorCount) }
    private var mostPerAddress: Int { max(1, host.sessionSettings.maxPerAddress / host.reactorCount) }

    /// Why another session from `address` is rejected, or nil. Sessions whose client is away do not count: they end
    /// when others need their places.
    package func problem(for address: String) -> Problem? {
        if address != "unix", addresses[address, default: 0] - away.count(address) >= mostPerAddress {
            return Problem(.tooManySessions, "your address already has \(mostPerAddress) sessions open")
        }
        if sessions.count - away.count >= most {
            return Problem(
                .overloaded, "the gateway has reached its limit of sessions (`sessions.max`); try again in a moment")
        }
        return nil
    }

    /// The client of `session` is away and may come back.
    package func left(_ session: any Session, _ address: String) { away.add(session, address) }

    package func returned(_ session: any Session, _ address: String) { away.remove(session, address) }

    /// A session of `address` is in use, rather than there only to resume another one. If there are too many now, the
    /// ones that have been away longest end.
    func acted(_ address: String) {
        while address != "unix", addresses[address, default: 0] > mostPerAddress, endLongestAway(of: address) {}
        while sessions.count > most, endLongestAway() {}
    }

    /// Ends the session that has been away longest. - Returns: whether there was one.
    package func endLongestAway(of address: String? = nil) -> Bool {
        guard let session = away.longest(of: address) else { return false }
        host.metrics.snapshot.sessionsEvicted += 1
        session.end()
        return true
    }

    package func add(_ session: any Session, address: String) {
        sessions[ObjectIdentifier(session)] = session
        addresses[address, default: 0] += 1
        host.metrics.snapshot.sessionsOpen += 1
        host.metrics.snapshot.sessionsOpened += 1
        if let token = session.connection.replayBuffer?.token { tokens[token] = session }
    }

    package func remove(_ session: any Session, address: String) {
        guard sessions.removeValue(forKey: ObjectIdentifier(session)) != nil else { return }
        away.remove(session, address)
        let left = addresses[address, default: 1] - 1
        addresses[address] = left > 0 ? left : nil
        host.metrics.snapshot.sessionsOpen -= 1
        if let token = session.connection.replayBuffer?.token { tokens[token] = nil }
    }

    /// `session` has replaced its token `old`.
    func renewed(_ session: any Session, from old: String) {
        tokens[old] = nil
        if let token = session.connection.replayBuffer?.token { tokens[token] = session }
    }

    /// The client of the fresh `session` wants to resume an old one.
    package func resume(_ session: any Session, token: String, after number: UInt64) {
        guard let home = ReplayBuffer.reactor(of: token), home < host.reactorCount else {
            return session.rejectResume("this is not a token of this gateway")
        }
        guard let webSocket = session.webSocket else { return }
        if home == host.index {
            guard let old = tokens[token], old !== session, old.kind == session.kind else {
                return session.rejectResume("the session is over or was already resumed")
            }
            session.giveUp()
            old.resume(on: webSocket, after: number)
        } else {
            let transfer = SessionTransfer(webSocket.detach(), kind: session.kind, token: token, number: number)
            session.giveUp()
            // The codec that read this message is still in use, further down the stack.
            host.whenTurnEnds { [unowned host] in host.post(transfer, to: home) }
        }
    }

    /// Takes over a connection from another reactor, for a session that lives here if it still exists.
    package func adopt(_ transfer: SessionTransfer) {
        let connection = transfer.connection
        let webSocket = WebSocketConnection(host, connection.stream, connection.codec, connection.requestID)
        webSocket.upgrade = connection.upgrade
        defer { webSocket.start() }
        if let old = tokens[transfer.token], old.kind == transfer.kind {
            return old.resume(on: webSocket, after: transfer.number)
        }
        // The fresh session that asked has ended on its reactor; it is replaced by another one here.
        let problem = Problem(.resumeRejected, "the session is over or was already resumed")
        webSocket.send(.text, SessionText.error(nil, problem).span)
        if makeSession(transfer.kind, webSocket) == nil { webSocket.abort() }
    }

    /// Makes a fresh session, which says hello.
    @discardableResult
    func makeSession(_ kind: SessionKind?, _ webSocket: WebSocketConnection, resumable: Bool = true) -> (any Session)? {
        guard let kind else { return MultiplexedSession(host, webSocket) }
        if let publisher = host.services[kind.plan] as? any TopicSource {
            return TopicSession(host, publisher, kind, webSocket)
        }
        return RawSession(host, host.services[kind.plan], kind, webSocket, resumable: resumable)
    }

    // MARK: The end

    /// Asks all sessions to leave, spread over time so that they do not all come back at once.
    package func drain() {
        leaving = sessions.values.filter { $0.webSocket != nil }
        for session in sessions.values where session.webSocket == nil { session.shutDown() }
        sayGoodbyes()
    }

    package func timerFired(_ key: UInt64) { sayGoodbyes() }

    private func sayGoodbyes() {
        let patience = min(host.configuration.timeouts.drain.inNanoseconds / 2, 5_000_000_000)
        let rounds = max(1, Int(patience / 100_000_000))
        for _ in 0..<min(leaving.count, (sessions.count + rounds - 1) / rounds) {
            leaving.removeLast().goodbye(retryAfter: Int.random(in: 500...5_000))
        }
        guard !leaving.isEmpty else { return }
        _ = host.reactor.schedule(at: host.reactor.now + 100_000_000, self, key: 0)
    }

    package func closeAll() { for session in sessions.values { session.shutDown() } }

    package func stop() {
        for session in sessions.values { session.webSocket?.abort() }
        sessions = [:]
        tokens = [:]
    }
}
