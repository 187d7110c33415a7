// Which services clients may call by name, at `/v1/services/{service}` and in sessions.
//
// A worker that takes envelopes trusts their contents: method, header fields, the client's address. The gateway writes
// those. But a worker that also gets bodies as the client sent them cannot trust them any more: a body can look like an
// envelope. So a service that gets envelopes from a route, and bodies by name, is not exposed by name unless the
// operator says so.
//
//     services: {jobs: {request: body}}  +  routes: [{match: "GET /orders/{id}", service: jobs}]   ->   by route only

/// What clients may call of one service by name.
public struct Exposure: Sendable, Equatable {
    /// The service, or the names that a Majordomo broker's workers register, can be called by name.
    public var byName = true

    /// For an exposed Majordomo broker: the registered names that only routes lead to.
    public var hiddenNames: Set<String> = []

    /// Exposes everything.
    public init() {}

    /// Whether clients may call the service by name.
    /// - Parameter registered: a name registered at a broker; nil for the service itself.
    public func includes(_ registered: String?) -> Bool {
        byName && (registered.map { !hiddenNames.contains($0) } ?? true)
    }
}

extension Configuration {
    /// What clients may call by name: the value of `expose`, or by default what cannot be used to forge an envelope.
    public func exposure(of service: ServiceConfiguration) -> Exposure {
        var exposure = Exposure()
        if let expose = service.expose {
            exposure.byName = expose
            return exposure
        }
        for (_, route) in routesWithEnvelopes(to: service) {
            if let name = route.registered { exposure.hiddenNames.insert(name) } else { exposure.byName = false }
        }
        return exposure
    }

    /// The routes that send envelopes to a service that takes bodies by name, with their indices in `routes`.
    func routesWithEnvelopes(to service: ServiceConfiguration) -> [(index: Int, route: RouteConfiguration)] {
        guard service.request == .body else { return [] }
        return routes.enumerated().filter { $1.service == service.name && $1.request == .envelope }
            .map { (index: $0.offset, route: $0.element) }
    }
}
