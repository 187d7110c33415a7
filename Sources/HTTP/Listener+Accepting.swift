// Accepting connections. We accept them ourselves and pass them on with MHD_add_connection(3), so that we decide which
// connection gets a place and none is left waiting in the queue:
//
//     queue --accept--> address far over its limit ------------------------------> closed
//              |------> a place is free -----------------------------------------> in
//              |------> none: the longest idle connection is cut ----------------> in
//              |------> none is idle: some are admitted for probes only ---------> in, closed after one response
//              |------> not even that -------------------------------------------> 503, closed
//              \------> out of descriptors: an idle connection is cut; if none,
//                       the spare descriptor is used ----------------------------> 503, closed
//
// The socket is level-triggered. If even the spare descriptor is gone, the listener stops watching it for a moment.

internal import CMicroHTTPD
import Glibc

extension Listener {
    /// Maximum number of connections accepted in one run: some hundred microseconds of work.
    static var arrivalsPerRun: Int { 64 }
    /// Maximum number of connections being closed to make room; the next run closes them.
    static var maxLeaving: Int { 128 }
    private static var pause: UInt64 { 100_000_000 }

    /// The listening socket: watch it readable, level-triggered, while `isAccepting`, and call `arrivalsWait()` when it
    /// is. -1 once it is closed.
    public var listeningDescriptor: Int32 { listening }

    /// False while no descriptor is left to accept with, because watching would spin. Check after each run.
    public var isAccepting: Bool { listening >= 0 && pausedUntil == nil }

    /// `listeningDescriptor` is readable: the next run accepts.
    public func arrivalsWait() { hasArrivals = true }

    var isPauseOver: Bool { pausedUntil.map { $0 <= now } ?? false }

    /// Accepts until the queue is empty, `most` connections at most.
    func takeArrivals(atMost most: Int) {
        hasArrivals = false
        pausedUntil = nil
        takeSpare()
        var address = sockaddr_storage()
        var size = socklen_t(0)
        var count = 0
        letsInForProbes = false
        while count < most {
            // The next run may close some of the probe connections, and the next one to accept may be a probe.
            if count > 0, probesOpen >= ListenerOptions.probeConnections, most != .max { break }
            switch ListeningSocket.accept(listening, &address, &size) {
            case .connection(let descriptor): arrived(descriptor, &address, size)
            case .none: return
            case .exhausted:
                tally.acceptsFailed += 1
                // The next run has the descriptor that this frees.
                if makeRoom() != nil { return hasArrivals = true }
                if !rejectWithSpare() { return pausedUntil = now &+ Self.pause }
            }
            count += 1
        }
        hasArrivals = true
    }

    private func arrived(_ descriptor: Int32, _ address: inout sockaddr_storage, _ size: socklen_t) {
        activity &+= 1
        // SAFETY: the kernel has filled the address, which may be read as a sockaddr; the library copies it.
        unsafe withUnsafePointer(to: &address) { storage in
            let generic = unsafe UnsafeRawPointer(storage).assumingMemoryBound(to: sockaddr.self)
            if let key = unsafe PeerKey(generic), isFarOverLimit(key) { return closeAtOnce(descriptor) }
            guard takePlace() else { return unsafe reject(descriptor, PeerAddress.text(of: generic).address) }
            let before = tally.connectionsAccepted
            // On failure (out of memory) the library has closed the socket.
            _ = unsafe MHD_add_connection(daemon, descriptor, generic, size)
            letsInForProbes = false
            if tally.connectionsAccepted == before { options.places?.give() }
        }
    }

    private func isFarOverLimit(_ key: PeerKey) -> Bool {
        ledger.count(key) >= options.maxConnectionsPerAddress + ListenerOptions.graceConnections
    }

    // MARK: places

    private func takePlace() -> Bool {
        let open = tally.connectionsOpen - leaving
        let isFull = open >= options.maxConnections
        if !isFull, options.places?.take() ?? true { return true }
        if let left = makeRoom() {
            // A connection that takes a probe's place is for probes, too.
            letsInForProbes = left.isForProbes
            options.places?.takeAnyway()
            return true
        }
        guard open < options.maxConnections + ListenerOptions.probeConnections else { return false }
        letsInForProbes = openForProbes()
        return letsInForProbes
    }

    /// Admits a few connections beyond the shared limit, for probes.
    private func openForProbes() -> Bool {
        guard let places = options.places, !places.take() else { return true }
        guard probesOpen < ListenerOptions.probeConnections else { return false }
        places.takeAnyway()
        return true
    }

    /// A place for the descriptor that a connection uses after an upgrade.
    func takePlaceForUpgrade() -> Bool {
        guard let places = options.places, !places.take() else { return true }
        guard makeRoom() != nil else { return false }
        places.takeAnyway()
        return true
    }

    /// Whether the request is answered even at the limit.
    func isProbe(_ request: Request) -> Bool {
        options.probes.contains { request.path.equals($0) }
    }

    /// Cuts the longest idle connection.
    /// - Returns: that connection; nil if none is idle.
    private func makeRoom() -> Request? {
        guard leaving < Self.maxLeaving else { return nil }
        while let slot = deadlines.longestResting(durations) {
            guard let request = table[slot], isResting(request) else {
                deadlines.rename(slot, .header)
                continue
            }
            request.isMakingRoom = true
            request.isTimedOut = true
            leaving += 1
            tally.connectionsEvicted += 1
            cut(request)
            closingRuns = 2
            return request
        }
        return nil
    }

    /// Whether no request has begun to arrive: neither unread in the kernel nor read by the library.
    private func isResting(_ request: Request) -> Bool {
        guard request.stage == .resting, cmhd_unread(request.descriptor) == 0 else { return false }
        return request.hasBegun || cmhd_traffic_of(request.descriptor).received == 0
    }

    // MARK: no place

    private func reject(_ descriptor: Int32, _ remote: String) {
        count(.noPlace)
        let rejection = Rejection.noPlace
        let body = HeldResponse.Body.copy(problem(rejection, from: remote))
        let response = HeldResponse(status: rejection.kind.status, headers: rejection.headers, body: body)
        if let bytes = DirectReply.bytes(response) { _ = DirectReply.send(bytes, to: descriptor) }
        // Closing a socket with unread data makes the kernel discard the response (RST).
        DirectReply.discardUnread(descriptor)
        closeAtOnce(descriptor)
    }

    private func closeAtOnce(_ descriptor: Int32) {
        tally.connectionsRejected += 1
        _ = close(descriptor)
    }

    /// Uses the spare descriptor to reject one connection, then reopens it.
    private func rejectWithSpare() -> Bool {
        guard spareDescriptor >= 0 else { return false }
        dropSpare()
        var address = sockaddr_storage()
        var size = socklen_t(0)
        if case .connection(let descriptor) = ListeningSocket.accept(listening, &address, &size) {
            reject(descriptor, "unknown")
        }
        takeSpare()
        return true
    }

    func takeSpare() {
        guard spareDescriptor < 0 else { return }
        // SAFETY: a C string for the call; without O_CREAT open(2) reads no further argument.
        spareDescriptor = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    func dropSpare() {
        if spareDescriptor >= 0 { _ = close(spareDescriptor) }
        spareDescriptor = -1
    }
}
