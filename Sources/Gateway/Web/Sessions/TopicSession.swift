// A WebSocket on a publisher: the client says what it wants to hear, and hears it.
//
//     {"op":"subscribe","topic":"a"}                  -->
//     {"op":"message","topic":"a.b","body":...}       <--   each message that begins with a topic of the session
//     {"op":"unsubscribe","topic":"a"}                -->
//
// What cannot be obeyed is answered with an error and harms nothing. A lost connection is the end: whoever comes back
// subscribes again, and the cache, where there is one, has the last values.

import Bridge
import JSON
import WebSocket
import ZeroMQ

/// One session with a publisher.
final class TopicSession: RequesterState, Requester, Session {
    let connection: ResumableConnection
    let kind: SessionKind?
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

    func receivedFromClient(_ kind: MessageKind, _ payload: Span<UInt8>) {
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
            return report(Problem(.badMessage, "`topic` must be a string; empty is everything"))
        }
        if let problem = verb(topic) { report(problem) }
    }

    private func subscribe(_ topic: [UInt8]) -> Problem? {
        if let problem = publisher.problem(of: [topic]) { return problem }
        guard publisher.subscribers.topicCount(self) < TopicList.most else {
            return Problem(.badMessage, "a session listens to at most \(TopicList.most) topics; unsubscribe some")
        }
        // Another reactor may have taken the last one meanwhile.
        return publisher.subscribers.subscribe(self, to: topic)
            ? nil : Problem(.tooManyTopics, "as many topics are listened to as max_topics allows")
    }

    private func unsubscribe(_ topic: [UInt8]) -> Problem? {
        publisher.subscribers.unsubscribe(self, from: topic)
            ? nil : Problem(.unknownTopic, "this session does not listen to that topic")
    }

    private func report(_ problem: Problem) { connection.sendUnnumbered(SessionText.error(nil, problem)) }

    func paused() { publisher.pause(self) }
    func resumed() { publisher.resume(self) }

    // MARK: From the publisher

    func receivedFromPublisher(_ publication: Publication) { webSocket?.send(.text, publication.message.span) }

    // It sends no requests.
    var fairnessKey: UInt64 { connection.clientKey }
    var memoryKey: UInt64 { connection.clientKey }
    var isNative: Bool { false }
    var canBeHeldBack: Bool { false }
    func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata) {}
    func noteQueueTiming(_ queueTiming: QueueTiming) {}
    func unsentWasSent() {}
    func requestWasTaken() {}

    // MARK: The end

    /// Too slow for what came while it was catching up. A shutdown is told by `goodbye`.
    func finish(because reason: EndReason) {
        guard reason != .shutdown, let code = ProblemCode(reason) else { return }
        webSocket?.close(CloseCode(UInt16(code.closeCode)), code.rawValue)
        end()
    }

    func end() {
        guard connection.end() else { return }
        publisher.subscribers.leave(self)
    }

    func returned() {}

    func goodbye(retryAfter milliseconds: Int) {
        connection.sendUnnumbered(SessionText.goodbye(milliseconds))
        webSocket?.close(.goingAway, "shutdown; retry in \(milliseconds) ms")
    }

    func shutDown() {
        webSocket?.close(.goingAway, "shutdown")
        end()
    }
}
