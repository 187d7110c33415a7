// One HTTP request that opens an exchange, from its header to the last byte of its response.
//
//     accepted --body--> complete --open--> waiting --reply--> responding --> closed
//         |                 |                  |                  |
//         +---- problem ----+---- problem -----+   client left: finish(.clientLeft), worker cancelled
//
// It is at once the request's consumer, its exchange's sink and the stream's owner. While the exchange is open it also
// maintains the connection: it watches for a client that disconnects (after 50 ms, because most exchanges are over
// before), begins a stream that has no reply yet (after 1 s), and sends a comment on a quiet SSE stream (after 15 s).

package import Bridge
import Configuration
package import Contract
package import HTTP
import JSON
package import Operations
package import Reactors
package import Services
import ZeroMQ

/// Collects a request, opens its exchange, and responds with the replies.
package final class RESTReplySink: RequestConsumer, ReplySink, StreamOwner, ReadinessHandler, MemoryHolder {
    private static let watchAfter: Nanoseconds = 50_000_000
    private static let beginAfter: Nanoseconds = 1_000_000_000
    private static let signAfter: Nanoseconds = 15_000_000_000

    package let exchange: Exchange
    private let host: any WebHost
    // Strong, although the handler outlives this object: a strong reference costs half of an unowned one.
    private let handler: RESTHandler
    private let route: ServiceRoute
    private let response: Response
    private let parameters: RequestParameters
    private let acceptedAt: Instant
    private var body: RequestBody
    /// Replies go into a stream, or else are collected for one body.
    private var stream: StreamWriter?
    private var collector: UnaryWriter
    private var credit: Credit
    private var record: ExchangeRecord?
    private var isRejected = false
    private var looksAt: Instant
    private var watch: Registration?
    private var lastSign: Instant
    private var isClosed = false
    private var bodyMemory = HeldMemory(.bodies)
    private var replyMemory = HeldMemory(.replies)

    init(
        _ handler: RESTHandler, _ route: ServiceRoute, _ response: Response,
        _ parameters: RequestParameters, _ rules: EndRules, _ format: ReplyFormat
    ) {
        let host = handler.host
        // There is nothing to stream, unless the client wants to read the end in the stream.
        let format = rules.count == 0 && format != .sse && !parameters.wantsEndRecord ? .json : format
        self.host = host
        self.handler = handler
        self.route = route
        self.response = response
        self.parameters = parameters
        acceptedAt = host.now
        looksAt = acceptedAt + Self.watchAfter
        lastSign = acceptedAt
        let limits = host.limits
        body = RequestBody(route.plan, expecting: response.request.contentLength)
        credit = Credit(bound: limits.maxBufferedBytes)
        collector = UnaryWriter(format, count: rules.count, allowsPartial: parameters.allowsPartial)
        exchange = Exchange(
            host, host.services[route.plan.index], rules, fairnessKey: response.request.clientKey,
            takesEnvelopes: route.reply == .envelope)
        exchange.subject = route.subject
        if !format.isSingle {
            stream = StreamWriter(response, route, format, wantsEndRecord: parameters.wantsEndRecord, owner: self)
        }
    }

    // MARK: The request

    package func body(_ bytes: Span<UInt8>, of request: Request) {
        guard !isRejected else { return }
        if let problem = body.append(bytes) { return reject(problem) }
        hold(body: body.bytes.count)
    }

    package func bodyEnded(of request: Request) {
        guard !isRejected else { return }
        if plan.traits.takesSubscriptions { return host.openSoon(self) }
        if let text = parameters.request, !route.isConfigured {
            if let problem = body.take(Array(text.utf8).span) { return reject(problem) }
        }
        if let problem = body.finish(mayBeEmpty: route.request == .envelope) { return reject(problem) }
        host.openSoon(self)
    }

    package func closed(_ request: Request, _ reason: RequestEnd) {
        isClosed = true
        stopWaiting()
        exchange.finish(because: reason == .shutdown ? .shutdown : .clientLeft, by: self)
        bodyMemory.release(in: host.memory)
        replyMemory.release(in: host.memory)
        host.metrics.snapshot.bufferedBytes -= credit.buffered
        handler.closed(response, since: acceptedAt, reason, record)
    }

    // MARK: The exchange

    package var memoryKey: UInt64 { response.request.clientKey }
    private var plan: ServicePlan { route.plan }

    /// Opens the exchange of a complete and valid request, unless the client has disconnected meanwhile.
    package func open() {
        guard !isClosed else { return }
        var frame: Frame
        // The bytes are not needed once the frame is made. This frees them early, since the worker may take long.
        let body = body.takeBytes()
        defer { hold(body: exchange.unsent.isEmpty ? 0 : body.count) }
        if plan.traits.takesSubscriptions {
            frame = Frame(copying: TopicList.bytes(of: parameters.topics.map { Array($0.utf8) }).span)
        } else if route.request == .envelope {
            frame = Frame(copying: envelope(of: body.span).span)
        } else {
            frame = Frame(copying: body.span)
        }
        exchange.open(&frame, self)
        // The first message may be a long time off, and no problem can come before it.
        if exchange.isOpen && plan.traits.takesSubscriptions { stream?.begin() }
    }

    /// The request as one JSON object, for a worker that takes envelopes.
    private func envelope(of body: Span<UInt8>) -> [UInt8] {
        let request = response.request
        let path = response.path ?? .none
        var envelope = RequestEnvelope(
            method: request.methodName, path: request.path, parameters: zip(path.names, path.values),
            query: parameters.query)
        for name in route.headers {
            if let value = request.values(named: Array(name.utf8).span) { envelope.header(name, value.span) }
        }
        var trace: [UInt8]?
        if let value = request.value(of: .traceparent) { trace = [UInt8](copying: value) }
        return envelope.finish(
            body, plan.configuration.body, requestID: response.requestID.text, traceparent: trace,
            remote: request.remoteAddress)
    }

    package func deliver(_ body: Span<UInt8>, _ inspection: Inspection) {
        lastSign = host.now
        guard let stream else {
            collector.reply(body, route)
            return hold(replies: collector.bytes)
        }
        if !stream.hasBegun { noteTiming() }
        stream.reply(body, inspection)
        if stream.fault != nil { exchange.finish(because: .badReply, by: self) }
    }

    private func noteTiming() {
        guard let queueTiming = exchange.queueTiming else { return }
        response.timing = ServerTiming(queueTiming: queueTiming, elapsed: host.now.since(exchange.state.openedAt))
    }

    package func ended(_ end: End, _ reply: Span<UInt8>, _ fault: String?) {
        noteTiming()
        let attempts = exchange.queueTiming?.attempts ?? 1
        stopWaiting()
        let elapsed = host.now.since(exchange.state.openedAt)
        if host.accessLog.isEnabled {
            record = ExchangeRecord(
                service: route.name, reason: end.reason, isOK: end.isOK, replies: exchange.state.delivered,
                first: exchange.state.firstReplyAt?.since(exchange.state.openedAt), total: elapsed, attempts: attempts)
        }
        guard !isClosed, end.reason != .clientLeft else { return }
        let problem = end.isOK ? nil : EndProblem.make(end, plan, called: route.name, exchange.state, reply, fault)
        let endRecord = EndRecord(
            end: end, replies: exchange.state.delivered, elapsed: elapsed, attempts: attempts, problem: problem)
        let errorReply = end.reason == .error ? plan.errorText(reply) : nil
        let conclusion = Conclusion(record: endRecord, errorReply: errorReply)
        if let stream { return stream.end(conclusion) }
        collector.end(conclusion, response, route)
        // libmicrohttpd keeps a copy until the client has read it.
        if !isClosed { hold(replies: Int(clamping: response.request.bytesSent)) }
    }

    package func requestWasSent() { hold(body: 0) }

    // MARK: Memory

    private func hold(body bytes: Int) { bodyMemory.set(bytes, in: host.memory, for: memoryKey, self) }
    private func hold(replies bytes: Int) { replyMemory.set(bytes, in: host.memory, for: memoryKey, self) }

    package func evict(_ kind: MemoryKind) {
        if kind == .bodies { return evictBody() }
        guard let stream else {
            guard exchange.isOpen else { return response.request.abort() }
            collector.discard()
            return exchange.finish(because: .overloaded, saying: MemoryWords.collected, by: self)
        }
        let goesOn = stream.dropUnsent()
        let isAlive = exchange.isOpen && goesOn
        exchange.finish(because: .slowClient, saying: MemoryWords.replies, by: self)
        if isAlive { return }
        if !isClosed { response.request.abort() }
    }

    private func evictBody() {
        hold(body: 0)
        // The request waits for an identity.
        if exchange.isOpen { return exchange.finish(because: .overloaded, saying: MemoryWords.body, by: self) }
        reject(Problem(.overloaded, MemoryWords.body), retryAfter: plan.retryAfterSeconds)
        response.request.answerBeforeBody()
    }

    // MARK: The stream

    package func buffered(_ bytes: Int) {
        guard !isClosed else { return }
        host.metrics.snapshot.bufferedBytes += bytes
        let change = bytes >= 0 ? credit.fill(bytes) : credit.drain(-bytes)
        hold(replies: credit.buffered)
        switch change {
        case .none: break
        case .pause:
            host.metrics.snapshot.slowClients += 1
            exchange.pause(by: self)
        case .resume: exchange.resume(by: self)
        case .overrun: exchange.finish(because: .slowClient, by: self)
        }
    }

    // MARK: Waiting

    package var nextLook: Instant { looksAt }

    package func look() {
        if watch == nil { watch = host.watch(response.request.descriptor, .peerClosed, self) }
        if let stream, !stream.hasBegun, host.now >= acceptedAt + Self.beginAfter { stream.begin() }
        if host.now >= lastSign + Self.signAfter {
            stream?.sayNothing()
            lastSign = host.now
        }
        looksAt =
            stream?.hasBegun ?? false
            ? lastSign + Self.signAfter : max(acceptedAt + Self.beginAfter, host.now + Self.beginAfter / 4)
    }

    /// The client closed its side of the connection.
    package func ready(_ readiness: Readiness) {
        stopWaiting()
        exchange.finish(because: .clientLeft, by: self)
        if !isClosed { response.request.abort() }
    }

    private func stopWaiting() {
        if let watch { host.reactor.unwatch(watch) }
        watch = nil
    }

    private func reject(_ problem: Problem, retryAfter: Int? = nil) {
        isRejected = true
        body.discard()
        hold(body: 0)
        response.send(problem, retryAfter: retryAfter)
    }
}
