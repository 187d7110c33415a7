// A service as one reactor sees it: where a request goes and where its replies come from.
//
//                     +-- RouterService      one DEALER an exchange, from the identity pool; also a broker that exists
//                     +-- DealerService      one DEALER for all, `[ticket]...`; also REP, whose frames differ
//   Core -- Service --+-- ReadyService       a ROUTER whose workers say when they are ready      \ Pools/
//                     +-- MajordomoService   a broker: a pool for each name that workers register /
//                     +-- PublisherService   an XSUB for all listeners; Topics/
//                     +-- RemoteService      the service is bound on another reactor: letters there and back

import Bridge
import ZeroMQ

/// What became of a request that was handed to a service.
enum SendResult {
    /// The worker has it, or will: the exchange is open.
    case accepted
    /// It is rejected at once, for this reason; nothing was sent.
    case rejected(EndReason)
}

/// What comes with a reply.
struct ReplyMetadata: Sendable {
    /// How a worker's protocol marks the last reply.
    enum Last: Sendable {
        /// It is a reply itself.
        case data
        /// It says only that it is over.
        case marker
    }

    /// What is wrong with the message's frames, if anything is.
    var fault: ReplyShape.Mismatch?
    /// The worker's protocol says that it is the last one.
    var last: Last?
    /// How the request fared before, where that is known.
    var queueTiming: QueueTiming?
    /// Frames behind the body; only a native client takes them.
    var more: [FrameBox] = []
}

/// One service on one reactor. Confined to it.
protocol Service: AnyObject {
    var plan: ServicePlan { get }
    var state: ServiceState { get }

    /// Whether a request sent now would find a worker; nil where only another reactor knows. Unlike `state` it looks at
    /// nothing else.
    func isReady(for subject: String?) -> Bool?

    /// Opens the sockets. Errors are reported by the service's state and tried again.
    func start()
    /// Hands `exchange` over with its one body frame.
    func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult
    /// Hands over a request of another reactor, or of a native client: `send` for one that is no requester here.
    func submit(_ request: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata) -> SendResult
    /// Whoever submitted is not interested any more.
    func withdraw(_ metadata: RequestMetadata)
    /// Gives a worker no new work, or work again.
    func setDraining(_ isDraining: Bool, worker: String, _ pool: String)
    /// The exchange is over: tells the worker where that is asked for and gives its identity back.
    func ended(_ exchange: any Requester, _ end: End)
    /// The client of `exchange` does not take its replies: stop reading them, if they can be told from others'.
    func pause(_ exchange: any Requester)
    func resume(_ exchange: any Requester)
    /// A letter from this service's part on another reactor.
    func receivedLetter(_ letter: any ServiceLetter)
    /// The gateway drains: what would go on for ever ends now.
    func drainBegan()
    /// Reads replies until there are none or the turn's budget is spent.
    /// - Returns: whether some may be left.
    func drain() -> Bool
    /// Slow housekeeping, some times a second.
    func tick()
    /// Closes the sockets; the last call.
    func stop()
}

extension Service {
    func isReady(for subject: String?) -> Bool? {
        let state = state
        return state.isHere ? state.isReady : nil
    }

    func receivedLetter(_ letter: any ServiceLetter) {}
    func drainBegan() {}

    // Services that nobody else's requests come to.
    func submit(_ request: inout Frame, _ more: [FrameBox], _ metadata: RequestMetadata) -> SendResult {
        .rejected(.noWorker)
    }
    func withdraw(_ metadata: RequestMetadata) {}
    func setDraining(_ isDraining: Bool, worker: String, _ pool: String) {}
}

extension TicketCodec {
    /// A ticket as the frame that a worker takes for an identity.
    func frame(of ticket: Ticket) -> Frame {
        var frame = Frame(byteCount: Self.byteCount)
        var bytes = frame.mutableBytes
        write(ticket, into: &bytes)
        return frame
    }
}
