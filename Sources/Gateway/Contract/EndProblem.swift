// The words for an exchange that did not end well.

import Bridge
import Configuration
import JSON

/// Makes the problem of an end.
enum EndProblem {
    static func make(
        _ end: End, _ plan: ServicePlan, called name: String, _ exchange: ExchangeState, _ reply: Span<UInt8>,
        _ fault: String?
    ) -> Problem? {
        guard let code = ProblemCode(end.reason) else { return nil }
        let status = end.reason == .error ? plan.errorStatus(reply) : code.status
        return Problem(code, detail(end.reason, plan, name, exchange, fault), status: status)
    }

    private static func detail(
        _ reason: EndReason, _ plan: ServicePlan, _ name: String, _ exchange: ExchangeState, _ fault: String?
    ) -> String {
        let (registered, name) = (name, "service \"\(name)\"")
        let rules = exchange.rules
        let so = exchange.delivered == 0 ? "no reply came" : "\(exchange.delivered) replies came"
        switch reason {
        case .error: return "\(name) answered with an error, which is in `reply`"
        case .badReply: return "\(name): \(fault ?? "the reply is not what the service declares")"
        case .noWorker: return "\(name) has no worker connected; \(plan.workerAdvice(registered)) and try again"
        case .workerLost: return "\(name) lost its worker before it was done; \(so)"
        case .overloaded:
            if let fault { return fault }
            return "\(name) has as many requests in flight or in line as it may, or this one was too long in line; "
                + "try again in a moment"
        case .deadline: return "\(so) within \(time(rules.deadline)), the deadline"
        case .first: return "no reply came within \(time(rules.first ?? 0)), the wait for the first one"
        case .idle: return "\(so), then none for \(time(rules.idle ?? 0))"
        case .limit:
            if let fault { return "\(so); \(fault)" }
            return "\(so), and the next would exceed max_replies or max_bytes of \(name)"
        case .slowClient:
            return fault ?? "the replies were not taken, and more than max_buffered_bytes of them piled up"
        case .shutdown: return "the gateway shut down; \(so)"
        case .final, .count, .cancelled, .clientLeft: return so
        }
    }

    private static func time(_ length: Nanoseconds) -> String {
        length % 1_000_000_000 == 0 ? "\(length / 1_000_000_000) s" : "\(length / 1_000_000) ms"
    }
}

extension ServicePlan {
    /// What makes a worker come, for a person. - Parameter name: the service, as the client called it.
    func workerAdvice(_ name: String) -> String {
        if traits.listsRegisteredNames { return "start one that registers \"\(name)\"" }
        guard traits.asksBroker else { return "start one \(whereWorkersGo)" }
        return "start one that registers \"\(configuration.brokered.name ?? self.name)\" at the broker"
    }

    /// Where a worker must go to serve, for a person; the endpoint itself is the operator's to know.
    var whereWorkersGo: String {
        configuration.bind == nil ? "that is bound where `connect` says" : "that connects to where `bind` says"
    }

    var retryAfterSeconds: Int { max(1, Int(configuration.retryAfter.components.seconds)) }

    /// The HTTP status of a worker's error.
    func errorStatus(_ reply: Span<UInt8>) -> Int {
        switch configuration.replies.error?.status {
        case nil: return ProblemCode.workerError.status
        case .fixed(let status): return status
        case .pointer(let text):
            guard let range = Locator([Pointer.checked(text)]).locate(in: reply)[0],
                let number = JSONText.number(reply, range), let status = Int(exactly: number),
                (400...599).contains(status)
            else { return ProblemCode.workerError.status }
            return status
        }
    }

    /// A worker's error as one JSON value.
    func errorText(_ reply: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        ReplyText(body: configuration.body, isEnvelope: configuration.reply == .envelope)
            .appendJSON(reply, hasLineBreak: true, to: &text)
        return text
    }
}
