// The responses of each operation in the OpenAPI document: its own statuses, and those that every request can get.

import Bridge
import Configuration
import JSON

extension ProblemCode {
    /// Problems of every request, found before its path is looked at.
    static let ofAnyRequest: [ProblemCode] = [
        .malformedRequest, .requestTimeout, .targetTooLong, .expectationFailed, .tooManyConnections, .headerTooLarge,
        .notImplemented,
    ]
    /// Problems of every caller and every path.
    static let ofAdmission: [ProblemCode] = [.badPath, .originRejected, .hostRejected]
    /// Problems of a WebSocket upgrade.
    static let ofUpgrade: [ProblemCode] = [.upgradeRequired, .tooManySessions]

    /// Problems of every exchange, whatever its service takes.
    fileprivate static let ofExchange: [ProblemCode] = [
        .badParameter, .notAcceptable, .tooManyExchanges, .badReply, .workerLost, .noWorker, .overloaded, .shutdown,
        .deadline, .first, .idle,
    ]

    /// Problems of a body that the service takes.
    fileprivate static func ofBody(_ plan: ServicePlan) -> [ProblemCode] {
        switch plan.configuration.body {
        case .json: plan.configuration.require == .object ? [.badJSON, .objectRequired] : [.badJSON]
        case .text: [.badText]
        case .binary: []
        }
    }
}

extension OpenAPIDocument {
    /// Where an operation's body is.
    package enum BodyPlace { case none, query, body }

    package mutating func responses(_ plan: ServicePlan, _ route: ServiceRoute, body place: BodyPlace) {
        var codes = ProblemCode.ofAdmission + ProblemCode.ofExchange
        if place != .none { codes += ProblemCode.ofBody(plan) }
        if place == .body { codes += [.bodyTooLarge, .unsupportedMediaType] }
        if place == .query { codes += ProblemCode.ofUpgrade }
        if route.rules.maxReplies != nil || route.rules.maxBytes != nil { codes.append(.limit) }
        object("responses") { document in
            if place == .query {
                document.object("101") { $0.text("description", "The connection is a WebSocket.") }
            }
            document.success(plan, place)
            document.problems(codes, workerError: plan.configuration.replies.error?.status)
            if route.reply == .envelope {
                document.object("default") { $0.text("description", "The worker's own status and headers.") }
            }
        }
    }

    private mutating func success(_ plan: ServicePlan, _ place: BodyPlace) {
        object("200") { document in
            document.text("description", place == .query ? "The description, or the replies." : "The replies.")
            var types = ["application/json", "application/x-ndjson", "text/event-stream"]
            if plan.configuration.body == .text { types.append("text/plain") }
            if plan.configuration.body == .binary { types.append("application/octet-stream") }
            document.content(types)
        }
        object("202") { $0.text("description", "One-way: the worker has the request.") }
        object("204") { $0.text("description", "Complete, without a reply.") }
    }

    /// The responses of a broker, which takes no requests itself: the services that its workers register do.
    mutating func brokerResponses() {
        object("responses") { document in
            document.object("200") { document in
                document.text("description", "The description.")
                document.content(["application/json"])
            }
            document.problems(
                ProblemCode.ofAdmission + ProblemCode.ofUpgrade + [.badParameter, .unknownService, .shutdown])
        }
    }

    /// One response a status, which names the codes that have it, those of every request included.
    /// - Parameter workerError: the status of a worker's error, if the service knows one.
    mutating func problems(_ codes: [ProblemCode], workerError: ErrorRule.Status? = nil) {
        var rows = (ProblemCode.ofAnyRequest + codes).map { (status: $0.status, code: $0) }
        switch workerError {
        case nil: break
        case .fixed(let status): rows.append((status, .workerError))
        case .pointer: rows.append((ProblemCode.workerError.status, .workerError))
        }
        for status in Set(rows.map(\.status)).sorted() {
            let words = rows.filter { $0.status == status }.map { "\($0.code.rawValue): \($0.code.title)" }
            problem(String(status), words.joined(separator: " "), isLater: status == 429 || status == 503)
        }
        guard case .pointer = workerError else { return }
        for range in ["4XX", "5XX"] {
            problem(range, "worker_error, with the status that the reply names.", isLater: false)
        }
    }

    private mutating func problem(_ status: String, _ description: String, isLater: Bool) {
        object(status) { document in
            document.text("description", description)
            if isLater {
                document.object("headers") {
                    $0.object("Retry-After") { document in
                        document.text("description", "Seconds to wait.")
                        document.object("schema") { $0.text("type", "integer") }
                    }
                }
            }
            document.object("content") {
                $0.object("application/problem+json") {
                    $0.object("schema") { $0.text("$ref", "#/components/schemas/Problem") }
                }
            }
        }
    }
}
