// Every path that the gateway answers, in one table.

import Bridge
import Configuration

/// Where a request goes.
enum WebTarget: Sendable {
    /// An exchange with a service.
    case exchange(ServiceRoute)
    /// GET on a service: its description, or an exchange whose request stands in the query (EventSource can only GET).
    case service(ServiceRoute)
    case services, health, readiness, metrics, openAPI
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
    /// The query is the worker's; the built-in way takes the gateway's parameters from it.
    let isConfigured: Bool

    init(_ plan: ServicePlan) {
        self.plan = plan
        request = plan.configuration.request
        reply = plan.configuration.reply
        headers = []
        rules = plan.rules
        isConfigured = false
    }

    init(_ plan: ServicePlan, _ route: RouteConfiguration) {
        self.plan = plan
        request = route.request
        reply = route.reply
        headers = route.headers
        rules = EndRules(route.replies, isREP: plan.configuration.peer == .rep)
        isConfigured = true
    }
}

/// The table, built from the configuration.
struct WebRoutes: Sendable {
    private let table: RouteTable<WebTarget>

    init(_ configuration: Configuration, _ plans: [ServicePlan]) {
        var table = RouteTable<WebTarget>()
        let builtIn: [(String, WebTarget)] = [
            ("/v1/services", .services), ("/healthz", .health), ("/readyz", .readiness), ("/metrics", .metrics),
            ("/openapi.json", .openAPI),
        ]
        for (path, target) in builtIn { Self.add("GET", path, target, to: &table) }
        Self.add("*", "/v1/services/{service}", .unknownService, to: &table)
        for plan in plans {
            let route = ServiceRoute(plan)
            Self.add("POST", "/v1/services/\(plan.name)", .exchange(route), to: &table)
            Self.add("GET", "/v1/services/\(plan.name)", .service(route), to: &table)
        }
        for route in configuration.routes {
            guard let plan = plans.first(where: { $0.name == route.service }) else { continue }
            Self.add(route.method ?? "*", route.path.description, .exchange(ServiceRoute(plan, route)), to: &table)
        }
        self.table = table
    }

    func match(_ method: String, _ path: Span<UInt8>) -> RouteTable<WebTarget>.Match { table.match(method, path) }

    /// A configured route that takes a built-in path is a mistake that the start reports; nothing else conflicts here.
    private static func add(
        _ method: String, _ path: String, _ target: WebTarget, to table: inout RouteTable<WebTarget>
    ) {
        if let conflict = table.add(method, path, target) { preconditionFailure("\(method) \(path): \(conflict)") }
    }
}
