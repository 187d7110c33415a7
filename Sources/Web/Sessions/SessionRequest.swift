// A `request` or `subscribe` of a multiplexed session. Everything that can be rejected is checked before anything is
// sent to a worker.

package import Bridge
import Configuration
package import Contract
import JSON
import Services

/// A valid request.
package struct SessionRequest {
    package enum Outcome {
        case accepted(SessionRequest)
        case rejected(Problem)
    }

    package let plan: ServicePlan
    /// The registered service, if the plan is a broker's.
    package let subject: String?
    package let rules: EndRules
    package let allowsPartial: Bool
    /// The body for the worker.
    package let body: [UInt8]

    /// - Parameters:
    ///   - id: the client's name for the exchange.
    ///   - webSocket: the connection that the message came on, for the envelope.
    package static func read(
        _ message: ClientMessage, _ payload: Span<UInt8>, id: String, _ webSocket: WebSocketConnection?,
        _ host: any WebHost
    ) -> Outcome {
        let name = message.service ?? ""
        let registeredService = host.registeredServices[name]
        let configured = host.site.plans.first {
            $0.name == name && !$0.traits.listsRegisteredNames && $0.exposure.byName
        }
        guard let plan = configured ?? registeredService?.plan else {
            return .rejected(.unknownService(name))
        }
        let parameters = RequestParameters()
        parameters.takesTopics = plan.traits.takesSubscriptions
        for (key, value) in message.overrides(payload) {
            if let problem = parameters.apply(key, value) { return .rejected(problem) }
        }
        let base = configured == nil ? registeredService?.rules ?? plan.rules : plan.rules
        let rules: EndRules
        switch base.overridden(by: parameters.wishes, within: plan.bounds) {
        case .accepted(let overridden): rules = overridden
        case .tooMuch(let key):
            let advice = "GET /v1/services/\(name) to see its `overrides`"
            let much = "\(key.rawValue) exceeds what service \"\(name)\" allows"
            return .rejected(Problem(.badParameter, "\(much); \(advice)"))
        }
        if let problem = wrongVerb(message, plan) { return .rejected(problem) }
        let body =
            plan.traits.takesSubscriptions
            ? topics(message, payload, plan, host) : body(message, payload, plan, id: id, webSocket)
        switch body {
        case .failure(let problem): return .rejected(problem)
        case .success(let bytes):
            return .accepted(
                SessionRequest(
                    plan: plan, subject: configured == nil ? name : nil, rules: rules,
                    allowsPartial: parameters.allowsPartial, body: bytes))
        }
    }

    private enum Body {
        case success([UInt8])
        case failure(Problem)
    }

    private static func wrongVerb(_ message: ClientMessage, _ plan: ServicePlan) -> Problem? {
        guard (message.operation == "subscribe") != plan.traits.takesSubscriptions else { return nil }
        let what =
            plan.traits.takesSubscriptions
            ? "is a publisher; write \"op\":\"subscribe\"" : "is not a publisher; write \"op\":\"request\""
        return Problem(.badMessage, "service \"\(plan.name)\" \(what)")
    }

    private static func topics(
        _ message: ClientMessage, _ payload: Span<UInt8>, _ plan: ServicePlan, _ host: any WebHost
    ) -> Body {
        guard let topics = message.topics(payload) else {
            let advice = "[\"\"] subscribes to everything"
            return .failure(Problem(.badMessage, "`topics` must be an array of strings; \(advice)"))
        }
        if let problem = (host.services[plan.index] as? any TopicSource)?.problem(of: topics) {
            return .failure(problem)
        }
        return .success(TopicList.bytes(of: topics))
    }

    private static func body(
        _ message: ClientMessage, _ payload: Span<UInt8>, _ plan: ServicePlan, id: String,
        _ webSocket: WebSocketConnection?
    ) -> Body {
        guard let body = message.body(payload, plan.configuration.body) else {
            let wanted = plan.configuration.body == .json ? "a JSON value" : "a JSON string (base64 for binary)"
            return .failure(Problem(.badMessage, "`body` must be \(wanted)"))
        }
        if let problem = BodyCheck.problem(of: body.span, plan) { return .failure(problem) }
        guard plan.configuration.request == .envelope else { return .success(body) }
        guard let envelope = webSocket?.envelope(of: body.span, plan, message: id) else {
            return .failure(Problem(.shutdown, "the connection is gone"))
        }
        return .success(envelope)
    }
}

extension WebSocketConnection {
    /// The envelope of a message to a service that takes envelopes; nil if the upgrade request was not kept.
    /// - Parameter message: the message's name in its session.
    package func envelope(of body: Span<UInt8>, _ plan: ServicePlan, message: String) -> [UInt8]? {
        guard let upgrade else { return nil }
        let path = upgrade.path
        var envelope = RequestEnvelope(
            method: "GET".utf8.span, path: path.span, parameters: [], query: upgrade.query)
        for name in plan.configuration.headers {
            if let value = upgrade.headers[name] { envelope.header(name, value.span) }
        }
        return envelope.finish(
            body, plan.configuration.body, requestID: "\(requestID.text)/\(message)",
            traceparent: upgrade.traceparent, remote: remoteAddress)
    }
}
