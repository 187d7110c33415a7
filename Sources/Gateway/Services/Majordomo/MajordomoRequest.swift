// One request of a native Majordomo client: what an exchange is for the web. It ends with the last reply; a client that
// gets none asks again, as the protocol has it.

import Bridge
import ZeroMQ

/// The way back to a native client.
final class MajordomoRequest: RequesterState, Requester {
    private let host: any ServiceHost
    private let broker: MajordomoService
    private let metrics: ServiceMetrics
    /// The client's identity, as it came.
    private var peer: Frame
    /// All requests of one client take turns with those of others.
    let fairnessKey: UInt64
    private let version: MajordomoVersion
    private let name: [UInt8]
    /// Bodies for a client that takes one reply, from a worker that sent parts.
    private var parts: [FrameBox] = []

    /// - Parameter service: the name as text; nil where the broker itself is asked.
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

    var memoryKey: UInt64 { MemoryLedger.noClient }
    var isNative: Bool { true }
    var canBeHeldBack: Bool { false }

    func receivedFromWorker(_ body: inout Frame, _ note: ReplyMetadata) {
        let isLast = note.last != nil
        if isLast || version.isTwo {
            reply(&body, note.more, isLast: isLast)
        } else {
            parts.append(FrameBox(exchange(&body, with: Frame())))
            parts += note.more
        }
        if isLast { host.requesters.remove(self) }
    }

    /// An answer of the broker's own.
    func answer(_ text: String) {
        var body = Frame(text)
        reply(&body, [], isLast: true)
    }

    /// The protocol has no words for it: the client hears nothing, and asks again.
    func finish(because reason: EndReason) {
        broker.rejections.note(reason)
        broker.ended(self, End(reason))
        host.requesters.remove(self)
    }

    // Its protocol has no words for these.
    func receivedFromPublisher(_ publication: Publication) {}
    func noteQueueTiming(_ queueTiming: QueueTiming) {}
    func unsentWasSent() {}
    func requestWasTaken() {}

    private func reply(_ body: inout Frame, _ more: [FrameBox], isLast: Bool) {
        let (router, name) = (broker.router, name)
        router.willSend()
        // Gone, or it does not take its replies: either way nobody else gets them.
        let outcome = address(router, isLast: isLast)
        if outcome == .wouldBlock { broker.rejections.note(.slowClient) }
        guard outcome == .sent else { return metrics.dropped(.unknown) }
        metrics.counts.nativeReplies += 1
        router.socket.begin(version.replyHead(isLast: isLast))
        var service = Frame(copying: name.span)
        _ = router.socket.send(&service, more: true)
        for part in parts { _ = router.socket.send(&part.frame, more: true) }
        _ = router.socket.send(&body, more: !more.isEmpty)
        for (index, box) in more.enumerated() { _ = router.socket.send(&box.frame, more: index < more.count - 1) }
    }

    private func address(_ router: MonitoredRouter, isLast: Bool) -> SendOutcome {
        if isLast { return router.socket.send(&peer, more: true) }
        var copy = peer.shared()
        return router.socket.send(&copy, more: true)
    }
}
