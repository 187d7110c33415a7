// The keys of a publisher, and those that do not apply to one: it takes no requests and sends no replies.

extension PublisherSettings {
    /// The keys read here.
    private static let keys = ["frames", "cache", "max_topics"]
    /// The keys of services that take requests.
    private static let foreign = [
        "delimiter", "require", "request", "headers", "reply", "replies", "overrides", "cancel", "identities",
        "max_body_bytes",
    ]

    mutating func read(_ section: Section, _ peer: ServiceConfiguration.Peer) {
        section.read("frames", into: &frames, .word)
        section.read("cache", into: &cache, .integer(0...100_000))
        section.read("max_topics", into: &maxTopics, .integer(1...1_000_000))
        if peer == .publisher {
            for key in Self.foreign where section.has(key) {
                section.report(key, "is not for peer: publisher, which takes no requests; leave it out")
            }
        } else {
            for key in Self.keys where section.has(key) {
                section.report(key, "is for peer: publisher only; leave it out")
            }
        }
    }
}

extension Consistency {
    static func checkPublisher(_ service: ServiceConfiguration, _ report: (String, String) -> Void) {
        if (service.bind != nil) == !service.connect.isEmpty {
            report("", "needs exactly one of connect (to publishers that bind) and bind (publishers connect to it)")
        }
        if service.publisher.frames == .single && service.publisher.cache > 0 {
            report("cache", "must be 0 with frames: single, which does not show where a topic ends")
        }
    }

    /// A route turns HTTP requests into service requests, which a publisher does not take.
    static func checkRoutesToPublishers(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        for (index, route) in configuration.routes.enumerated() {
            guard configuration.service(named: route.service)?.peer == .publisher else { continue }
            let way = "use GET /v1/services/\(route.service)?topic="
            diagnostics.error(
                diagnostics.place(of: "routes[\(index)].service"),
                "\(route.service) is a publisher, which takes no requests; \(way)")
        }
    }
}
