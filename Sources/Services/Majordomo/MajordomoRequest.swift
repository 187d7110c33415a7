// One request of a native Majordomo client, as an exchange is one of a web client. It ends with the last reply. A
// client that gets no reply asks again, as the protocol says.

package import Bridge
package import Contract
import Operations
package import ZeroMQ

/// Sends replies back to a native client.
package final class MajordomoRequest: RequesterState, Requester {
    private let host: any ServiceHost
    private let broker: MajordomoService
    private let metrics: ServiceMetrics
    /// The client's identity, as it arrived.
    private var peer: Frame
    /// All requests of one client take turns with those of others.
    package let fairnessKey: UInt64
    private let version: MajordomoVersion
    private let name: [UInt8]
    /// Partial replies, collected for a client whose version has a single reply.
    private var parts: [FrameBox] = []

    /// - Parameter service: the name as text; nil for a request to the broker itself.
    init(
        _ host: any ServiceHost, _ broker: MajordomoService, client: consuming Frame, _ version: MajordomoVersion,
        _ name: [UInt8], service: String?
    ) {
        self.host = host
        self.broker = broker
        metrics = host.metrics.services[broker.plan.index]
        fairnessKey = FNV1a.hash(client.bytes)
        peer = client
        self.version = version
        self.name = name
        super.init(broker)
        subject = service
    }

    package var memoryKey: UInt64 { MemoryLedger.noClient }
    package var isNative: Bool { true }
    package var canBeHeldBack: Bool { false }

    package func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata) {
        let isLast = note.last != nil
        if isLast || version.isTwo {
            reply(&body, note.more, isLast: isLast)
        } else {
            parts.append(FrameBox(exchange(&body, with: Frame())))
            parts += note.more
        }
        if isLast { host.requesters.remove(self) }
    }

    /// Sends a reply of the broker itself.
    package func answer(_ text: String) {
        var body = Frame(text)
        reply(&body, [], isLast: true)
    }

    /// The protocol cannot report a failure: the client gets nothing and asks again.
    package func finish(because reason: EndReason) {
        broker.rejections.note(reason)
        broker.ended(self, End(reason))
        host.requesters.remove(self)
    }

    // Majordomo has no messages for these.
    package func receivedFromPublisher(_ publication: Publication) {}
    package func noteQueueTiming(_ queueTiming: QueueTiming) {}
    package func unsentWasSent() {}
    package func requestWasTaken() {}

    private func reply(_ body: inout Frame, _ more: [FrameBox], isLast: Bool) {
        let router = broker.router
        // The client is gone or does not read its replies. Either way no other client gets them.
        let outcome = address(router, isLast: isLast)
        if outcome == .wouldBlock { broker.rejections.note(.slowClient) }
        guard outcome == .sent else { return metrics.dropped(.unknown) }
        metrics.counts.nativeReplies += 1
        router.socket.add(copying: version.replyHead(isLast: isLast))
        router.socket.add(copying: CollectionOfOne(name))
        for part in parts { router.socket.add(part.take()) }
        router.socket.finish(&body, more)
    }

    private func address(_ router: MonitoredRouter, isLast: Bool) -> SendOutcome {
        if isLast { return router.begin(to: &peer) }
        var copy = peer.shared()
        return router.begin(to: &copy)
    }
}
