// The services that a broker's workers have registered, as every reactor knows them: how a name in a path leads to one.

import Bridge

/// A registered service.
struct Offer: Sendable, Equatable {
    let name: String
    /// Somebody offers it now; a name is remembered for a while after its last worker went.
    let hasWorkers: Bool
    /// Some of its workers may answer in parts.
    var streams = false
}

/// What is offered, on one reactor.
struct Offers {
    private var routes: [String: (plan: Int, route: ServiceRoute)] = [:]

    /// The way to a registered service; nil where no broker knows that name.
    subscript(name: String) -> ServiceRoute? { routes[name]?.route }

    /// A broker's names have changed. Of two brokers the first keeps a name.
    mutating func update(_ plan: ServicePlan, _ offers: [String: Offer]) {
        for (name, entry) in routes where entry.plan == plan.index && offers[name] == nil { routes[name] = nil }
        for offer in offers.values {
            if let entry = routes[offer.name], entry.plan != plan.index { continue }
            routes[offer.name] = (plan.index, ServiceRoute(plan, offer))
        }
    }
}
