// Writes one response with a length: the reply itself if the rules allow only one, else an array of all replies.

import Bridge
import Configuration
package import Contract
import HTTP
import JSON

/// Collects replies until the exchange ends.
package struct UnaryWriter {
    private let format: ReplyFormat
    private let isSingle: Bool
    private let isOneWay: Bool
    private let allowsPartial: Bool
    private var collected: [UInt8] = []
    private var count = 0
    /// The envelope of a single reply.
    private var envelope: ReplyEnvelope?
    private var fault: String?

    /// - Parameter count: the number of replies that the rules ask for.
    init(_ format: ReplyFormat, count: Int?, allowsPartial: Bool) {
        self.format = format
        isSingle = count == 1
        isOneWay = count == 0
        self.allowsPartial = allowsPartial
    }

    /// The number of bytes collected.
    package var bytes: Int { collected.count }

    /// Drops everything collected.
    package mutating func discard() { (collected, count, envelope) = ([], 0, nil) }

    /// Adds a reply.
    package mutating func reply(_ body: Span<UInt8>, _ route: ServiceRoute) {
        count += 1
        if isSingle, route.reply == .envelope, let read = ReplyEnvelope.read(body).envelope {
            envelope = read
            if read.body == nil || read.forbidsBody { return }
            if read.bodyEncoding != nil {
                collected = read.decodedBody(body) ?? []
                return
            }
        }
        if format == .plain {
            guard let plain = route.replyText.plain(body) else {
                fault = fault ?? "the envelope's body is not what the service declares"
                return
            }
            collected = plain
        } else {
            if !isSingle && count > 1 { collected.append(UInt8(ascii: ",")) }
            route.replyText.appendJSON(body, hasLineBreak: false, to: &collected)
        }
    }

    /// The exchange is over: sends the response, which copies what was collected.
    package mutating func end(_ conclusion: Conclusion, _ response: Response, _ route: ServiceRoute) {
        defer { collected = [] }
        let reason = conclusion.record.end.reason
        if let fault = fault ?? envelope?.fault(answering: response.request) {
            return response.send(Problem(.badReply, fault), endedBy: .badReply)
        }
        guard var problem = conclusion.record.problem else { return succeed(reason, response, route) }
        if conclusion.record.end.isPartial {
            if allowsPartial { return succeed(reason, response, route, isPartial: true) }
            if count > 0 { problem.extras.append(("replies", array)) }
        }
        if let reply = conclusion.errorReply { problem.extras.append(("reply", reply)) }
        let retryAfter = problem.status == 503 ? route.plan.retryAfterSeconds : nil
        response.send(problem, retryAfter: retryAfter, endedBy: reason)
    }

    private mutating func succeed(
        _ reason: EndReason, _ response: Response, _ route: ServiceRoute, isPartial: Bool = false
    ) {
        let isItself = isSingle && count > 0
        if envelope == nil, format == .json, isItself || !isOneWay && (!isSingle || isPartial) {
            let headers = response.headers(ofJSONEndedBy: reason)
            return response.request.respond(200, headers, copying: (isItself ? collected : array).span)
        }
        let isEmpty = isOneWay || isSingle && count == 0
        var headers = response.headers(negotiating: isEmpty ? nil : contentType(route), envelope?.headers ?? [])
        headers.add("X-Exchange-End", String(describing: reason.word))
        if isEmpty { return response.request.respond(isOneWay ? 202 : 204, headers, copying: Span()) }
        response.request.respond(envelope?.status ?? 200, headers, copying: (isSingle ? collected : array).span)
    }

    /// The content type, unless the worker sets it; nil if there is no body.
    private func contentType(_ route: ServiceRoute) -> String? {
        if let envelope, envelope.body == nil || envelope.forbidsBody { return nil }
        switch envelope?.bodyEncoding {
        case .text: return "text/plain; charset=utf-8"
        case .base64: return "application/octet-stream"
        case nil: return String(describing: format.contentType(route.plan.configuration.body))
        }
    }

    private var array: [UInt8] {
        if format == .plain { return collected }
        return [UInt8(ascii: "[")] + collected + [UInt8(ascii: "]")]
    }
}
