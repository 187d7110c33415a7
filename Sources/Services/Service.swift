// A service on one reactor: requests go to it, and replies come from it.
//
//                     +-- RouterService      one DEALER per exchange, from the identity pool; also an external broker
//                     +-- DealerService      one DEALER for all, `[ticket]...`; also REP, whose frames differ
//   Core -- Service --+-- ReadyService       a ROUTER whose workers announce when they are ready \ Pools/
//                     +-- MajordomoService   a broker: a pool for each name that workers register /
//                     +-- PublisherService   an XSUB for all subscribers; Publisher/
//                     +-- RemoteService      the service is bound on another reactor: letters there and back

package import Bridge
package import Contract
package import ZeroMQ

/// What happened to a request that was passed to a service.
package enum SendResult {
    /// A worker has the request or will get it: the exchange is open.
    case accepted
    /// The request was rejected at once, for this reason. Nothing was sent.
    case rejected(EndReason)
}

/// What a service knows about a reply.
package struct ReplyMetadata: Sendable {
    /// How a worker's protocol marks the last reply.
    package enum Last: Sendable {
        /// The message is itself a reply.
        case data
        /// The message only marks the end.
        case marker
    }

    /// What is wrong with the message's frames, or nil.
    package var fault: ReplyShape.Mismatch?
    /// The worker's protocol marks it as the last reply.
    package var last: Last?
    /// What happened to the request before, if that is known.
    package var queueTiming: QueueTiming?
    /// The frames after the body. Only native clients receive them.
    package var more: [FrameBox] = []
}

/// One service on one reactor. Confined to its reactor.
package protocol Service: AnyObject {
    var plan: ServicePlan { get }
    var state: ServiceState { get }

    /// Whether a request sent now would find a worker; nil if only another reactor knows. Unlike `state` it checks
    /// nothing else.
    func isReady(for subject: String?) -> Bool?

    /// Opens the sockets. Errors are reported in the service's state, and the service retries.
    func start()
    /// Sends the request of `exchange`, which is its one body frame.
    func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult
    /// Submits a request of another reactor or of a native client: `sendToWorker` without a requester here.
    func submit(_ request: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata) -> SendResult
    /// The owner no longer waits for the request that it submitted.
    func withdraw(_ metadata: RequestMetadata)
    /// Gives a worker no new work, or work again.
    func setDraining(_ isDraining: Bool, worker: String, _ pool: String)
    /// The exchange is over: cancels it at the worker if necessary, and returns its identity.
    func ended(_ exchange: any Requester, _ end: End)
    /// The client of `exchange` is slow: stops reading its replies, if they can be told from those of others.
    func pause(_ exchange: any Requester)
    func resume(_ exchange: any Requester)
    /// Receives a letter from this service's part on another reactor.
    func receivedLetter(_ letter: any ServiceLetter)
    /// The gateway drains: ends what would otherwise go on forever.
    func drainBegan()
    /// Reads replies until there are none or the turn's budget is spent.
    /// - Returns: whether some may be left.
    func drain() -> Bool
    /// Slow housekeeping, a few times a second.
    func tick()
    /// Closes the sockets; the last call.
    func stop()
}

extension Service {
    package func isReady(for subject: String?) -> Bool? {
        let state = state
        return state.isHere ? state.isReady : nil
    }

    package func receivedLetter(_ letter: any ServiceLetter) {}
    package func drainBegan() {}

    // For services that accept no requests from other reactors or native clients.
    package func submit(_ request: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata) -> SendResult {
        .rejected(.noWorker)
    }
    package func withdraw(_ metadata: RequestMetadata) {}
    package func setDraining(_ isDraining: Bool, worker: String, _ pool: String) {}
}

extension TicketCodec {
    /// A ticket as a frame, which a worker takes for an identity.
    package func frame(of ticket: Ticket) -> Frame {
        var frame = Frame(byteCount: Self.byteCount)
        var bytes = frame.mutableBytes
        write(ticket, into: &bytes)
        return frame
    }
}
