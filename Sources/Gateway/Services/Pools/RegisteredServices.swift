// The services that a broker's workers have registered, as every reactor knows them: how a name in a path leads to one.

import Bridge

/// A registered service.
struct RegisteredService: Sendable, Equatable {
    let name: String
    /// Some of its workers may answer in parts.
    var streams = false
}

/// What is offered, on one reactor.
struct RegisteredServices {
    /// By name, in the order of the configuration.
    private var routes: [String: [ServiceRoute]] = [:]
    /// Names of services that are not exposed: no worker takes their place.
    private let hidden: Set<String>

    init(_ plans: [ServicePlan]) {
        hidden = Set(plans.lazy.filter { !$0.exposure.byName }.map(\.name))
    }

    /// The way by name to a registered service, of several brokers to the first that knows and exposes it; nil if none
    /// does.
    subscript(name: String) -> ServiceRoute? {
        guard let routes = routes[name], !hidden.contains(name) else { return nil }
        return routes.first { $0.plan.exposure.includes(name) }
    }

    /// What a broker's workers offer under that name, exposed or not; nil if they offer nothing.
    func registeredService(_ name: String, by plan: ServicePlan) -> ServiceRoute? {
        routes[name]?.first { $0.plan === plan }
    }

    /// A broker offers that name, otherwise than before, or has forgotten it.
    mutating func update(_ plan: ServicePlan, _ name: String, _ registered: RegisteredService?) {
        var others = (routes[name] ?? []).filter { $0.plan !== plan }
        if let registered { others.append(ServiceRoute(plan, registered)) }
        routes[name] = others.isEmpty ? nil : others.sorted { $0.plan.index < $1.plan.index }
    }
}

extension ServiceRoute {
    /// The way to a service that a broker's workers have registered.
    convenience init(_ plan: ServicePlan, _ registered: RegisteredService) {
        self.init(plan, rules: plan.rules.ofWorkers(streaming: registered.streams), subject: registered.name)
    }
}
