// Warnings about services whose clients could forge a request envelope (see Exposure.swift).

extension Warnings {
    /// Warns about envelopes by a route together with bodies by name: a body can look like an envelope.
    static func lookAtExposure(
        _ service: ServiceConfiguration, _ configuration: Configuration, _ diagnostics: Diagnostics
    ) {
        guard service.expose != false, let way = configuration.routesWithEnvelopes(to: service).first else { return }
        let subject = way.route.registered.map { "\"\($0)\"" } ?? "it"
        let message =
            service.expose == true
            ? "true lets clients forge the envelopes of routes[\(way.index)]; write request: envelope too"
            : "gets envelopes from routes[\(way.index)] and bodies by name, which can look like them: \(subject) is "
                + "not exposed by name. Write expose: false if that is intended, request: envelope to send envelopes "
                + "by name too, or expose: true if the workers can tell them apart"
        let key = service.expose == true ? ".expose" : ""
        diagnostics.warning(diagnostics.place(of: "\(service.key)\(key)"), message)
    }

    /// Warns about bodies by a route to workers that otherwise get envelopes.
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
                "body sends the client's text to workers that otherwise get envelopes: a client can forge one")
        }
    }
}
