// The entry point: every request with a complete header comes here once, is admitted or rejected, and is dispatched.
//
//     Admission (Host, page, route) -> built-in page, public file, session, or RESTReplySink

package import Bridge
import Configuration
package import Contract
package import HTTP
import JSON
package import Operations

/// Accepts and dispatches the requests of one reactor.
package final class RESTHandler: RequestHandler, RejectionWriter {
    package let host: any WebHost
    /// Requests whose last byte has not been sent yet.
    package private(set) var openRequests = 0
    private var lastRequest: UInt64 = 0
    package private(set) lazy var admission = Admission(self)
    package private(set) lazy var sessions = SessionHandler(self)
    private let noParameters = RequestParameters()

    package init(_ host: any WebHost) { self.host = host }

    package func accept(_ request: Request) {
        openRequests += 1
        let response = Response(request, requestID(of: request), closes: !host.acceptsRequests)
        admission.begin(response)
    }

    /// Rejects a request that only follows a link on a foreign page. - Returns: whether it did.
    func rejectsLink(_ response: Response) -> Bool {
        if response.isForeignLink { reject(response, CallerRules.foreignPage) }
        return response.isForeignLink
    }

    /// A request's last byte is sent, or its client is gone.
    package func closed(_ response: Response, since: Instant, _ reason: RequestEnd, _ exchange: ExchangeRecord?) {
        openRequests -= 1
        host.metrics.responded(response.request.status)
        if let problem = response.rejection {
            host.metrics.rejections.rejected(problem, response.request.remoteAddress)
        }
        guard host.accessLog.isEnabled else { return }
        let request = response.request
        host.accessLog.write(
            AccessRecord(
                status: request.status, requestID: response.requestID, remote: request.remoteAddress,
                bytesSent: request.bytesSent, elapsed: host.now.since(since), response: reason.word,
                exchange: exchange),
            method: request.methodName, path: request.path)
    }

    /// Writes the problem of a request that the HTTP room cannot read.
    package func problem(status: Int, code: StaticString, detail: String, remote: String) -> [UInt8] {
        let known = ProblemCode(code)
        host.metrics.rejections.report(known, detail, remote)
        return Problem(known, detail, status: status).bytes(requestID: nil)
    }

    /// The request has passed all steps of admission; one of them has found its target.
    func admitted(_ response: Response) {
        guard let target = response.target else { preconditionFailure("no step has set the request's target") }
        let request = response.request
        switch target {
        case .exchange(let route): exchange(response, route)
        case .socket: sessions.open(response, nil)
        case .service(let route) where request.asksForWebSocket, .topics(let route) where request.asksForWebSocket:
            sessions.open(response, route)
        case .topics(let route): listen(response, route)
        case .service(let route): service(response, route)
        case .services: page(response) { Pages.services($0, self.host) }
        case .health: page(response) { Pages.health($0) }
        case .readiness: page(response) { Pages.readiness($0, self.host) }
        case .metrics: page(response) { Pages.metrics($0, self.host) }
        case .openAPI: page(response) { Pages.openAPI($0, self.host) }
        case .worker where rejectsLink(response): break
        case .worker: page(response) { WorkerPages.order($0, self.host, response.path ?? .none) }
        case .publicFile(let file):
            page(response) { self.host.site.publicFiles.send(file, $0, ifNoneMatch: request.text(of: .ifNoneMatch)) }
        case .options: page(response) { $0.sendAllow() }
        case .unknownService: preconditionFailure("RouteStep leads no request to an unknown service")
        }
    }

    /// Answers GET on a service: an exchange if the query holds a request, else the description.
    private func service(_ response: Response, _ route: ServiceRoute) {
        let request = response.request
        let parameters = RequestParameters()
        if let problem = parameters.readQuery(request.query, isForGateway: true) { return reject(response, problem) }
        guard parameters.request != nil, request.method != .head else {
            return page(response) { Pages.service($0, route, self.host) }
        }
        if let problem = route.brokerProblem { return reject(response, problem) }
        if response.isEventSourceAgain { return page(response) { Pages.nothing($0) } }
        exchange(response, route)
    }

    /// Checks everything that can be rejected before the body is read, then prepares the exchange.
    private func exchange(_ response: Response, _ route: ServiceRoute) {
        if rejectsLink(response) { return }
        let request = response.request
        var parameters = noParameters
        var rules = route.rules
        if route.isConfigured, let subject = route.subject,
            let registered = host.registeredServices.registeredService(subject, by: route.plan)
        {
            rules = rules.ofWorkers(streaming: registered.rules.count == nil)
        }
        if !request.query.isEmpty || request.value(of: .prefer) != nil {
            parameters = RequestParameters()
            if let problem = read(parameters, of: request, route) { return reject(response, problem) }
            switch rules.overridden(by: parameters.wishes, within: route.bounds) {
            case .accepted(let overridden): rules = overridden
            case .tooMuch(let key): return reject(response, Self.tooMuch(key, route))
            }
        }
        let body = route.plan.configuration.body
        guard let format = Self.format(of: request, route, isSingle: rules.count == 1) else {
            return reject(
                response, Problem(.notAcceptable, "accept application/json, application/x-ndjson or text/event-stream"))
        }
        // EventSource reconnects when its stream ends; 204 tells it to stop (HTML, "server-sent events").
        if format == .sse, response.isEventSourceAgain { return page(response) { Pages.nothing($0) } }
        if request.hasBody, let problem = MediaTypeCheck.problem(of: request, body) {
            return reject(response, problem)
        }
        if let length = request.contentLength, length > UInt64(route.plan.maxBodyBytes) {
            return reject(response, BodyCheck.tooLarge(route.plan))
        }
        if request.hasBody, let problem = host.memory.problem(ofBody: request.contentLength) {
            let retryAfter = problem.status == 503 ? route.plan.retryAfterSeconds : nil
            return page(response) { $0.send(problem, retryAfter: retryAfter) }
        }
        if let most = host.site.exchangesPerAddress, !request.enter(limit: most) {
            return reject(
                response, Problem(.tooManyExchanges, "your address already has \(most) requests in flight"))
        }
        rules = route.plan.rules(asking: format, on: rules)
        request.consumer = RESTReplySink(self, route, response, parameters, rules, format)
    }

    private static func format(
        of request: Request, _ route: ServiceRoute, isSingle: Bool
    ) -> ReplyFormat? {
        let body = route.plan.configuration.body
        let format: ReplyFormat?
        if request.isRepeated(.accept), let accept = request.text(of: .accept) {
            format = ReplyFormat.negotiate(Array(accept.utf8).span, body, isSingle: isSingle)
        } else {
            format = ReplyFormat.negotiate(request.value(of: .accept), body, isSingle: isSingle)
        }
        // The media type of a single reply is up to its envelope: a page, an image.
        guard format == nil, isSingle, route.reply == .envelope else { return format }
        return ReplyFormat.negotiate(nil, body, isSingle: true)
    }

    /// Reads the query and `Prefer`. - Returns: what is wrong with them, or nil.
    private func read(_ parameters: RequestParameters, of request: Request, _ route: ServiceRoute) -> Problem? {
        let isForGateway = !route.isConfigured && (route.request == .body || request.method == .get)
        if let problem = parameters.readQuery(request.query, isForGateway: isForGateway) { return problem }
        if parameters.request != nil, request.hasBody {
            return Problem(.badParameter, "the query has a request and so has the body; send only one of them")
        }
        if let field = request.text(of: .prefer) { parameters.readPreferences(field) }
        return nil
    }

    private static func tooMuch(_ key: OverrideResult.StaticKey, _ route: ServiceRoute) -> Problem {
        Problem(
            .badParameter,
            "\(key.rawValue) exceeds what service \"\(route.name)\" allows; GET it to see its `overrides`")
    }

    package func reject(_ response: Response, _ problem: Problem) { page(response) { $0.send(problem) } }

    /// Answers a request that opens no exchange, now or later.
    package func page(_ response: Response, _ give: @escaping (Response) -> Void) {
        let visit = PageRequest(self, response, give)
        response.request.consumer = visit
        visit.respondIfComplete()
    }

    /// The client's own request id if it is safe to repeat, else a new one.
    private func requestID(of request: Request) -> RequestID {
        if let given = request.value(of: .xRequestID), given.count <= 128, Self.isHarmless(given) {
            return .given(String(copying: given))
        }
        lastRequest += 1
        return .minted(Ticket(reactor: UInt8(host.index), number: lastRequest), host.codec)
    }

    private static func isHarmless(_ text: Span<UInt8>) -> Bool {
        for position in 0..<text.count {
            switch text[position] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: ":"):
                continue
            default: return false
            }
        }
        return text.count > 0
    }
}

extension RequestEnd {
    /// The word in the access log.
    package var word: StaticString {
        switch self {
        case .completed: "completed"
        case .clientLeft: "client_left"
        case .timedOut: "timed_out"
        case .shutdown: "shutdown"
        case .aborted: "aborted"
        case .failed: "failed"
        }
    }
}

extension Request {
    /// The value of a header field as text. If the field is repeated, its values become one list.
    package func text(of header: KnownHeader) -> String? {
        guard let value = value(of: header) else { return nil }
        guard isRepeated(header) else { return String(copying: value) }
        let values = values(named: Array(String(describing: header.name).utf8).span) ?? []
        return String(decoding: values, as: UTF8.self)
    }
}
