// The gateway's OpenAPI 3.1 document, made from the tables that serve requests: services, configured routes, problems.
// OpenAPIDocument+Responses.swift has the responses of each operation.

import Bridge
package import Configuration
package import JSON

/// Writes the OpenAPI document.
package struct OpenAPIDocument {
    package var writer = JSONWriter()

    package static func make(plans: [ServicePlan], routes: [RouteConfiguration]) -> [UInt8] {
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
            $0.text(
                "description",
                "ZeroMQ services over HTTP: a request gets 0..N replies, and the reason why they ended.")
            $0.object("license") { $0.text("name", "Apache-2.0") }
        }
        object("paths") { document in
            document.page("/healthz", "health", "Is the process alive?", "application/json")
            document.page(
                "/readyz", "readiness", "Does every service have a worker?", "application/json", also: [503],
                asking: "service")
            document.page("/metrics", "metrics", "Counters and latencies for Prometheus.", "text/plain")
            document.page("/openapi.json", "openapi", "This document.", "application/json")
            document.page("/v1/services", "services", "The services and their state.", "application/json")
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

    /// - Parameter parameter: the query parameter that selects one service.
    private mutating func page(
        _ path: String, _ name: String, _ summary: String, _ type: String, also statuses: [Int] = [],
        asking parameter: String? = nil
    ) {
        object(path) {
            $0.object("get") { document in
                document.text("operationId", name)
                document.text("summary", summary)
                if let parameter {
                    document.writer.key("parameters")
                    document.writer.beginArray()
                    document.parameter(parameter, "Checks only this service.", .string())
                    document.writer.endArray()
                }
                document.object("responses") { document in
                    document.object("200") {
                        $0.text("description", "Success.")
                        $0.content([type])
                    }
                    for status in statuses {
                        document.object(String(status)) {
                            $0.text("description", "Not ready.")
                            $0.content([type])
                        }
                    }
                    let ofParameter: [ProblemCode] = parameter == nil ? [] : [.unknownService, .badPath]
                    document.problems([.originRejected, .hostRejected] + ofParameter)
                }
            }
        }
    }

    /// An operator's order to a worker that has registered.
    private mutating func worker() {
        object("/v1/services/{service}/workers/{worker}/{order}") {
            $0.object("post") { document in
                document.text("operationId", "order_worker")
                document.text("summary", "Gives a worker of a pool no new work (`drain`), or work again (`resume`).")
                document.text("description", "Accepted only from the gateway's own machine.")
                document.pathParameters(["service", "worker", "order"])
                document.object("responses") { document in
                    document.object("200") {
                        $0.text("description", "The order is carried out.")
                        $0.content(["application/json"])
                    }
                    document.problems(ProblemCode.ofAdmission + [.operatorOnly, .notFound, .unknownService])
                }
            }
        }
    }

    /// The socket as a plain GET sees it; asyncapi.json describes the messages on it.
    private mutating func socket() {
        object("/v1/socket") {
            $0.object("get") { document in
                document.text("operationId", "socket")
                document.text("summary", "Opens a WebSocket for zmq-gateway.v1 (openapi/asyncapi.json).")
                document.object("responses") { document in
                    document.object("101") { $0.text("description", "The connection is a WebSocket.") }
                    document.problems(ProblemCode.ofAdmission + ProblemCode.ofUpgrade + [.shutdown])
                }
            }
        }
    }

    private mutating func service(_ plan: ServicePlan) {
        if plan.traits.takesSubscriptions { return publisher(plan) }
        object("/v1/services/\(plan.name)") { document in
            document.object("get") { document in
                document.text("operationId", "get_\(plan.name)")
                document.text(
                    "summary", "Describes service \(plan.name)"
                        + (plan.traits.listsRegisteredNames ? "." : "; with `request`, opens an exchange."))
                if plan.traits.listsRegisteredNames { return document.brokerResponses() }
                document.parameters(plan, byGet: true)
                document.responses(plan, ServiceRoute(plan), body: .query)
            }
            guard !plan.traits.listsRegisteredNames else { return }
            document.operation(
                "post", "post_\(plan.name)", plan, "Opens an exchange with service \(plan.name).", ServiceRoute(plan))
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
                            method.lowercased(), Self.name(method, path), plan, "Calls service \(plan.name).",
                            template: route.path.parameters, ServiceRoute(plan, route))
                    }
                }
            }
        }
    }

    /// `get_orders_id` for GET /orders/{id}. Any other character becomes its number, so that no two paths share a name.
    private static func name(_ method: String, _ path: String) -> String {
        method.lowercased() + path.unicodeScalars.map { character in
            switch character {
            case "a"..."z", "A"..."Z", "0"..."9", "-": String(character)
            case "/": "_"
            case "{", "}": ""
            default: "." + String(character.value, radix: 16)
            }
        }.joined()
    }

    private mutating func operation(
        _ method: String, _ name: String, _ plan: ServicePlan, _ summary: String, template: [String] = [],
        _ route: ServiceRoute
    ) {
        let hasBody = method != "get" && method != "head"
        object(method) { document in
            document.text("operationId", name)
            document.text("summary", summary)
            if route.isConfigured {
                document.pathParameters(template)
            } else {
                document.parameters(plan, byGet: false)
            }
            if hasBody {
                document.object("requestBody") { document in
                    document.writer.key("required")
                    document.writer.bool(route.request == .body)
                    document.requestContent(plan)
                }
            }
            document.responses(plan, route, body: hasBody ? .body : .none)
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
        for name in template { parameter(name, place: "path", "A part of the path.", .string()) }
        writer.endArray()
    }

    private mutating func parameters(_ plan: ServicePlan, byGet: Bool) {
        writer.key("parameters")
        writer.beginArray()
        for (name, bound) in [
            ("deadline", plan.bounds.deadline), ("first", plan.bounds.first), ("idle", plan.bounds.idle),
        ] {
            parameter(name, "A time such as 250ms, 3s or 5m, at most \(bound / 1_000_000)ms.", .string(Schema.time))
        }
        parameter(
            "count", "Ends the exchange after this many replies; 0: as soon as the worker has the request.",
            .integer(0...plan.bounds.count))
        parameter("partial", "`ok`: an incomplete response is a success.", .string("^ok$"))
        parameter("end", "`record`: NDJSON always ends with the end record.", .string("^record$"))
        if byGet {
            parameter("request", "The request's body.", .string())
            parameter(
                "errors", "A rejection is an event of a 200 stream (`event`), or has its own status (`status`).",
                .string("^(event|status)$"))
        }
        writer.endArray()
    }

    /// The type of a parameter.
    package enum Schema {
        case string(String? = nil)
        case integer(ClosedRange<Int>)

        package static let time = #"^[1-9][0-9]{0,8}(ms|s|m|h)$"#
    }

    package mutating func parameter(_ name: String, place: String = "query", _ description: String, _ schema: Schema) {
        writer.beginObject()
        text("name", name)
        text("in", place)
        text("description", description)
        if place == "path" { writer.member("required", true) }
        object("schema") { document in
            switch schema {
            case .string(let pattern):
                document.text("type", "string")
                if let pattern { document.text("pattern", pattern) }
            case .integer(let range):
                document.text("type", "integer")
                document.number("minimum", range.lowerBound)
                if range.upperBound < .max { document.number("maximum", range.upperBound) }
            }
        }
        writer.endObject()
    }

    package mutating func content(_ types: [String]) {
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

    package mutating func text(_ name: String, _ value: String) {
        writer.member(name, value)
    }

    package mutating func number(_ name: String, _ value: Int) {
        writer.member(name, value)
    }

    private mutating func list(_ name: String, _ values: [String]) {
        writer.key(name)
        writer.beginArray()
        for value in values { writer.string(value) }
        writer.endArray()
    }

    package mutating func object(_ name: String, _ fill: (inout OpenAPIDocument) -> Void) {
        writer.key(name)
        writer.beginObject()
        fill(&self)
        writer.endObject()
    }
}
