// The gateway's own description, made from the tables that serve: services, configured routes, problems (OpenAPI 3.1).

import Bridge
import Configuration
import JSON

/// Writes the OpenAPI document.
struct OpenAPIDocument {
    var writer = JSONWriter()

    static func make(plans: [ServicePlan], routes: [RouteConfiguration]) -> [UInt8] {
        var document = OpenAPIDocument()
        document.write(plans, routes)
        document.writer.newline()
        return document.writer.bytes
    }

    private mutating func write(_ plans: [ServicePlan], _ routes: [RouteConfiguration]) {
        writer.beginObject()
        text("openapi", "3.1.0")
        object("info") {
            $0.text("title", "zmq-gateway")
            $0.text("version", version)
            $0.text("description", "ZeroMQ services as HTTP: one request, 0..N replies, and the reason they ended.")
            $0.object("license") { $0.text("name", "Apache-2.0") }
        }
        object("paths") { document in
            document.page("/healthz", "The process is alive.", "application/json")
            document.page(
                "/readyz", "Whether each service has a worker.", "application/json", also: [503], asking: "service")
            document.page("/metrics", "Counts and latencies for Prometheus.", "text/plain")
            document.page("/openapi.json", "This document.", "application/json")
            document.page("/v1/services", "The services and how they stand.", "application/json")
            document.socket()
            document.worker()
            for plan in plans where plan.exposure.byName { document.service(plan) }
            document.configured(routes, plans)
        }
        object("components") { document in
            document.object("schemas") { document in
                document.problemSchema()
                document.endSchema()
            }
        }
        writer.endObject()
    }

    /// - Parameter name: of the parameter that asks for one service.
    private mutating func page(
        _ path: String, _ summary: String, _ type: String, also statuses: [Int] = [], asking name: String? = nil
    ) {
        object(path) {
            $0.object("get") { document in
                document.text("summary", summary)
                if let name {
                    document.writer.key("parameters")
                    document.writer.beginArray()
                    document.parameter(name, place: "query", "One service alone.", ("string", nil))
                    document.writer.endArray()
                }
                document.object("responses") { document in
                    document.object("200") {
                        $0.text("description", "As asked.")
                        $0.content([type])
                    }
                    for status in statuses {
                        document.object(String(status)) {
                            $0.text("description", "Not now.")
                            $0.content([type])
                        }
                    }
                    document.problems([.originRefused, .hostRefused] + (name == nil ? [] : [.unknownService, .badPath]))
                }
            }
        }
    }

    /// An operator's word about a worker that has registered.
    private mutating func worker() {
        object("/v1/services/{service}/workers/{worker}/{order}") {
            $0.object("post") { document in
                document.text("summary", "No new work for a worker of a pool (`drain`), or work again (`resume`).")
                document.text("description", "From the gateway's own machine only.")
                document.pathParameters(["service", "worker", "order"])
                document.object("responses") { document in
                    document.object("200") {
                        $0.text("description", "The worker is told so.")
                        $0.content(["application/json"])
                    }
                    document.problems([
                        .malformedRequest, .badPath, .operatorOnly, .originRefused, .notFound, .unknownService,
                        .hostRefused,
                    ])
                }
            }
        }
    }

    /// What a plain GET hears; what is said over the socket is in asyncapi.json.
    private mutating func socket() {
        object("/v1/socket") {
            $0.object("get") { document in
                document.text("summary", "A WebSocket that speaks zmq-gateway.v1 (openapi/asyncapi.json).")
                document.object("responses") { document in
                    document.object("101") { $0.text("description", "The connection is a WebSocket.") }
                    document.problems([
                        .malformedRequest, .originRefused, .hostRefused, .upgradeRequired, .tooManySessions, .shutdown,
                    ])
                }
            }
        }
    }

    private mutating func service(_ plan: ServicePlan) {
        if plan.isPublisher { return publisher(plan) }
        object("/v1/services/\(plan.name)") { document in
            document.object("get") { document in
                document.text("summary", "What service \(plan.name) is and how it stands; with `request`, an exchange.")
                document.parameters(withRequest: true, template: [])
                document.responses(plan)
            }
            document.operation(
                "post", plan, "One exchange with service \(plan.name).", request: plan.configuration.request,
                isConfigured: false)
        }
    }

    private mutating func configured(_ routes: [RouteConfiguration], _ plans: [ServicePlan]) {
        var paths: [String] = []
        for route in routes where !paths.contains(route.path.openAPIText) { paths.append(route.path.openAPIText) }
        for path in paths {
            object(path) { document in
                for route in routes where route.path.openAPIText == path {
                    guard let plan = plans.first(where: { $0.name == route.service }) else { continue }
                    let methods = route.method.map { [$0] } ?? ["GET", "POST", "PUT", "PATCH", "DELETE"]
                    for method in methods {
                        document.operation(
                            method.lowercased(), plan, "A request to service \(plan.name).",
                            template: route.path.parameters, request: route.request, isConfigured: true)
                    }
                }
            }
        }
    }

    private mutating func operation(
        _ method: String, _ plan: ServicePlan, _ summary: String, template: [String] = [],
        request: ServiceConfiguration.Shape, isConfigured: Bool
    ) {
        object(method) { document in
            document.text("summary", summary)
            if isConfigured {
                document.pathParameters(template)
            } else {
                document.parameters(withRequest: false, template: template)
            }
            if method != "get" && method != "head" {
                document.object("requestBody") { document in
                    document.writer.key("required")
                    document.writer.bool(request == .body)
                    document.requestContent(plan)
                }
            }
            document.responses(plan)
        }
    }

    private mutating func requestContent(_ plan: ServicePlan) {
        object("content") { document in
            let type =
                switch plan.configuration.body {
                case .json: "application/json"
                case .text: "text/plain"
                case .binary: "application/octet-stream"
                }
            document.object(type) { document in
                document.object("schema") { document in
                    if plan.configuration.require == .object { document.text("type", "object") }
                    if plan.configuration.body != .json { document.text("type", "string") }
                }
            }
        }
    }

    private mutating func pathParameters(_ template: [String]) {
        guard !template.isEmpty else { return }
        writer.key("parameters")
        writer.beginArray()
        for name in template { parameter(name, place: "path", "Part of the path.", ("string", nil)) }
        writer.endArray()
    }

    private mutating func parameters(withRequest: Bool, template: [String]) {
        let time = #"^[1-9][0-9]{0,3}(ms|s)$"#
        writer.key("parameters")
        writer.beginArray()
        for name in template { parameter(name, place: "path", "Part of the path.", ("string", nil)) }
        for name in ["deadline", "first", "idle"] {
            parameter(
                name, place: "query", "A time such as 250ms or 3s, within the service's bounds.", ("string", time))
        }
        parameter("count", place: "query", "End after so many replies.", ("integer", nil))
        parameter("partial", place: "query", "`ok`: an incomplete answer is a success.", ("string", "^ok$"))
        parameter("end", place: "query", "`record`: NDJSON ends with the end record.", ("string", "^record$"))
        if withRequest { parameter("request", place: "query", "The request's body.", ("string", nil)) }
        writer.endArray()
    }

    mutating func parameter(
        _ name: String, place: String, _ description: String, _ schema: (type: String, pattern: String?)
    ) {
        writer.beginObject()
        text("name", name)
        text("in", place)
        text("description", description)
        if place == "path" {
            writer.key("required")
            writer.bool(true)
        }
        object("schema") { document in
            document.text("type", schema.type)
            if let pattern = schema.pattern { document.text("pattern", pattern) }
            if schema.type == "integer" {
                document.writer.key("minimum")
                document.writer.int(1)
            }
        }
        writer.endObject()
    }

    private mutating func responses(_ plan: ServicePlan) {
        object("responses") { document in
            document.object("200") { document in
                document.text("description", "The replies.")
                var types = ["application/json", "application/x-ndjson", "text/event-stream"]
                if plan.configuration.body == .text { types.append("text/plain") }
                if plan.configuration.body == .binary { types.append("application/octet-stream") }
                document.content(types)
            }
            document.object("204") { $0.text("description", "Complete, with no reply in it.") }
            var codes = ProblemCode.allCases
            // What only paths, streams and sessions meet.
            let others: Set<ProblemCode> = [
                .notFound, .unknownService, .slowClient, .duplicateID, .unknownID, .resumeRefused,
            ]
            codes.removeAll { others.contains($0) }
            document.problems(codes)
        }
    }

    /// One response a status, naming the codes that come with it.
    mutating func problems(_ codes: [ProblemCode]) {
        for status in Set(codes.map(\.status)).sorted() {
            let words = codes.filter { $0.status == status }.map { "\($0.rawValue): \($0.title)" }
            object(String(status)) { document in
                document.text("description", words.joined(separator: " "))
                document.object("content") {
                    $0.object("application/problem+json") {
                        $0.object("schema") { $0.text("$ref", "#/components/schemas/Problem") }
                    }
                }
            }
        }
    }

    mutating func content(_ types: [String]) {
        object("content") { document in for type in types { document.object(type) { _ in } } }
    }

    private mutating func problemSchema() {
        object("Problem") { document in
            document.text("type", "object")
            document.list("required", ["type", "title", "status", "code", "detail"])
            document.object("properties") { document in
                for name in ["type", "title", "detail", "request_id"] {
                    document.object(name) { $0.text("type", "string") }
                }
                document.object("status") { $0.text("type", "integer") }
                document.object("code") { document in
                    document.text("type", "string")
                    document.list("enum", ProblemCode.allCases.map(\.rawValue))
                }
            }
        }
    }

    private mutating func endSchema() {
        object("EndRecord") { document in
            document.text("type", "object")
            document.list("required", ["reason", "ok", "replies", "elapsed_ms", "request_id"])
            document.object("properties") { document in
                document.object("reason") { document in
                    document.text("type", "string")
                    document.list("enum", EndReason.allCases.map { String(describing: $0.word) })
                }
                document.object("ok") { $0.text("type", "boolean") }
                document.object("replies") { $0.text("type", "integer") }
                document.object("elapsed_ms") { $0.text("type", "number") }
                document.object("attempts") { $0.text("type", "integer") }
                document.object("request_id") { $0.text("type", "string") }
                document.object("problem") { $0.text("$ref", "#/components/schemas/Problem") }
            }
        }
    }

    mutating func text(_ name: String, _ value: String) {
        writer.key(name)
        writer.string(value)
    }

    private mutating func list(_ name: String, _ values: [String]) {
        writer.key(name)
        writer.beginArray()
        for value in values { writer.string(value) }
        writer.endArray()
    }

    mutating func object(_ name: String, _ fill: (inout OpenAPIDocument) -> Void) {
        writer.key(name)
        writer.beginObject()
        fill(&self)
        writer.endObject()
    }
}
