// GET /v1/services/{publisher}?topic=a&topic=b: an exchange whose request is its topics, and whose replies come for as
// long as the client stays. SSE unless the client takes NDJSON alone or rather.
//
// EventSource comes back by itself when its stream ends, and is served again: there is no request that would run twice.

import Bridge
import HTTP
import JSON

extension RESTHandler {
    func listen(_ answer: Answer, _ route: ServiceRoute, _ path: PathParameters) {
        let request = answer.request
        let parameters = RequestParameters()
        parameters.takesTopics = true
        if let problem = parameters.readQuery(request.query, isForGateway: true) { return refuse(answer, problem) }
        guard !parameters.topics.isEmpty, request.method != .head else {
            return page(answer) { Pages.service($0, route, self.core) }
        }
        if refusesLink(answer) { return }
        if let field = request.text(of: .prefer) { parameters.readPreferences(field) }
        guard case .accepted(let rules) = route.rules.overridden(by: parameters.wishes, within: route.plan.bounds)
        else {
            return refuse(answer, Problem(.badParameter, "a parameter is more than can be asked for"))
        }
        guard let format = ReplyFormat.ofTopics(request.text(of: .accept)) else {
            return refuse(answer, Problem(.notAcceptable, "take text/event-stream or application/x-ndjson"))
        }
        let topics = parameters.topics.map { Array($0.utf8) }
        if let problem = (core.services[route.plan.index] as? any TopicSource)?.problem(of: topics) {
            return page(answer) {
                $0.send(problem, retryAfter: problem.status == 503 ? route.plan.retryAfterSeconds : nil)
            }
        }
        if let most = core.site.exchangesPerAddress, !request.enter(limit: most) {
            return refuse(answer, Problem(.tooManyExchanges, "\(most) requests of your address are in flight already"))
        }
        request.consumer = RESTReplySink(self, route, answer, path, parameters, rules, format)
    }
}

extension ReplyFormat {
    /// The better of the two for `accept`, or nil if the client takes neither.
    static func ofTopics(_ accept: String?) -> ReplyFormat? {
        guard let accept, !accept.isEmpty else { return .sse }
        let ranges = MediaRange.parse(accept)
        let sse = MediaRange.wish(for: "text/event-stream", in: ranges)
        let ndjson = MediaRange.wish(for: "application/x-ndjson", in: ranges)
        if sse.quality == 0 && ndjson.quality == 0 { return nil }
        return ndjson > sse ? .ndjson : .sse
    }
}
