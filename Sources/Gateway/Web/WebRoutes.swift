// Every path that the gateway answers, in one table.

import Bridge
import Configuration

/// Where a request goes.
enum WebTarget: Sendable {
    /// An exchange with a service.
    case exchange(ServiceRoute)
    /// GET on a service: its description, or an exchange whose request stands in the query (EventSource can only GET).
    case service(ServiceRoute)
    /// GET on a publisher: its description, or its messages where the query names topics.
    case topics(ServiceRoute)
    case services, health, readiness, metrics, openAPI
    /// Multiplexed sessions.
    case socket
    /// An operator's word about a worker.
    case worker
    /// A name under /v1/services that no service has.
    case unknownService
}

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

    /// The way to a service that a broker's workers have registered.
    convenience init(_ plan: ServicePlan, _ offer: Offer) {
        self.init(plan, rules: plan.rules.ofWorkers(streaming: offer.streams), subject: offer.name)
    }

    /// A configured way.
    convenience init(_ plan: ServicePlan, _ route: RouteConfiguration) {
        self.init(
            plan, request: route.request, reply: route.reply, headers: route.headers,
            rules: EndRules(route.replies, impliedCount: plan.configuration.impliedCount), isConfigured: true,
            subject: route.registered)
    }

    private init(
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

/// The table, built from the configuration.
struct WebRoutes: Sendable {
    private let table: RouteTable
    private let targets: [WebTarget]

    init(_ configuration: Configuration, _ plans: [ServicePlan]) {
        var routes: [(method: String, path: String, target: WebTarget)] = []
        let builtIn: [(String, WebTarget)] = [
            ("/v1/services", .services), ("/healthz", .health), ("/readyz", .readiness), ("/metrics", .metrics),
            ("/openapi.json", .openAPI), ("/v1/socket", .socket),
        ]
        for (path, target) in builtIn { routes.append(("GET", path, target)) }
        routes.append(("*", "/v1/services/{service}", .unknownService))
        routes.append(("POST", "/v1/services/{service}/workers/{worker}/{order}", .worker))
        for plan in plans where plan.exposure.byName {
            let route = ServiceRoute(plan)
            if plan.traits.takesSubscriptions {
                routes.append(("GET", "/v1/services/\(plan.name)", .topics(route)))
                continue
            }
            // A broker is asked for the services that its workers register.
            if !plan.traits.listsRegisteredNames {
                routes.append(("POST", "/v1/services/\(plan.name)", .exchange(route)))
            }
            routes.append(("GET", "/v1/services/\(plan.name)", .service(route)))
        }
        for route in configuration.routes {
            guard let plan = plans.first(where: { $0.name == route.service }) else { continue }
            routes.append((route.method ?? "*", route.path.description, .exchange(ServiceRoute(plan, route))))
        }
        var table = RouteTable()
        for (number, route) in routes.enumerated() {
            // The configuration has refused what is ours, what is there twice and what is no template.
            if let conflict = table.add(route.method, route.path, number) {
                preconditionFailure("\(route.method) \(route.path): \(conflict)")
            }
        }
        self.table = table
        targets = routes.map(\.target)
    }

    func match(_ method: String, _ path: Span<UInt8>) -> RouteTable.Match { table.match(method, path) }

    subscript(number: Int) -> WebTarget { targets[number] }
}
