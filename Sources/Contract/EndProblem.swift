// The problem of an exchange that did not end well: its code, its HTTP status and a sentence for this case.

package import Bridge
import Configuration
import JSON

/// Makes the problem of an end.
package enum EndProblem {
    package static func make(
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
        let count = exchange.delivered
        let so = count == 0 ? "no reply arrived" : "\(count) \(count == 1 ? "reply" : "replies") arrived"
        switch reason {
        case .error: return "\(name) returned an error, which is in `reply`"
        case .badReply: return "\(name): \(fault ?? "the reply is not what the service declares")"
        case .noWorker: return "\(name) has no worker connected; \(plan.workerAdvice(registered)) and try again"
        case .workerLost: return "\(name) lost its worker before the exchange was complete; \(so)"
        case .overloaded:
            if let fault { return fault }
            return "\(name) has reached its limit of concurrent or queued requests, or the request timed out in the "
                + "queue; try again in a moment"
        case .deadline: return "\(so) within the deadline of \(time(rules.deadline))"
        case .first: return "no reply arrived within \(time(rules.first ?? 0)), the limit for the first reply"
        case .idle: return "\(so), then none for \(time(rules.idle ?? 0))"
        case .limit:
            if let fault { return "\(so); \(fault)" }
            return "\(so), and the next would exceed max_replies or max_bytes of \(name)"
        case .slowClient:
            return fault ?? "the client read too slowly, and more than max_buffered_bytes of its replies piled up"
        case .shutdown: return "the gateway shut down; \(so)"
        case .final, .count, .cancelled, .clientLeft: return so
        }
    }

    private static func time(_ length: Nanoseconds) -> String {
        length % 1_000_000_000 == 0 ? "\(length / 1_000_000_000) s" : "\(length / 1_000_000) ms"
    }
}

extension ServicePlan {
    /// Advice on how to get a worker connected. - Parameter name: the service, as the client called it.
    package func workerAdvice(_ name: String) -> String {
        if traits.listsRegisteredNames { return "start one that registers \"\(name)\"" }
        guard traits.asksBroker else { return "start one \(whereWorkersGo)" }
        return "start one that registers \"\(configuration.brokered.name ?? self.name)\" at the broker"
    }

    /// Where a worker has to connect or bind. It does not name the endpoint, which only the operator may know.
    var whereWorkersGo: String {
        configuration.bind == nil ? "that binds the endpoint in `connect`" : "that connects to the endpoint in `bind`"
    }

    package var retryAfterSeconds: Int { max(1, Int(configuration.retryAfter.components.seconds)) }

    /// The HTTP status of a worker's error: fixed by the configuration, read from the reply, or else 502.
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
    package func errorText(_ reply: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        ReplyText(body: configuration.body, isEnvelope: configuration.reply == .envelope)
            .appendJSON(reply, hasLineBreak: true, to: &text)
        return text
    }
}
