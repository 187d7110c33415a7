// From the request that asks for a WebSocket to the session on it.
//
//     Host and Origin are checked -> limits -> handshake (RFC 6455, section 4.2) -> 101 -> session

import Bridge
import Configuration
package import Contract
package import HTTP
package import WebSocket

/// Opens the sessions of one reactor.
package final class SessionHandler {
    private unowned let handler: RESTHandler
    private let host: any WebHost

    init(_ handler: RESTHandler) {
        self.handler = handler
        host = handler.host
    }

    /// Upgrades the request, or rejects it. - Parameter route: the service of a raw session; nil for a multiplexed one.
    package func open(_ response: Response, _ route: ServiceRoute?) {
        if handler.rejectsLink(response) { return }
        let request = response.request
        var offer = HandshakeOffer()
        offer.compresses = host.sessionSettings.compress
        if route == nil {
            offer.subprotocols = [MultiplexedSession.subprotocol]
            offer.needsSubprotocol = true
        }
        do {
            let acceptance = try Handshake.answer(HandshakeRequest(request), offer)
            if !host.acceptsRequests {
                return handler.reject(response, Problem(.shutdown, "the gateway is shutting down"))
            }
            if let problem = host.memory.fullness {
                return handler.page(response) { $0.send(problem, retryAfter: 1) }
            }
            if let problem = host.sessions.problem(for: request.remoteAddress) {
                return handler.reject(response, problem)
            }
            if let route, let problem = problem(request, route) {
                let seconds = problem.status == 503 ? route.plan.retryAfterSeconds : nil
                return handler.page(response) { $0.send(problem, retryAfter: seconds) }
            }
            request.consumer = UpgradeRequest(handler, response, route, acceptance)
        } catch {
            reject(response, error)
        }
    }

    /// Why no session with this service can be opened, or nil.
    private func problem(_ request: Request, _ route: ServiceRoute) -> Problem? {
        if let problem = route.brokerProblem { return problem }
        if route.plan.traits.takesSubscriptions {
            // The client sends its topics later. The session ends with its connection, and may open before its
            // publisher connects.
            let advice = "send {\"op\":\"subscribe\",\"topic\":...}"
            return request.query.isEmpty
                ? nil : Problem(.badParameter, "a session with a publisher has no parameters; \(advice)")
        }
        guard host.services[route.plan.index].isReady(for: route.subject) == false else { return nil }
        let advice = route.plan.workerAdvice(route.name)
        return Problem(.noWorker, "service \"\(route.name)\" has no worker connected; \(advice)")
    }

    private func reject(_ response: Response, _ rejection: Rejection) {
        let code: ProblemCode =
            switch rejection.status {
            case 426: .upgradeRequired
            case 405: .methodNotAllowed
            default: .malformedRequest
            }
        // Only GET opens a WebSocket (RFC 6455, section 4.1), and a 405 names the methods (RFC 9110, section 15.5.6).
        response.allow = "GET"
        handler.reject(response, Problem(code, rejection.detail))
    }

    /// The 101 response was passed to the kernel: the session begins.
    package func begin(
        _ stream: UpgradedStream, _ route: ServiceRoute?, _ acceptance: Acceptance, _ requestID: RequestID,
        _ upgrade: UpgradeHead?, resumable: Bool
    ) {
        var limits = CodecLimits()
        limits.maxMessageBytes = host.sessionSettings.maxMessageBytes
        // Small fragments are allowed; a flood of empty ones is not.
        limits.maxFragments = 1024 + limits.maxMessageBytes / 16
        let webSocket = WebSocketConnection(host, stream, Codec(limits, deflate: acceptance.deflate), requestID)
        webSocket.upgrade = upgrade
        let kind = route.map { SessionKind(plan: $0.plan.index, subject: $0.subject) }
        guard host.sessions.makeSession(kind, webSocket, resumable: resumable) != nil else {
            return webSocket.abort()
        }
        webSocket.start()
    }
}

/// The consumer of a request that becomes a session.
private final class UpgradeRequest: RequestConsumer, UpgradeReceiver {
    private let handler: RESTHandler
    private let response: Response
    private let route: ServiceRoute?
    private let acceptance: Acceptance
    private let since: Instant

    init(_ handler: RESTHandler, _ response: Response, _ route: ServiceRoute?, _ acceptance: Acceptance) {
        self.handler = handler
        self.response = response
        self.route = route
        self.acceptance = acceptance
        since = handler.host.now
    }

    func body(_ bytes: Span<UInt8>, of request: Request) {}

    func bodyEnded(of request: Request) {
        if request.hasBody {
            return response.send(Problem(.malformedRequest, "a WebSocket upgrade request must not have a body"))
        }
        var headers = ResponseHeaders(["Upgrade": "websocket"])
        headers.add("Sec-WebSocket-Accept", acceptance.key)
        if let subprotocol = acceptance.subprotocol { headers.add("Sec-WebSocket-Protocol", subprotocol) }
        if let extensions = acceptance.extensions { headers.add("Sec-WebSocket-Extensions", extensions) }
        headers.add("X-Request-Id", response.requestID.text)
        if !request.upgrade(headers, to: self) {
            response.send(Problem(.overloaded, "no file descriptor is left for another session; try again in a moment"))
        }
    }

    func upgraded(_ stream: UpgradedStream, of request: Request) {
        let parameters = RequestParameters()
        let isReadable = parameters.readQuery(request.query, isForGateway: false) == nil
        let resumable = isReadable && parameters.query.contains { $0.name == "resume" && $0.value == "1" }
        let head = UpgradeHead.kept(of: request, for: route?.plan, handler.host)
        handler.sessions.begin(stream, route, acceptance, response.requestID, head, resumable: resumable)
    }

    func closed(_ request: Request, _ reason: RequestEnd) { handler.closed(response, since: since, reason, nil) }
}

extension Request {
    /// Whether the request asks for a WebSocket, correctly or not. Other protocols are ignored (RFC 9110, section 7.8).
    package var asksForWebSocket: Bool { value(of: .upgrade) != nil && HandshakeRequest(self).asksForWebSocket }
}

extension HandshakeRequest {
    fileprivate init(_ request: Request) {
        self.init()
        isGet = request.method == .get
        minorVersion = request.minorVersion
        upgrade = request.text(of: .upgrade)
        connection = request.text(of: .connection)
        key = request.text(of: .secWebSocketKey)
        version = request.text(of: .secWebSocketVersion)
        subprotocols = request.text(of: .secWebSocketProtocol)
        extensions = request.text(of: .secWebSocketExtensions)
    }
}
