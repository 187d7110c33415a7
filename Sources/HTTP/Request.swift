// One request, from its request line to its end. The object belongs to its connection and is used again for the next
// request on it; `closed` is the last moment at which it means this request. Confined to the listener's thread.
//
//     resting --request line--> line --header--> accepting --> body --> ending --> answered --> resting
//                                                  | \-> held -^ |         \--> waiting --/        (keep-alive)
//                                                  \-------------+--> lingering (answered past the library; closes)
//
// In `held` nothing is read, neither the body nor what is behind it, until `release()`.
// In `waiting` the library asks for the response in each of its runs (`isPolled`), and if none has come for a moment
// the connection is suspended; a stream suspends itself in `answered` (`isStreamResting`). What is done in each stage
// is in Request+Turns.swift, the answers in Request+Respond.swift.

internal import CMicroHTTPD
import Glibc

@safe public final class Request {
    enum Stage: UInt8 { case resting, line, accepting, held, body, ending, waiting, answered, lingering }

    // MARK: who

    /// Unique among the requests of this listener, never used again.
    public var id: UInt64 { number }
    /// The connection's socket: to watch for a client that leaves (EPOLLRDHUP) while the response is awaited, and for
    /// nothing else. Unwatch it in `closed`.
    public var descriptor: Int32 { socket }
    /// Receives the body and the end. Set it in `accept`, or respond there.
    public var consumer: (any RequestConsumer)? {
        get { bodyConsumer }
        set { bodyConsumer = newValue }
    }

    // MARK: what was asked

    public var method: Method { verb }
    /// The number behind `HTTP/1.`: 0 or 1 (anything newer counts as 1).
    public var minorVersion: UInt8 { minor }
    /// What the header announces, or nil.
    public var contentLength: UInt64? { bodyLength }
    /// The body comes in chunks of a length that is not announced.
    public var isChunked: Bool { hasChunks }
    /// The status of the response that was given; 0 before.
    public var status: Int { givenStatus }
    /// Body bytes of the response handed to the library so far.
    public var bytesSent: UInt64 { sentBytes }
    /// Body bytes of the request handed to the consumer so far.
    public var bytesReceived: UInt64 { receivedBytes }
    /// Bytes that a response's header may have beside the fields that every response has: name, value and four more for
    /// each field. The library closes without a word where it does not find them.
    public var roomForHeader: Int { headerRoom }

    // The stored state is internal throughout: on a public stored property each access is checked for overlaps at run
    // time.
    var number: UInt64 = 0
    var socket: Int32 = -1
    var bodyConsumer: (any RequestConsumer)?
    var verb: Method = .other
    var minor: UInt8 = 1
    var bodyLength: UInt64?
    var hasChunks = false
    var givenStatus = 0
    var sentBytes: UInt64 = 0
    var receivedBytes: UInt64 = 0
    var headerRoom = 0

    // MARK: where the header lies

    // SAFETY: `methodStart` and the fields point into the library's memory for this connection, which it clears when
    // the request is completed; `forget` drops them before that. The target is our copy, because the library rewrites
    // its own.
    var methodStart: UnsafePointer<UInt8>?
    var methodCount = 0
    let target = TargetText()
    var fields: UnsafeMutablePointer<cmhd_field>
    var fieldCapacity = 24
    var fieldCount = 0
    /// For each KnownHeader one more than the index of its first field, or 0.
    var known = [48 of UInt8](repeating: 0)
    /// The bits of those that came more than once.
    var repeated: UInt64 = 0

    // MARK: how far it is

    var stage = Stage.resting
    /// accept() was called: somebody waits for `closed`.
    var isAccepted = false
    var isAborted = false
    var isTimedOut = false
    /// One of our callbacks is on the stack.
    var isInTurn = false
    var isSuspended = false
    /// Waits without being suspended, which saves the library two changes of its epoll set and a futile read.
    var isPolled = false
    /// When waiting like that is over.
    var polledUntil: UInt64 = 0
    var isStreamResting = false
    /// `hold` was called, and `release` was not.
    var isHeld = false
    var expectsContinue = false
    var isOverLimit = false
    /// The connection was let in though there was no place: it may ask for a probe, and is closed then.
    var isForProbes = false
    /// It rested, and is being closed for another one.
    var isMakingRoom = false
    /// A second descriptor of the connection, for its life after an upgrade that is under way.
    var duplicate: UpgradedStream?
    /// It is in the ledger as a request that its address has under way.
    var isEntered = false
    /// A request line was seen on this connection.
    var hasBegun = false
    /// A response that the library does not take yet, because the body is still coming.
    var held: HeldResponse?
    var source: (any BodySource)?
    var sourceWasReady = false
    var streamEnding: BodyRead?
    var shared: SharedBody?
    /// Waits for the connection when it is upgraded.
    var upgradeReceiver: (any UpgradeReceiver)?
    var discardedBytes: UInt64 = 0
    /// White space behind Content-Length, which the library does not take.
    var lengthLine = LengthLine()
    var acknowledgedAtCheck: UInt64?

    // MARK: where it lives

    /// A strong reference: any other is counted at each use. The listener lets its requests go in stop().
    let listener: Listener
    /// The index in the listener's table and in its deadlines; -1 when pooled.
    var slot = -1
    var connection: OpaquePointer?
    var peerKey: PeerKey?
    private var peerText: String?

    init(_ listener: Listener) {
        self.listener = listener
        // SAFETY: given back in deinit or growFields.
        unsafe fields = UnsafeMutablePointer<cmhd_field>.allocate(capacity: fieldCapacity)
    }

    deinit {
        // SAFETY: allocated in init or growFields; cmhd_field is trivial.
        unsafe fields.deallocate()
    }

    /// A number for whom the connection counts for: an IPv4 address or an IPv6 /64; 0 for a unix socket.
    public var clientKey: UInt64 { peerKey?.high ?? 0 }

    /// The client's address: `192.0.2.1`, `[2001:db8::1]`, or `unix`.
    public var remoteAddress: String {
        if let peerText { return peerText }
        // SAFETY: the library keeps the address until the connection is closed.
        guard let connection = unsafe connection, let address = unsafe cmhd_peer(connection) else { return "unknown" }
        let text = unsafe PeerAddress.text(of: address).address
        peerText = text
        return text
    }

    /// Whether the request has a body at all.
    public var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

    /// Counts the request among those that its client's address has under way, until `closed`. False, and not counted,
    /// when those are `limit` already. A unix peer has no address, and no limit.
    public func enter(limit: Int) -> Bool {
        guard let peerKey, !isEntered else { return true }
        isEntered = listener.ledger.enter(peerKey, limit: limit)
        return isEntered
    }

    private func leaveLedger() {
        guard isEntered, let peerKey else { return }
        isEntered = false
        listener.ledger.leave(peerKey)
    }

    /// Takes a connection over.
    func open(_ connection: OpaquePointer, slot: Int) {
        // SAFETY: the library has just announced this connection.
        unsafe self.connection = unsafe connection
        self.slot = slot
        socket = unsafe cmhd_descriptor(connection)
        peerText = nil
        isOverLimit = false
        isForProbes = false
        isMakingRoom = false
        hasBegun = false
        stage = .resting
    }

    /// Its header is complete, and the handler does not know it yet.
    var isTakenApart: Bool {
        guard stage == .line, let connection = unsafe connection else { return false }
        // SAFETY: the connection is alive until it is taken from us.
        return unsafe cmhd_header_bytes(connection) > 0
    }

    /// Forgets everything about the request that was, but not about the connection.
    func forget() {
        stage = .resting
        bodyConsumer = nil
        source = nil
        shared = nil
        upgradeReceiver = nil
        duplicate = nil
        held = nil
        streamEnding = nil
        unsafe methodStart = nil
        fieldCount = 0
        target.clear()
        bodyLength = nil
        hasChunks = false
        givenStatus = 0
        sentBytes = 0
        receivedBytes = 0
        discardedBytes = 0
        leaveLedger()
        isAccepted = false
        isAborted = false
        isTimedOut = false
        isSuspended = false
        isStreamResting = false
        sourceWasReady = false
        expectsContinue = false
        acknowledgedAtCheck = nil
    }

    func growFields(to capacity: Int) {
        // SAFETY: nothing points to the old ones: they are filled again after this.
        unsafe fields.deallocate()
        unsafe fields = UnsafeMutablePointer<cmhd_field>.allocate(capacity: capacity)
        fieldCapacity = capacity
    }
}

@available(*, unavailable)
extension Request: Sendable {}
