// One exchange of a multiplexed session: what POST /v1/services/{service} is, with messages in place of a response.

import Bridge
import Configuration
import JSON
import ZeroMQ

/// The client side of one exchange.
final class SessionExchange: ExchangeClient {
    let id: String
    private unowned let session: MultiplexedSession
    private let core: Core
    private var plan: ServicePlan?
    private var subject: String?
    private var rules: EndRules?
    private var body: [UInt8] = []
    private var text: ReplyText?
    private var allowsPartial = false
    private var exchange: OpenExchange?

    init(_ session: MultiplexedSession, _ core: Core, _ id: String) {
        self.session = session
        self.core = core
        self.id = id
    }

    /// Looks at everything that can be refused before the worker hears of it.
    func prepare(_ message: ClientMessage, _ payload: Span<UInt8>) -> Problem? {
        let name = message.service ?? ""
        let offered = core.offers[name]
        let configured = core.shared.plans.first { $0.name == name && !$0.isBroker }
        guard let plan = configured ?? offered?.plan else {
            let known = "GET /v1/services lists them"
            return Problem(.unknownService, "there is no service \"\(name.prefix(64))\"; \(known)")
        }
        let parameters = RequestParameters()
        for (key, value) in message.overrides(payload) {
            if let problem = parameters.apply(key, value) { return problem }
        }
        allowsPartial = parameters.allowsPartial
        subject = configured == nil ? name : nil
        let base = configured == nil ? offered?.rules ?? plan.rules : plan.rules
        switch base.overridden(by: parameters.wishes, within: plan.bounds) {
        case .accepted(let rules): self.rules = rules
        case .tooMuch(let key):
            let advice = "GET /v1/services/\(name) to see its `overrides`"
            return Problem(.badParameter, "\(key.rawValue) is more than service \"\(name)\" allows; \(advice)")
        }
        self.plan = plan
        text = plan.replyText
        if let problem = wrongVerb(message, plan) { return problem }
        return plan.isPublisher ? prepareTopics(message, payload, plan) : prepareBody(message, payload, plan)
    }

    private func wrongVerb(_ message: ClientMessage, _ plan: ServicePlan) -> Problem? {
        guard (message.operation == "subscribe") != plan.isPublisher else { return nil }
        let what = plan.isPublisher ? "is a publisher; write \"op\":\"subscribe\"" : "is none; write \"op\":\"request\""
        return Problem(.badMessage, "service \"\(plan.name)\" \(what)")
    }

    private func prepareTopics(_ message: ClientMessage, _ payload: Span<UInt8>, _ plan: ServicePlan) -> Problem? {
        guard let topics = message.topics(payload) else {
            return Problem(.badMessage, "`topics` must be an array of strings; [\"\"] is everything")
        }
        if let problem = (core.services[plan.index] as? PublisherService)?.problem(of: topics) { return problem }
        body = TopicList.bytes(of: topics)
        return nil
    }

    private func prepareBody(_ message: ClientMessage, _ payload: Span<UInt8>, _ plan: ServicePlan) -> Problem? {
        guard let body = message.body(payload, plan.configuration.body) else {
            let wanted = plan.configuration.body == .json ? "a JSON value" : "a JSON string (base64 for binary)"
            return Problem(.badMessage, "`body` must be \(wanted)")
        }
        if let problem = BodyCheck.problem(of: body.span, plan) { return problem }
        self.body = plan.configuration.request == .envelope ? envelope(body.span, plan) : body
        return nil
    }

    /// The session looks after its connection itself.
    var nextLook: Instant { .distantFuture }
    func look() {}

    var fairnessKey: UInt64 { UInt64(UInt(bitPattern: ObjectIdentifier(session))) }

    func open() {
        guard let plan, let rules else { return }
        let body = body
        self.body = []
        var frame = Frame(copying: body.span)
        let exchange = core.open(core.services[plan.index], subject, rules: rules, &frame, client: self)
        if exchange.exchange.end == nil { self.exchange = exchange }
    }

    func finish(because reason: EndReason) { exchange?.finish(because: reason) }
    func pause() { exchange?.pause() }
    func resume() { exchange?.resume() }

    func delivered(_ body: Span<UInt8>, _ inspection: Inspection) {
        guard let text else { return }
        session.say(SessionText.reply(id, session.nextNumber, body, inspection, text))
    }

    func concluded(_ end: End, _ reply: Span<UInt8>, _ fault: String?, _ exchange: Exchange) {
        let attempts = self.exchange?.handling?.attempts ?? 1
        self.exchange = nil
        guard let plan else { return }
        var problem = end.isOK ? nil : EndProblem.make(end, plan, called: subject ?? plan.name, exchange, reply, fault)
        if end.outcome == .incomplete && allowsPartial && exchange.delivered > 0 { problem = nil }
        if end.reason == .error { problem?.extras.append(("reply", plan.errorText(reply))) }
        let elapsed = core.now.since(exchange.openedAt)
        let record = EndRecord(
            end: end, replies: exchange.delivered, elapsed: elapsed, attempts: attempts, problem: problem)
        session.say(SessionText.end(id, session.nextNumber, record))
        session.concluded(self)
    }

    /// As RequestEnvelope makes it of an HTTP request; there is no more of one here.
    private func envelope(_ body: Span<UInt8>, _ plan: ServicePlan) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in [("method", "MESSAGE"), ("path", "/v1/socket")] {
            writer.key(name)
            writer.string(value)
        }
        for name in ["params", "query", "headers"] {
            writer.key(name)
            writer.beginObject()
            writer.endObject()
        }
        writer.key("body")
        RequestEnvelope.write(body, plan.configuration.body, into: &writer)
        writer.key("request_id")
        writer.string(id)
        writer.key("remote")
        writer.string(session.wire?.remoteAddress ?? "")
        writer.endObject()
        return writer.bytes
    }
}
