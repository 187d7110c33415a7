// A WebSocket to a publisher: the client subscribes to topics and receives their messages.
//
//     {"op":"subscribe","topic":"a"}                  -->
//     {"op":"message","topic":"a.b","body":...}       <--   each message that begins with a topic of the session
//     {"op":"unsubscribe","topic":"a"}                -->
//
// An invalid message is answered with an error and affects nothing else. A lost connection ends the session: a client
// that comes back subscribes again, and the cache, if there is one, has the last values.

package import Bridge
package import Contract
import JSON
package import Services
package import WebSocket
package import ZeroMQ

/// One session with a publisher.
package final class TopicSession: RequesterState, Requester, Session {
    package let connection: ResumableConnection
    package let kind: SessionKind?
    private let publisher: any TopicSource

    init(_ host: any WebHost, _ publisher: any TopicSource, _ kind: SessionKind, _ webSocket: WebSocketConnection) {
        self.publisher = publisher
        connection = ResumableConnection(host, webSocket, resumable: false)
        self.kind = kind
        super.init(publisher)
        connection.begin(self)
        publisher.subscribers.join(self)
    }

    // MARK: From the client

    package func receivedFromClient(_ kind: MessageKind, _ payload: Span<UInt8>) {
        guard kind == .text else { return report(Problem(.badMessage, "messages are JSON text")) }
        switch ClientMessage.read(payload) {
        case .failure(let problem): report(problem)
        case .success(let message):
            switch message.operation {
            case "subscribe": change(message, payload, subscribe)
            case "unsubscribe": change(message, payload, unsubscribe)
            default: report(Problem(.badMessage, "`op` must be subscribe or unsubscribe"))
            }
        }
    }

    private func change(_ message: ClientMessage, _ payload: Span<UInt8>, _ verb: ([UInt8]) -> Problem?) {
        guard let topic = message.topic(payload) else {
            return report(Problem(.badMessage, "`topic` must be a string; an empty one subscribes to everything"))
        }
        if let problem = verb(topic) { report(problem) }
    }

    private func subscribe(_ topic: [UInt8]) -> Problem? {
        if let problem = publisher.problem(of: [topic]) { return problem }
        guard publisher.subscribers.topicCount(self) < TopicList.most else {
            return Problem(.badMessage, "a session can subscribe to at most \(TopicList.most) topics; unsubscribe some")
        }
        // Another reactor may have taken the last topic meanwhile.
        return publisher.subscribers.subscribe(self, to: topic)
            ? nil : Problem(.tooManyTopics, "the service has reached its limit of topics (max_topics)")
    }

    private func unsubscribe(_ topic: [UInt8]) -> Problem? {
        publisher.subscribers.unsubscribe(self, from: topic)
            ? nil : Problem(.unknownTopic, "this session is not subscribed to that topic")
    }

    private func report(_ problem: Problem) { connection.sendUnnumbered(SessionText.error(nil, problem)) }

    package func paused() { publisher.pause(self) }
    package func resumed() { publisher.resume(self) }

    // MARK: From the publisher

    package func receivedFromPublisher(_ publication: Publication) { webSocket?.send(.text, publication.message.span) }

    // A publisher's session sends no requests.
    package var fairnessKey: UInt64 { connection.clientKey }
    package var memoryKey: UInt64 { connection.clientKey }
    package var isNative: Bool { false }
    package var canBeHeldBack: Bool { false }
    package func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata) {}
    package func noteQueueTiming(_ queueTiming: QueueTiming) {}
    package func unsentWasSent() {}
    package func requestWasTaken() {}

    // MARK: The end

    /// The client was too slow for the messages that came while it caught up. `goodbye` handles a shutdown.
    package func finish(because reason: EndReason) {
        guard reason != .shutdown, let code = ProblemCode(reason) else { return }
        webSocket?.close(CloseCode(UInt16(code.closeCode)), code.rawValue)
        end()
    }

    package func end() {
        guard connection.end() else { return }
        publisher.subscribers.leave(self)
    }

    package func returned() {}

    package func goodbye(retryAfter milliseconds: Int) {
        connection.sendUnnumbered(SessionText.goodbye(milliseconds))
        webSocket?.close(.goingAway, "shutdown; retry in \(milliseconds) ms")
    }

    package func shutDown() {
        webSocket?.close(.goingAway, "shutdown")
        end()
    }
}
