// One request, from its request line to its end. The object belongs to its connection and is reused for the next
// request on it; `closed` is the last moment at which it stands for this request. Confined to the listener's thread.
//
//     resting --request line--> line --header--> accepting --> body --> ending --> answered --> resting
//                                                  | \-> held -^ |         \--> waiting --/        (keep-alive)
//                                                  \-------------+--> lingering (answered past the library; closes)
//
// In `held` nothing is read, neither the body nor anything after it, until `release()`. In `waiting` the library asks
// for the response in each of its runs (`isPolled`); if none comes for a moment, the connection is suspended. A stream
// suspends itself in `answered` (`isStreamResting`). The stages: Request+Turns.swift. The responses:
// Request+Respond.swift.

internal import CMicroHTTPD
import Glibc

@safe public final class Request {
    enum Stage: UInt8 { case resting, line, accepting, held, body, ending, waiting, answered, lingering }

    // MARK: who

    /// Unique among this listener's requests, never reused.
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
    /// The number after `HTTP/1.`: 0 or 1 (anything newer counts as 1).
    public var minorVersion: UInt8 { minor }
    /// The Content-Length; nil if there is none.
    public var contentLength: UInt64? { bodyLength }
    /// The body comes in chunks, without a Content-Length.
    public var isChunked: Bool { hasChunks }
    /// The status of the response; 0 before.
    public var status: Int { givenStatus }
    /// Body bytes of the response passed to the library so far.
    public var bytesSent: UInt64 { sentBytes }
    /// Body bytes of the request passed to the consumer so far.
    public var bytesReceived: UInt64 { receivedBytes }
    /// Bytes available for header fields of the response besides those that every response has: name, value and four
    /// more per field. Without that room the library closes the connection silently.
    public var roomForHeader: Int { headerRoom }

    // All stored state is internal: each access to a public stored property is checked for overlaps at run time.
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
    /// For each KnownHeader the index of its first field plus one, or 0.
    var known = [48 of UInt8](repeating: 0)
    /// One bit per KnownHeader that occurred more than once.
    var repeated: UInt64 = 0

    // MARK: how far it is

    var stage = Stage.resting
    /// accept() was called, so `closed` must follow.
    var isAccepted = false
    var isAborted = false
    var isTimedOut = false
    /// One of our callbacks is on the stack.
    var isInTurn = false
    var isSuspended = false
    /// Waits without being suspended, which saves the library two changes of its epoll set and a futile read.
    var isPolled = false
    /// When to suspend it instead.
    var polledUntil: UInt64 = 0
    var isStreamResting = false
    /// `hold` was called, and `release` was not.
    var isHeld = false
    var expectsContinue = false
    var isOverLimit = false
    /// The connection was admitted beyond the limit: it may send one probe and is then closed.
    var isForProbes = false
    /// The connection was idle and is being closed to make room.
    var isMakingRoom = false
    /// A second descriptor of the connection, for an upgrade in progress.
    var duplicate: UpgradedStream?
    /// The request is counted in the ledger under its address.
    var isEntered = false
    /// A request line has arrived on this connection.
    var hasBegun = false
    /// A response that the library does not accept yet, because the body is still arriving.
    var held: HeldResponse?
    var source: (any BodySource)?
    var sourceWasReady = false
    var streamEnding: BodyRead?
    var shared: SharedBody?
    /// Gets the connection when it is upgraded.
    var upgradeReceiver: (any UpgradeReceiver)?
    var discardedBytes: UInt64 = 0
    /// White space after Content-Length, which the library does not accept.
    var lengthLine = LengthLine()
    var acknowledgedAtCheck: UInt64?

    // MARK: where it lives

    /// A strong reference: any other kind is counted at each use. The listener releases its requests in stop().
    let listener: Listener
    /// The index in the listener's table and in its deadlines; -1 when pooled.
    var slot = -1
    var connection: OpaquePointer?
    var peerKey: PeerKey?
    private var peerText: String?

    init(_ listener: Listener) {
        self.listener = listener
        // SAFETY: freed in deinit or growFields.
        unsafe fields = UnsafeMutablePointer<cmhd_field>.allocate(capacity: fieldCapacity)
    }

    deinit {
        // SAFETY: allocated in init or growFields; cmhd_field is trivial.
        unsafe fields.deallocate()
    }

    /// The number that the connection is counted under: an IPv4 address or an IPv6 /64; 0 for a unix socket.
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

    /// Whether the request has a body.
    public var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

    /// Counts the request under its client's address until `closed`. A unix peer has no address and no limit.
    /// - Returns: false, without counting, if the address already has `limit` requests in progress.
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

    /// Whether the header is complete and the handler has not seen the request yet.
    var isTakenApart: Bool {
        guard stage == .line, let connection = unsafe connection else { return false }
        // SAFETY: the connection is alive until it is taken from us.
        return unsafe cmhd_header_bytes(connection) > 0
    }

    /// Resets the state of the request, but not that of the connection.
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
