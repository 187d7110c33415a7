// A route to a service, and the shapes of requests and replies on it.

package import Bridge
package import Configuration

/// A route to a service: the built-in one, or a configured one with its own shapes and rules.
package final class ServiceRoute: Sendable {
    package let plan: ServicePlan
    package let request: ServiceConfiguration.Shape
    package let reply: ServiceConfiguration.Shape
    /// Header fields that the request envelope carries.
    package let headers: [String]
    package let rules: EndRules
    /// The most that a request may ask for on this route.
    package let bounds: OverrideBounds
    /// The query belongs to the worker. On the built-in route it holds the gateway's parameters.
    package let isConfigured: Bool
    /// The registered service that it leads to, if the service is a broker.
    package let subject: String?
    /// How replies are written on this route.
    package let replyText: ReplyText
    /// The problem of a route that leads to a broker but to none of its registered services: it takes no requests.
    package var brokerProblem: Problem? {
        guard plan.traits.listsRegisteredNames, subject == nil else { return nil }
        let advice = "request one of the names that it lists as `registered`"
        return Problem(.unknownService, "\"\(name)\" is a Majordomo broker; \(advice)")
    }
    /// The name of the service for clients.
    package var name: String { subject ?? plan.name }

    /// The built-in route to a service of the configuration.
    package convenience init(_ plan: ServicePlan) { self.init(plan, rules: plan.rules) }

    /// A configured route.
    package convenience init(_ plan: ServicePlan, _ route: RouteConfiguration) {
        self.init(
            plan, request: route.request, reply: route.reply, headers: route.headers,
            rules: EndRules(route.replies, impliedCount: plan.configuration.impliedCount), isConfigured: true,
            subject: route.registered)
    }

    /// - Parameter subject: the registered service, if the route leads to a broker.
    package init(
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
