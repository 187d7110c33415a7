// All paths that the gateway serves, in one table.

package import Bridge
import Configuration
package import Contract

/// The target of a path.
package enum WebTarget: Sendable {
    /// An exchange with a service.
    case exchange(ServiceRoute)
    /// GET on a service: its description, or an exchange with the request in the query (EventSource can only GET).
    case service(ServiceRoute)
    /// GET on a publisher: its description, or its messages if the query names topics.
    case topics(ServiceRoute)
    case services, health, readiness, metrics, openAPI
    /// Multiplexed sessions.
    case socket
    /// An operator's order to a worker.
    case worker
    /// A name under /v1/services that the configuration does not have. Workers may have registered it with a broker.
    case unknownService
    case publicFile(PublicFile)
    /// OPTIONS, answered with `Response.allow`.
    case options
}

/// The table, built from the configuration.
package struct WebRoutes: Sendable {
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
            // A broker itself takes no requests; the services that its workers register do.
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
            // The configuration has rejected routes that are reserved, duplicate or malformed.
            if let conflict = table.add(route.method, route.path, number) {
                preconditionFailure("\(route.method) \(route.path): \(conflict)")
            }
        }
        self.table = table
        targets = routes.map(\.target)
    }

    package func match(_ method: String, _ path: Span<UInt8>) -> RouteTable.Match { table.match(method, path) }

    subscript(number: Int) -> WebTarget { targets[number] }
}
