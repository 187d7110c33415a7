// The checks between keys, made after everything has been read.

import JSON

/// The rules of combination.
enum Consistency {
    static func check(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        for service in configuration.services { check(service, diagnostics) }
        Contradictions(configuration, diagnostics).check()
        checkRoutes(configuration, diagnostics)
        checkRoutesToPublishers(configuration, diagnostics)
        checkEndpoints(configuration, diagnostics)
    }

    private static func check(_ service: ServiceConfiguration, _ diagnostics: Diagnostics) {
        func report(_ key: String, _ message: String) {
            diagnostics.error(diagnostics.place(of: "\(service.key)\(key.isEmpty ? "" : ".\(key)")"), message)
        }
        checkPeer(service, report)
        let prefix = "\(service.key)"
        PoolRules(service: service, has: { diagnostics.places["\(prefix).\($0)"] != nil }, report: report).check()
        checkBody(service, report)
        if service.replies.deadline > service.overrides.deadline {
            report(
                "overrides.deadline",
                "is below the service's own deadline, \(Units.text(service.replies.deadline)); raise it")
        }
    }

    private static func checkPeer(_ service: ServiceConfiguration, _ report: (String, String) -> Void) {
        switch service.peer {
        case .router:
            if service.bind != nil {
                report("bind", "is not for peer: router; the gateway connects to a ROUTER, write connect")
            }
            if service.connect.isEmpty { report("", "needs connect: the endpoint that the ROUTER is bound to") }
        case .dealer, .rep:
            if (service.bind != nil) == !service.connect.isEmpty {
                report("", "needs exactly one of bind (workers connect to it) and connect (to workers that bind)")
            }
            if service.delimiter { report("delimiter", "is for peer: router only; rep always has one, dealer never") }
        case .publisher: checkPublisher(service, report)
        case .ready, .majordomo: break
        }
        guard service.peer == .rep else { return }
        if let count = service.replies.count, count != 1 {
            report("replies.count", "must be 1 for peer: rep; a REP replies once")
        }
        if service.replies.final != nil { report("replies.final", "is not for peer: rep; a REP replies once") }
        if service.replies.idle != nil { report("replies.idle", "is not for peer: rep; a REP replies once") }
    }

    private static func checkBody(_ service: ServiceConfiguration, _ report: (String, String) -> Void) {
        if service.require == .object && service.body != .json {
            report("require", "object is for body: json only")
        }
        if service.body == .json, let cancel = service.cancel,
            let error = Scanner.scan(Array(cancel.utf8).span, matching: nil).error
        {
            report("cancel", "is not JSON, which body: json requires: \(error)")
        }
        if let final = service.replies.final, final.predicate == .emptyFrame, final.deliver == .data,
            service.body == .json
        {
            report("replies.final.deliver", "an empty frame is not JSON; write marker")
        }
        if service.replies.error?.predicate == .emptyFrame {
            report("replies.error", "cannot be an empty frame; write a pointer")
        }
        let predicates = [
            ("final", service.replies.final?.predicate), ("error", service.replies.error?.predicate),
            ("keepalive", service.replies.keepalive),
        ]
        for case (let key, let predicate?) in predicates where predicate.hasPointer {
            if service.body != .json && service.reply != .envelope {
                report(
                    "replies.\(key)",
                    "needs JSON, but body is \(service.body.rawValue); write body: json, or {empty: true}")
            }
        }
    }

    private static func checkRoutes(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        var seen: [String: Int] = [:]
        for (index, route) in configuration.routes.enumerated() {
            let pattern = RouteMatch(method: route.method, path: route.path).pattern
            if let first = seen[pattern] {
                diagnostics.error(
                    diagnostics.place(of: "routes[\(index)].match"),
                    "matches the same requests as routes[\(first)]; remove one")
            }
            seen[pattern] = seen[pattern] ?? index
        }
    }

    private static func checkEndpoints(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        var seen: [String: String] = [:]
        for service in configuration.services {
            for (key, endpoint) in [("bind", service.bind), ("clients", service.clients)] {
                guard let endpoint, !EndpointText.isWildcard(endpoint) else { continue }
                if let first = seen[endpoint] {
                    diagnostics.error(
                        diagnostics.place(of: "\(service.key).\(key)"),
                        "\(endpoint) is already bound by services.\(first); choose another")
                }
                seen[endpoint] = seen[endpoint] ?? service.name
            }
        }
    }
}

extension Predicate {
    fileprivate var hasPointer: Bool { self != .emptyFrame }
}
