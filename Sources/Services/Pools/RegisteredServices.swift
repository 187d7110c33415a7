// The services that workers have registered with brokers, as every reactor knows them, and the routes to them by name.

import Bridge
package import Contract

/// A registered service.
package struct RegisteredService: Sendable, Equatable {
    package let name: String
    /// Some of its workers may reply in parts.
    var streams = false
}

/// The registered services on one reactor.
package struct RegisteredServices {
    /// By name, in the order of the configuration.
    private var routes: [String: [ServiceRoute]] = [:]
    /// Names of services that are not exposed. No registered service takes their place.
    private let hidden: Set<String>

    package init(_ plans: [ServicePlan]) {
        hidden = Set(plans.lazy.filter { !$0.exposure.byName }.map(\.name))
    }

    /// The route to a registered service by name. Of several brokers, the first that offers and exposes it wins. Nil if
    /// none does.
    package subscript(name: String) -> ServiceRoute? {
        guard let routes = routes[name], !hidden.contains(name) else { return nil }
        return routes.first { $0.plan.exposure.includes(name) }
    }

    /// The service that a broker's workers offer under that name, exposed or not; nil if there is none.
    package func registeredService(_ name: String, by plan: ServicePlan) -> ServiceRoute? {
        routes[name]?.first { $0.plan === plan }
    }

    /// A broker's offer under that name has changed, or the name is forgotten.
    package mutating func update(_ plan: ServicePlan, _ name: String, _ registered: RegisteredService?) {
        var others = (routes[name] ?? []).filter { $0.plan !== plan }
        if let registered { others.append(ServiceRoute(plan, registered)) }
        routes[name] = others.isEmpty ? nil : others.sorted { $0.plan.index < $1.plan.index }
    }
}

extension ServiceRoute {
    /// The route to a service that a broker's workers have registered.
    package convenience init(_ plan: ServicePlan, _ registered: RegisteredService) {
        self.init(plan, rules: plan.rules.ofWorkers(streaming: registered.streams), subject: registered.name)
    }
}
