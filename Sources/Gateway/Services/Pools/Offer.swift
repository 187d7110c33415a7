// The services that a broker's workers have registered, as every reactor knows them: how a name in a path leads to one.

import Bridge

/// A registered service.
struct Offer: Sendable, Equatable {
    let name: String
    /// Some of its workers may answer in parts.
    var streams = false
}

/// What is offered, on one reactor.
struct Offers {
    /// By name, in the order of the configuration.
    private var routes: [String: [ServiceRoute]] = [:]

    /// The way to a registered service, of several brokers to the first that knows the name; nil where none does.
    subscript(name: String) -> ServiceRoute? { routes[name]?.first }

    /// A broker offers that name, otherwise than before, or has forgotten it.
    mutating func update(_ plan: ServicePlan, _ name: String, _ offer: Offer?) {
        var others = (routes[name] ?? []).filter { $0.plan !== plan }
        if let offer { others.append(ServiceRoute(plan, offer)) }
        routes[name] = others.isEmpty ? nil : others.sorted { $0.plan.index < $1.plan.index }
    }
}
