// One exchange of a multiplexed session: like POST /v1/services/{service}, with messages instead of a response.

package import Bridge
package import Contract
import JSON
package import Services
package import ZeroMQ

/// Numbers the replies and the end of one exchange and sends them over its session.
package final class SessionReplySink: ReplySink {
    package let id: String
    package let exchange: Exchange
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

    package func open(_ request: inout Frame) { exchange.open(&request, self) }

    package var memoryKey: UInt64 { session.connection.clientKey }

    // The session maintains its connection itself.
    package var nextLook: Instant { .distantFuture }
    package func look() {}
    package func requestWasSent() {}

    package func deliver(_ body: Span<UInt8>, _ inspection: Inspection) {
        session.sendNumbered(SessionText.reply(id, session.nextNumber, body, inspection, exchange.plan.replyText))
    }

    package func ended(_ end: End, _ reply: Span<UInt8>, _ fault: String?) {
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
