// GET /v1/services/{publisher}?topic=a&topic=b: an exchange whose request is a list of topics, and whose replies come
// for as long as the client stays. It is SSE unless the client prefers NDJSON or accepts only that.
//
// An EventSource that comes back after its stream ended is served again: there is no request that would run twice.

import Bridge
package import Contract
import HTTP
import JSON
import Services

extension RESTHandler {
    package func listen(_ response: Response, _ route: ServiceRoute) {
        let request = response.request
        let parameters = RequestParameters()
        parameters.takesTopics = true
        if let problem = parameters.readQuery(request.query, isForGateway: true) { return reject(response, problem) }
        guard !parameters.topics.isEmpty, request.method != .head else {
            return page(response) { Pages.service($0, route, self.host) }
        }
        if rejectsLink(response) { return }
        if let field = request.text(of: .prefer) { parameters.readPreferences(field) }
        guard case .accepted(let rules) = route.rules.overridden(by: parameters.wishes, within: route.plan.bounds)
        else {
            return reject(response, Problem(.badParameter, "a parameter exceeds what can be requested"))
        }
        guard let format = ReplyFormat.ofTopics(request.text(of: .accept)) else {
            return reject(response, Problem(.notAcceptable, "accept text/event-stream or application/x-ndjson"))
        }
        let topics = parameters.topics.map { Array($0.utf8) }
        if let problem = (host.services[route.plan.index] as? any TopicSource)?.problem(of: topics) {
            return page(response) {
                $0.send(problem, retryAfter: problem.status == 503 ? route.plan.retryAfterSeconds : nil)
            }
        }
        if let most = host.site.exchangesPerAddress, !request.enter(limit: most) {
            return reject(
                response, Problem(.tooManyExchanges, "your address already has \(most) requests in flight"))
        }
        request.consumer = RESTReplySink(self, route, response, parameters, rules, format)
    }
}

extension ReplyFormat {
    /// The format that `accept` prefers, or nil if the client accepts neither.
    static func ofTopics(_ accept: String?) -> ReplyFormat? {
        guard let accept, !accept.isEmpty else { return .sse }
        let ranges = MediaRange.parse(accept)
        let sse = MediaRange.wish(for: "text/event-stream", in: ranges)
        let ndjson = MediaRange.wish(for: "application/x-ndjson", in: ranges)
        if sse.quality == 0 && ndjson.quality == 0 { return nil }
        return ndjson > sse ? .ndjson : .sse
    }
}
