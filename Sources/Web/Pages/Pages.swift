// The pages about the gateway itself: health, readiness, metrics, services, OpenAPI.
//
// Pages about workers ask every reactor first, so their response comes a turn later.

import Bridge
package import Configuration
package import Contract
import HTTP
import JSON
package import Operations

/// The built-in pages.
package enum Pages {
    package static func nothing(_ response: Response) {
        response.request.respond(204, response.headers(nil), copying: Span())
    }

    /// Reports that the process is alive, and checks nothing else.
    static func health(_ response: Response) {
        response.send(200, "application/json", Array("{\"status\":\"ok\"}\n".utf8))
    }

    package static func openAPI(_ response: Response, _ host: any WebHost) {
        response.send(200, "application/json", host.site.openAPI)
    }

    package static func metrics(_ response: Response, _ host: any WebHost) {
        ask(response, host) { reports in
            let text = MetricsText.make(reports, host.site.plans)
            response.send(200, "text/plain; version=0.0.4; charset=utf-8", Array(text.utf8))
        }
    }

    package static func services(_ response: Response, _ host: any WebHost) {
        ask(response, host) { reports in
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("version", version)
            writer.key("services")
            writer.beginArray()
            for (plan, state) in zip(host.site.plans, states(reports, host, for: response)) where plan.exposure.byName {
                describe(plan, state, reports, into: &writer)
                for pool in state.pools where plan.traits.listsRegisteredNames && !pool.workers.isEmpty {
                    guard plan.exposure.includes(pool.name) else { continue }
                    if let route = host.registeredServices[pool.name] { describe(route, state, into: &writer) }
                }
            }
            writer.endArray()
            writer.endObject()
            writer.newline()
            response.send(200, "application/json", writer.bytes)
        }
    }

    package static func service(_ response: Response, _ route: ServiceRoute, _ host: any WebHost) {
        ask(response, host) { reports in
            var writer = JSONWriter()
            let state = states(reports, host, for: response)[route.plan.index]
            if route.subject == nil {
                describe(route.plan, state, reports, into: &writer)
            } else {
                describe(route, state, into: &writer)
            }
            writer.newline()
            response.send(200, "application/json", writer.bytes)
        }
    }

    package static func ask(_ response: Response, _ host: any WebHost, _ reply: @escaping ([CoreReport]) -> Void) {
        let request = response.request
        let id = request.id
        host.inquire { reports in
            // By now the request may be over, and its object in use for another one.
            if request.id == id && !request.isAnswered { reply(reports) }
        }
    }

    /// The state of each service. Only the operator sees endpoints in it.
    package static func states(_ reports: [CoreReport], _ host: any WebHost, for response: Response) -> [ServiceState] {
        let isForOperator = response.isForOperator
        return host.site.plans.indices.map { index in
            let state = ServiceState.sum(reports.map { $0.states[index] })
            return isForOperator ? state : state.withoutEndpoints
        }
    }

    static func writeState(_ state: ServiceState, into writer: inout JSONWriter) {
        writer.member("ready", state.isReady)
        writer.member("workers", state.workers)
        if let trouble = state.trouble { writer.member("trouble", trouble) }
    }

    private static func describe(
        _ plan: ServicePlan, _ state: ServiceState, _ reports: [CoreReport], into writer: inout JSONWriter
    ) {
        writer.beginObject()
        for (name, value) in identity(plan, plan.name) {
            writer.member(name, value)
        }
        if plan.traits.takesSubscriptions {
            describeTopics(plan, reports, into: &writer)
        } else {
            writeRules(plan, plan.rules, into: &writer)
        }
        writeState(state, into: &writer)
        if plan.traits.reportsPools, !plan.traits.listsRegisteredNames, let pool = state.pools.first {
            writer.key("pool")
            pool.write(into: &writer)
        }
        if plan.traits.listsRegisteredNames {
            writer.key("registered")
            writer.beginArray()
            for pool in state.pools where !pool.workers.isEmpty && plan.exposure.includes(pool.name) {
                writer.string(pool.name)
            }
            writer.endArray()
        }
        writer.member("exchanges_open", max(0, reports.reduce(0) { $0 + $1.metrics.services[plan.index].open }))
        writer.endObject()
    }

    private static func writeRules(_ plan: ServicePlan, _ rules: EndRules, into writer: inout JSONWriter) {
        writer.key("ends")
        writeEnds(plan, rules, into: &writer)
        writer.key("overrides")
        writer.beginObject()
        writer.member("count", plan.bounds.count)
        for (name, bound) in [
            ("first_ms", plan.bounds.first), ("idle_ms", plan.bounds.idle), ("deadline_ms", plan.bounds.deadline),
        ] {
            writer.member(name, milliseconds: Double(bound) / 1e6)
        }
        writer.endObject()
    }

    /// Describes a service that a broker's workers have registered.
    private static func describe(_ route: ServiceRoute, _ state: ServiceState, into writer: inout JSONWriter) {
        let pool = state.pools.first { $0.name == route.name }
        writer.beginObject()
        for (name, value) in identity(route.plan, route.name) + [("broker", route.plan.name)] {
            writer.member(name, value)
        }
        writeRules(route.plan, route.rules, into: &writer)
        writer.member("ready", !(pool?.workers.isEmpty ?? true))
        writer.member("workers", pool?.workers.count ?? 0)
        if let pool {
            writer.key("pool")
            pool.write(into: &writer)
        }
        writer.endObject()
    }

    private static func identity(_ plan: ServicePlan, _ name: String) -> [(String, String)] {
        let service = plan.configuration
        return [
            ("name", name), ("description", service.description), ("peer", service.peer.rawValue),
            ("body", service.body.rawValue), ("request", service.request.rawValue), ("reply", service.reply.rawValue),
        ]
    }

    private static func writeEnds(_ plan: ServicePlan, _ rules: EndRules, into writer: inout JSONWriter) {
        writer.beginObject()
        if let final = plan.configuration.replies.final { writer.member("final", final.predicate.words) }
        if let count = rules.count { writer.member("count", count) }
        if let error = plan.configuration.replies.error { writer.member("error", error.predicate.words) }
        let times = [("first_ms", rules.first), ("idle_ms", rules.idle), ("deadline_ms", rules.deadline)]
        for case (let name, let time?) in times {
            writer.member(name, milliseconds: Double(time) / 1e6)
        }
        if rules.first != nil { writer.member("first_means", plan.configuration.replies.firstMeans.rawValue) }
        if rules.idle != nil { writer.member("idle_means", plan.configuration.replies.idleMeans.rawValue) }
        writer.endObject()
    }
}

extension Predicate {
    /// The predicate for people: `/done = true`.
    package var words: String {
        switch self {
        case .equals(let pointer, let literal): "\(pointer) = \(literal.text)"
        case .exists(let pointer): "\(pointer) exists"
        case .emptyFrame: "an empty frame"
        }
    }
}
