// Which services clients may call by name, at `/v1/services/{service}` and in sessions.
//
// A worker that takes envelopes believes what is in them: method, header fields, the client's address. The gateway
// writes those, unless a second way hands the worker a body as the client sent it: a body can look like an envelope.
// So a service that a route reaches with envelopes, and that takes bodies by name, is not exposed unless the operator
// says so.
//
//     services: {jobs: {request: body}}  +  routes: [{match: "GET /orders/{id}", service: jobs}]   ->   by route only

/// What of one service clients may call by name.
public struct Exposure: Sendable, Equatable {
    /// The service, or what the workers of a Majordomo broker register, can be called by name.
    public var byName = true

    /// Of a Majordomo broker that is exposed: the registered names that only routes lead to.
    public var hiddenNames: Set<String> = []

    /// Everything can be called by name.
    public init() {}

    /// Whether clients may call it by name.
    /// - Parameter registered: which of a broker's services; nil for the service itself.
    public func includes(_ registered: String?) -> Bool {
        byName && (registered.map { !hiddenNames.contains($0) } ?? true)
    }
}

extension Configuration {
    /// What clients may call by name: what `expose` says, else what cannot be used to forge an envelope.
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

    /// The routes that send envelopes where the service itself takes bodies, by their place in `routes`.
    func routesWithEnvelopes(to service: ServiceConfiguration) -> [(index: Int, route: RouteConfiguration)] {
        guard service.request == .body else { return [] }
        return routes.enumerated().filter { $1.service == service.name && $1.request == .envelope }
            .map { (index: $0.offset, route: $0.element) }
    }
}
