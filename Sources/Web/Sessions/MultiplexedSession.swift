// A WebSocket with the subprotocol zmq-gateway.v1: many services and exchanges over one connection.
//
//     {"op":"request","id":"a","service":"s","body":...} --> an exchange, as POST /v1/services/s opens one
//     {"op":"subscribe","id":"a","service":"s","topics":[...]} --> an exchange with a publisher, as GET opens one
//     {"op":"reply","id":"a","seq":1,"body":...}        <--  each reply
//     {"op":"end","id":"a","seq":2,"reason":...}        <--  its end, in every case
//     {"op":"ping"} --> {"op":"pong"}                        for pages, which do not see the WebSocket protocol's pings
//
// An invalid message is answered with an error and affects no other exchange. Replies and ends are numbered across the
// session, so that a client can resume where it lost its connection.

import Bridge
import Configuration
import Contract
import JSON
import Reactors
package import WebSocket
import ZeroMQ

/// One multiplexed session.
package final class MultiplexedSession: Session {
    /// The subprotocol (RFC 6455, section 1.9).
    package static let subprotocol = "zmq-gateway.v1"

    package let connection: ResumableConnection
    package var kind: SessionKind? { nil }
    private let host: any WebHost
    private var exchanges: [String: SessionReplySink] = [:]
    private var isLeaving = false

    init(_ host: any WebHost, _ webSocket: WebSocketConnection) {
        self.host = host
        connection = ResumableConnection(host, webSocket, resumable: true)
        connection.begin(self)
        connection.hello()
    }

    // MARK: From the client

    package func receivedFromClient(_ kind: MessageKind, _ payload: Span<UInt8>) {
        guard kind == .text else {
            return report(nil, Problem(.badMessage, "messages are JSON text; binary bodies travel as base64"))
        }
        switch ClientMessage.read(payload) {
        case .failure(let problem): report(nil, problem)
        case .success(let message):
            switch message.operation {
            case "request", "subscribe": request(message, payload)
            case "cancel": cancel(message)
            case "ping": connection.sendUnnumbered(SessionText.pong)
            case "ack": connection.acknowledge(message.number(payload))
            case "resume":
                host.sessions.resume(self, token: message.token(payload), after: message.number(payload))
            default:
                let operations = "request, subscribe, cancel, ack, ping or resume"
                report(message.id, Problem(.badMessage, "`op` must be \(operations)"))
            }
        }
    }

    private func request(_ message: ClientMessage, _ payload: Span<UInt8>) {
        guard let id = message.id, !id.isEmpty, id.utf8.count <= 64 else {
            return report(nil, Problem(.badMessage, "`id` must be a string of 1 to 64 bytes"))
        }
        guard exchanges[id] == nil else {
            return report(id, Problem(.duplicateID, "\"\(id)\" is already open; wait for its end, or use another id"))
        }
        if let problem = begin(id, message, payload) { sendNumbered(SessionText.rejected(id, nextNumber, problem)) }
    }

    /// Opens an exchange. - Returns: why it was rejected, or nil.
    private func begin(_ id: String, _ message: ClientMessage, _ payload: Span<UInt8>) -> Problem? {
        switch SessionRequest.read(message, payload, id: id, webSocket, host) {
        case .rejected(let problem): return problem
        case .accepted(let request):
            if let problem = fullness() { return problem }
            let sink = SessionReplySink(self, host, id, request)
            exchanges[id] = sink
            connection.acted()
            var frame = Frame(copying: request.body.span)
            sink.open(&frame)
            return nil
        }
    }

    private func fullness() -> Problem? {
        let most = host.sessionSettings.maxExchanges
        if isLeaving { return Problem(.shutdown, "the gateway is shutting down") }
        guard exchanges.count >= most else { return nil }
        return Problem(.tooManyExchanges, "this session already has \(most) exchanges in flight")
    }

    private func cancel(_ message: ClientMessage) {
        guard let id = message.id, let sink = exchanges[id] else {
            return report(message.id, Problem(.unknownID, "there is nothing to cancel"))
        }
        sink.exchange.finish(because: .cancelled, by: sink)
    }

    package func paused() { for sink in exchanges.values { sink.exchange.pause(by: sink) } }
    package func resumed() { for sink in exchanges.values { sink.exchange.resume(by: sink) } }

    // MARK: To the client

    /// The number of the next reply or end.
    var nextNumber: UInt64 { connection.nextNumber }

    /// Sends a numbered message. It is kept while the client is away.
    func sendNumbered(_ message: [UInt8]) {
        guard !connection.isOver else { return }
        connection.sendNumbered(message)
    }

    func concluded(_ sink: SessionReplySink) {
        exchanges[sink.id] = nil
        if isLeaving && exchanges.isEmpty { leave() }
    }

    private func report(_ id: String?, _ problem: Problem) { connection.sendUnnumbered(SessionText.error(id, problem)) }

    // MARK: The end

    package func end() {
        guard connection.end() else { return }
        for sink in exchanges.values { sink.exchange.finish(because: .clientLeft, by: sink) }
        exchanges = [:]
    }

    package func returned() { resumed() }

    package func goodbye(retryAfter milliseconds: Int) {
        connection.sendUnnumbered(SessionText.goodbye(milliseconds))
        isLeaving = true
        if exchanges.isEmpty { leave() }
    }

    /// Everything in flight has finished.
    private func leave() {
        webSocket?.close(.goingAway, "shutdown")
        if webSocket == nil { end() }
    }

    package func shutDown() {
        for sink in exchanges.values { sink.exchange.finish(because: .shutdown, by: sink) }
        webSocket?.close(.goingAway, "shutdown")
        end()
    }
}
