// One request of a native Majordomo client: what an exchange is for the web. It ends with the last reply; a client that
// gets none asks again, as the protocol has it.

import Bridge
import ZeroMQ

/// The way back to a native client.
final class MajordomoRequest: Correspondent {
    private let core: Core
    private let broker: MajordomoService
    private let peer: [UInt8]
    private let version: MajordomoVersion
    private let name: [UInt8]
    /// Bodies for a client that takes one reply, from a worker that sent parts.
    private var parts: [FrameBox] = []

    init(
        _ core: Core, _ broker: MajordomoService, client: [UInt8], _ version: MajordomoVersion, service: String,
        _ name: [UInt8]
    ) {
        self.core = core
        self.broker = broker
        peer = client
        self.version = version
        self.name = name
        super.init(broker)
        subject = service
    }

    /// All requests of one client take turns with those of others.
    override var client: UInt64 { peer.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }

    override var isNative: Bool { true }

    override func received(_ body: Span<UInt8>, _ note: ReplyNote) {
        let isLast = note.last != nil
        guard isLast || version.isTwo else {
            parts.append(FrameBox(Frame(copying: body)))
            parts += note.more
            return
        }
        var frames = parts
        frames.append(FrameBox(Frame(copying: body)))
        reply(frames + note.more, isLast: isLast)
        if isLast { core.closed(self) }
    }

    /// An answer of the broker's own.
    func answer(_ text: String) { reply([FrameBox(Frame(text))], isLast: true) }

    /// The protocol has no words for it: the client hears nothing, and asks again.
    override func finish(because reason: EndReason) {
        core.metrics.services[plan.index].counts.nativeRefusals += 1
        broker.ended(self, End(reason))
        core.closed(self)
    }

    private func reply(_ body: [FrameBox], isLast: Bool) {
        let (port, peer, name) = (broker.port, peer, name)
        port.willSend()
        var address = Frame(copying: peer.span)
        // Gone, or it does not take its replies: either way nobody else gets them.
        guard case .sent = port.socket.send(&address, more: true) else {
            return core.metrics.services[plan.index].dropped(.unknown)
        }
        core.metrics.services[plan.index].counts.nativeReplies += 1
        port.socket.begin(version.replyHead(isLast: isLast))
        var service = Frame(copying: name.span)
        _ = port.socket.send(&service, more: true)
        for (index, box) in body.enumerated() { _ = port.socket.send(&box.frame, more: index < body.count - 1) }
    }
}
