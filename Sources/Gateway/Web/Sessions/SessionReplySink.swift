// One exchange of a multiplexed session: like POST /v1/services/{service}, with messages instead of a response.

import Bridge
import JSON
import ZeroMQ

/// Numbers the replies and the end of one exchange and sends them over its session.
final class SessionReplySink: ReplySink {
    let id: String
    let exchange: Exchange
    private unowned let session: MultiplexedSession
    private let host: any WebHost
    private let allowsPartial: Bool

    init(_ session: MultiplexedSession, _ host: any WebHost, _ id: String, _ request: SessionRequest) {
        self.session = session
        self.host = host
        self.id = id
        allowsPartial = request.allowsPartial
        exchange = Exchange(
            host, host.services[request.plan.index], request.rules,
            fairnessKey: UInt64(UInt(bitPattern: ObjectIdentifier(session))),
            takesEnvelopes: request.plan.configuration.reply == .envelope)
        exchange.subject = request.subject
    }

    func open(_ request: inout Frame) { exchange.open(&request, self) }

    var memoryKey: UInt64 { session.connection.clientKey }

    // The session maintains its connection itself.
    var nextLook: Instant { .distantFuture }
    func look() {}
    func requestWasSent() {}

    func deliver(_ body: Span<UInt8>, _ inspection: Inspection) {
        session.sendNumbered(SessionText.reply(id, session.nextNumber, body, inspection, exchange.plan.replyText))
    }

    func ended(_ end: End, _ reply: Span<UInt8>, _ fault: String?) {
        let plan = exchange.plan
        let called = exchange.subject ?? plan.name
        var problem = end.isOK ? nil : EndProblem.make(end, plan, called: called, exchange.state, reply, fault)
        if end.isPartial && allowsPartial { problem = nil }
        if end.reason == .error { problem?.extras.append(("reply", plan.errorText(reply))) }
        let record = EndRecord(
            end: end, replies: exchange.state.delivered, elapsed: host.now.since(exchange.state.openedAt),
            attempts: exchange.queueTiming?.attempts ?? 1, problem: problem)
        session.sendNumbered(SessionText.end(id, session.nextNumber, record))
        session.concluded(self)
    }
}
