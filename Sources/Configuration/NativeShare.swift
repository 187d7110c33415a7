// The share of exchanges that native clients may have in flight. It is fixed, so that a flood of their requests cannot
// shut the web out, and the clients of one service do not take the places of another's.
//
//     limits.max_exchanges      the web: all of it     native clients: half at most, in equal parts for their services
//     service's max_exchanges   the web: all of it     native clients: half at most

extension ServiceConfiguration {
    /// Native clients can reach the service: through `clients`, or because it is a Majordomo broker.
    public var takesNativeClients: Bool { clients != nil || peer == .majordomo && bind != nil }
}

extension Configuration {
    /// Requests of native clients that may be in flight with `service`, at least 1; 0 if it has no such clients.
    public func nativeShare(of service: ServiceConfiguration) -> Int {
        guard service.takesNativeClients else { return 0 }
        let sharers = services.count(where: \.takesNativeClients)
        let ofAll = limits.maxExchanges / 2 / max(1, sharers)
        return max(1, min(ofAll, (service.maxExchanges ?? .max) / 2))
    }
}
