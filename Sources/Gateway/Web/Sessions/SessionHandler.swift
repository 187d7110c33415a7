// From the request that asks for a WebSocket to the session that speaks over it.
//
//     Host and Origin were looked at -> limits -> handshake (RFC 6455, section 4.2) -> 101 -> session

import Bridge
import Configuration
import HTTP
import WebSocket

/// Opens sessions, on one reactor.
final class SessionHandler {
    private unowned let handler: RESTHandler
    private let core: any WebHost

    init(_ handler: RESTHandler) {
        self.handler = handler
        core = handler.core
    }

    /// Upgrades the request, or refuses it. - Parameter route: the service of a raw session; nil for a multiplexed one.
    func open(_ answer: Answer, _ route: ServiceRoute?) {
        if handler.refusesLink(answer) { return }
        let request = answer.request
        var offer = HandshakeOffer()
        offer.compresses = core.configuration.sessions.compress
        if route == nil {
            offer.subprotocols = [MultiplexedSession.subprotocol]
            offer.needsSubprotocol = true
        }
        do {
            let acceptance = try Handshake.answer(HandshakeRequest(request), offer)
            if !core.acceptsRequests {
                return handler.refuse(answer, Problem(.shutdown, "the gateway is shutting down"))
            }
            if let problem = core.memory.fullness {
                return handler.page(answer) { $0.send(problem, retryAfter: 1) }
            }
            if let problem = core.sessions.problem(for: request.remoteAddress) {
                return handler.refuse(answer, problem)
            }
            if let route, let problem = problem(request, route) {
                let seconds = problem.status == 503 ? route.plan.retryAfterSeconds : nil
                return handler.page(answer) { $0.send(problem, retryAfter: seconds) }
            }
            request.consumer = UpgradeVisit(handler, answer, route, acceptance)
        } catch {
            refuse(answer, error)
        }
    }

    /// Why there can be no session with this service, or nil.
    private func problem(_ request: Request, _ route: ServiceRoute) -> Problem? {
        if let problem = route.brokerProblem { return problem }
        if route.plan.traits.takesSubscriptions {
            // It says itself what it wants to hear, ends with its connection, and may come before its publisher.
            let advice = "send {\"op\":\"subscribe\",\"topic\":...}"
            return request.query.isEmpty
                ? nil : Problem(.badParameter, "a session with a publisher has no parameters; \(advice)")
        }
        guard core.services[route.plan.index].isReady(for: route.subject) == false else { return nil }
        let advice = route.plan.workerAdvice(route.name)
        return Problem(.noWorker, "service \"\(route.name)\" has no worker connected; \(advice)")
    }

    private func refuse(_ answer: Answer, _ rejection: Rejection) {
        let code: ProblemCode =
            switch rejection.status {
            case 426: .upgradeRequired
            case 405: .methodNotAllowed
            default: .malformedRequest
            }
        handler.refuse(answer, Problem(code, rejection.detail))
    }

    /// The 101 is with the kernel.
    func begin(
        _ stream: UpgradedStream, _ route: ServiceRoute?, _ acceptance: Acceptance, _ requestID: RequestID,
        _ upgrade: UpgradeHead?, resumable: Bool
    ) {
        var limits = CodecLimits()
        limits.maxMessageBytes = core.configuration.sessions.maxMessageBytes
        // Small fragments are allowed; a flood of empty ones ends.
        limits.maxFragments = 1024 + limits.maxMessageBytes / 16
        let wire = SessionWire(core, stream, Codec(limits, deflate: acceptance.deflate), requestID)
        wire.upgrade = upgrade
        let kind = route.map { SessionKind(plan: $0.plan.index, subject: $0.subject) }
        guard core.sessions.makeSession(kind, wire, resumable: resumable) != nil else {
            return wire.abort()
        }
        wire.start()
    }
}

/// The consumer of a request that becomes a session.
private final class UpgradeVisit: RequestConsumer, UpgradeReceiver {
    private let handler: RESTHandler
    private let answer: Answer
    private let route: ServiceRoute?
    private let acceptance: Acceptance
    private let since: Instant

    init(_ handler: RESTHandler, _ answer: Answer, _ route: ServiceRoute?, _ acceptance: Acceptance) {
        self.handler = handler
        self.answer = answer
        self.route = route
        self.acceptance = acceptance
        since = handler.core.now
    }

    func body(_ bytes: Span<UInt8>, of request: Request) {}

    func bodyEnded(of request: Request) {
        if request.hasBody {
            return answer.send(Problem(.malformedRequest, "a request for a WebSocket has no body"))
        }
        var headers = ResponseHeaders(["Upgrade": "websocket"])
        headers.add("Sec-WebSocket-Accept", acceptance.key)
        if let subprotocol = acceptance.subprotocol { headers.add("Sec-WebSocket-Protocol", subprotocol) }
        if let extensions = acceptance.extensions { headers.add("Sec-WebSocket-Extensions", extensions) }
        headers.add("X-Request-Id", answer.requestID.text)
        if !request.upgrade(headers, to: self) {
            answer.send(Problem(.overloaded, "no descriptor is left for one more session; try again in a moment"))
        }
    }

    func upgraded(_ stream: UpgradedStream, of request: Request) {
        let parameters = RequestParameters()
        let isReadable = parameters.readQuery(request.query, isForGateway: false) == nil
        let resumable = isReadable && parameters.query.contains { $0.name == "resume" && $0.value == "1" }
        let head = UpgradeHead.kept(of: request, for: route?.plan, handler.core)
        handler.sessions.begin(stream, route, acceptance, answer.requestID, head, resumable: resumable)
    }

    func closed(_ request: Request, _ reason: RequestEnd) { handler.closed(answer, since: since, reason, nil) }
}

extension Request {
    /// Whether it asks to become a WebSocket, rightly or not; another protocol is passed over (RFC 9110, section 7.8).
    var asksForWebSocket: Bool { value(of: .upgrade) != nil && HandshakeRequest(self).asksForWebSocket }
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
