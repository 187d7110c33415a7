// `/readyz` reports whether the gateway can serve all services, `/readyz?service=X` whether it can serve one.
//
//   200  each required service has a worker, and no shutdown has begun
//   503  otherwise, with the same body
//   404  no service has that name

import Bridge
import Contract
import HTTP
import JSON
import Operations

extension Pages {
    /// One service on the page.
    private struct Part {
        let name: String
        let state: ServiceState
        /// The gateway is ready without it.
        let isOptional: Bool
    }

    package static func readiness(_ response: Response, _ host: any WebHost) {
        let query = RequestParameters()
        let request = response.request
        if let problem = query.readQuery(request.query, isForGateway: false) { return response.send(problem) }
        let wanted = query.query.first { $0.name == "service" }?.value
        ask(response, host) { reports in
            let states = states(reports, host, for: response)
            let all = zip(host.site.plans, states).map {
                Part(name: $0.name, state: $1, isOptional: $0.configuration.isOptional)
            }
            guard let wanted else { return send(all, isDraining(reports), to: response) }
            guard let one = all.first(where: { $0.name == wanted })?.state ?? registered(wanted, states) else {
                return response.send(.unknownService(wanted))
            }
            send([Part(name: wanted, state: one, isOptional: false)], isDraining(reports), to: response)
        }
    }

    private static func isDraining(_ reports: [CoreReport]) -> Bool { reports.contains(where: \.isDraining) }

    /// The state of a service that a broker's workers have registered.
    private static func registered(_ name: String, _ states: [ServiceState]) -> ServiceState? {
        guard let pool = states.lazy.flatMap(\.pools).first(where: { $0.name == name && !name.isEmpty }) else {
            return nil
        }
        return ServiceState(isReady: !pool.workers.isEmpty, workers: pool.workers.count)
    }

    private static func send(_ parts: [Part], _ isDraining: Bool, to response: Response) {
        let isReady = !isDraining && parts.allSatisfy { $0.state.isReady || $0.isOptional }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("ready", isReady)
        writer.member("draining", isDraining)
        writer.key("services")
        writer.beginObject()
        for part in parts {
            writer.key(part.name)
            writer.beginObject()
            writeState(part.state, into: &writer)
            if part.isOptional { writer.member("optional", true) }
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        writer.newline()
        response.send(isReady ? 200 : 503, "application/json", writer.bytes)
    }
}
