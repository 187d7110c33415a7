// Warnings of ways to a worker that let a client forge a request envelope (Exposure.swift says how).

extension Warnings {
    /// Envelopes by a route and bodies by name: the second can look like the first.
    static func lookAtExposure(
        _ service: ServiceConfiguration, _ configuration: Configuration, _ diagnostics: Diagnostics
    ) {
        guard service.expose != false, let way = configuration.routesWithEnvelopes(to: service).first else { return }
        let subject = way.route.registered.map { "\"\($0)\"" } ?? "it"
        let message =
            service.expose == true
            ? "true lets clients send what looks like the envelopes of routes[\(way.index)]; write request: envelope too"
            : "gets envelopes from routes[\(way.index)] and bodies by name, which can look like them: \(subject) is not "
                + "exposed by name. Write expose: false if that is meant, request: envelope to send envelopes by name "
                + "too, or expose: true if the workers can tell them apart"
        let key = service.expose == true ? ".expose" : ""
        diagnostics.warning(diagnostics.place(of: "\(service.key)\(key)"), message)
    }

    /// Bodies by a route to workers that get envelopes otherwise.
    static func lookAtBodies(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        for (index, route) in configuration.routes.enumerated() where route.request == .body {
            let getsEnvelopes =
                configuration.service(named: route.service)?.request == .envelope
                || configuration.routes.contains {
                    $0.service == route.service && $0.registered == route.registered && $0.request == .envelope
                }
            guard getsEnvelopes else { continue }
            diagnostics.warning(
                diagnostics.place(of: "routes[\(index)].request"),
                "body sends what a client wrote to workers that get envelopes otherwise: a client can forge one")
        }
    }
}
