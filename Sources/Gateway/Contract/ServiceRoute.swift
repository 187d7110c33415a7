// A way to a service, and what is asked for and answered on it.

import Bridge
import Configuration

/// A way to a service: the built-in one, or a configured route with its own shapes and rules.
final class ServiceRoute: Sendable {
    let plan: ServicePlan
    let request: ServiceConfiguration.Shape
    let reply: ServiceConfiguration.Shape
    /// Header fields that the request envelope carries.
    let headers: [String]
    let rules: EndRules
    /// The most that a request may ask for on this way.
    let bounds: OverrideBounds
    /// The query is the worker's; the built-in way takes the gateway's parameters from it.
    let isConfigured: Bool
    /// Of the services that a broker knows, which one.
    let subject: String?
    /// How replies are written on this way.
    let replyText: ReplyText
    /// Where it leads to a broker and to none of the services that its workers register: nothing can be asked there.
    var brokerProblem: Problem? {
        guard plan.traits.listsRegisteredNames, subject == nil else { return nil }
        let advice = "ask for one of the names that it lists as `registered`"
        return Problem(.unknownService, "\"\(name)\" is a Majordomo broker; \(advice)")
    }
    /// What the service is called.
    var name: String { subject ?? plan.name }

    /// The built-in way to a service of the configuration.
    convenience init(_ plan: ServicePlan) { self.init(plan, rules: plan.rules) }

    /// A configured way.
    convenience init(_ plan: ServicePlan, _ route: RouteConfiguration) {
        self.init(
            plan, request: route.request, reply: route.reply, headers: route.headers,
            rules: EndRules(route.replies, impliedCount: plan.configuration.impliedCount), isConfigured: true,
            subject: route.registered)
    }

    /// - Parameter subject: the registered service, where it leads to a broker.
    init(
        _ plan: ServicePlan, request: ServiceConfiguration.Shape? = nil, reply: ServiceConfiguration.Shape? = nil,
        headers: [String]? = nil, rules: EndRules, isConfigured: Bool = false, subject: String? = nil
    ) {
        self.plan = plan
        self.request = request ?? plan.configuration.request
        self.reply = reply ?? plan.configuration.reply
        self.headers = headers ?? plan.configuration.headers
        self.rules = rules
        bounds = isConfigured ? plan.bounds.including(rules) : plan.bounds
        self.isConfigured = isConfigured
        self.subject = subject
        replyText = plan.traits.takesSubscriptions
            ? plan.replyText : ReplyText(body: plan.configuration.body, isEnvelope: self.reply == .envelope)
    }
}
