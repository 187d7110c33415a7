// One exchange of a multiplexed session: what POST /v1/services/{service} is, with messages in place of a response.

import Bridge
import JSON
import ZeroMQ

/// One exchange of a session, which looks after its connection itself.
final class SessionExchange: OpenExchange {
    let id: String
    private unowned let session: MultiplexedSession
    private let allowsPartial: Bool

    init(_ session: MultiplexedSession, _ core: Core, _ id: String, _ request: SessionRequest) {
        self.session = session
        self.id = id
        allowsPartial = request.allowsPartial
        super.init(core, core.services[request.plan.index], rules: request.rules)
        subject = request.subject
    }

    override var client: UInt64 { UInt64(UInt(bitPattern: ObjectIdentifier(session))) }

    override var memoryClient: UInt64 { session.presence.clientKey }

    override func delivered(_ body: Span<UInt8>, _ inspection: Inspection) {
        session.say(SessionText.reply(id, session.nextNumber, body, inspection, plan.replyText))
    }

    override func concluded(_ end: End, _ reply: Span<UInt8>, _ fault: String?) {
        var problem = end.isOK ? nil : EndProblem.make(end, plan, called: subject ?? plan.name, exchange, reply, fault)
        if end.isPartial && allowsPartial { problem = nil }
        if end.reason == .error { problem?.extras.append(("reply", plan.errorText(reply))) }
        let record = EndRecord(
            end: end, replies: exchange.delivered, elapsed: core.now.since(exchange.openedAt),
            attempts: handling?.attempts ?? 1, problem: problem)
        session.say(SessionText.end(id, session.nextNumber, record))
        session.concluded(self)
    }
}
