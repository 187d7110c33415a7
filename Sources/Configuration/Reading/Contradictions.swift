// Warns about limits that are never reached because another limit is reached first. Each alone is allowed. Only keys
// that the file sets are checked: a default promises nothing.

/// Checks limits against each other.
struct Contradictions {
    private let configuration: Configuration
    private let diagnostics: Diagnostics

    init(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        self.configuration = configuration
        self.diagnostics = diagnostics
    }

    func check() {
        let limits = configuration.limits
        let sessions = configuration.sessions
        let exchanges = ("limits.max_exchanges", limits.maxExchanges)
        let connections = ("limits.max_connections", limits.maxConnections)
        compare("limits.max_exchanges_per_address", limits.maxExchangesPerAddress, exchanges)
        compare("limits.max_connections_per_address", limits.maxConnectionsPerAddress, connections)
        compare("sessions.max", sessions.max, connections)
        compare("sessions.max_per_address", sessions.maxPerAddress, ("sessions.max", sessions.max))
        compare("sessions.max_exchanges", sessions.maxExchanges, exchanges)
        for service in configuration.services {
            compare("\(service.key).max_exchanges", service.maxExchanges ?? 0, exchanges)
            if service.hasPool { checkQueue(service) }
            checkOverrides(service)
        }
    }

    /// Queued requests are open exchanges, except those of native clients. Native clients of `clients` get half of the
    /// queue; those of a Majordomo broker may fill it.
    private func checkQueue(_ service: ServiceConfiguration) {
        let prefix = "\(service.key)"
        let own = service.maxExchanges.map { ("\(prefix).max_exchanges", $0) }
        let all = ("limits.max_exchanges", configuration.limits.maxExchanges)
        let bound = own.flatMap { $0.1 < all.1 ? $0 : nil } ?? all
        let natives = service.clients == nil ? 1 : 2
        if service.peer == .ready { compare("\(prefix).queue.max", service.pool.queueLength / natives, bound) }
        guard service.pool.queueAge > service.replies.deadline else { return }
        warn(
            "\(prefix).queue.max_age",
            "is longer than replies.deadline, \(Units.text(service.replies.deadline)), which ends a request first")
    }

    /// A request may always ask for the service's own values.
    private func checkOverrides(_ service: ServiceConfiguration) {
        let (own, most) = (service.replies, service.overrides)
        for (key, own, most) in [("first", own.first, most.first), ("idle", own.idle, most.idle)] {
            guard let own, own > most else { continue }
            let advice = "is below the service's own \(key), \(Units.text(own)); raise it"
            warn("\(service.key).overrides.\(key)", advice)
        }
        guard let count = own.count, count > most.count else { return }
        warn("\(service.key).overrides.count", "is below the service's own count, \(count); raise it")
    }

    private func compare(_ key: String, _ value: Int, _ bound: (key: String, value: Int)) {
        guard value > bound.value else { return }
        warn(key, "is above \(bound.key), \(bound.value), which is reached first; lower it, or raise \(bound.key)")
    }

    private func warn(_ key: String, _ message: String) {
        guard let place = diagnostics.places[key] else { return }
        diagnostics.warning(place, message)
    }
}
