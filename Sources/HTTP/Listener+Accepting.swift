// How connections come in. We accept them ourselves and hand them over with MHD_add_connection(3), so that it is our
// decision who finds a place, and nobody is left waiting in the queue:
//
//     queue --accept--> far over the address's bound ----------------------------> closed
//              |------> a place is free -----------------------------------------> in
//              |------> none: the one that has rested longest is cut ------------> in
//              |------> none rests: some are let in to ask for probes -----------> in, and closed after one answer
//              |------> not even that -------------------------------------------> 503, closed
//              \------> no descriptor is left: one that rests is cut, and else the
//                       spare descriptor is given up for it --------------------> 503, closed
//
// The socket is level-triggered. Where not even the spare descriptor can be had, it is not looked at for a moment.

internal import CMicroHTTPD
import Glibc

extension Listener {
    /// Connections accepted in one run at most: some hundred microseconds of work.
    static var arrivalsPerRun: Int { 64 }
    /// Connections that are being closed for others at most: a run closes them.
    static var maxLeaving: Int { 128 }
    private static var pause: UInt64 { 100_000_000 }

    /// The socket that connections come to: watch it readable, level-triggered, while `isAccepting`, and call
    /// `arrivalsWait()` when it is. -1 once it is closed.
    public var listeningDescriptor: Int32 { listening }

    /// False while no descriptor is left to accept with: watching would spin. Look after each run.
    public var isAccepting: Bool { listening >= 0 && pausedUntil == nil }

    /// `listeningDescriptor` is readable: the next run accepts.
    public func arrivalsWait() { hasArrivals = true }

    var isPauseOver: Bool { pausedUntil.map { $0 <= now } ?? false }

    /// Accepts until nothing waits, or as many as that.
    func takeArrivals(atMost most: Int) {
        hasArrivals = false
        pausedUntil = nil
        takeSpare()
        var address = sockaddr_storage()
        var size = socklen_t(0)
        var count = 0
        letsInForProbes = false
        while count < most {
            // Some may be through with it in the next run: who comes now may be a probe.
            if count > 0, probesOpen >= ListenerOptions.probeConnections, most != .max { break }
            switch ListeningSocket.accept(listening, &address, &size) {
            case .connection(let descriptor): arrived(descriptor, &address, size)
            case .none: return
            case .exhausted:
                tally.acceptsFailed += 1
                // The next run finds the descriptor that this gives back.
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
            // Where it fails, for want of memory, the library has closed the socket.
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
            // Who takes a probe's place is a probe.
            letsInForProbes = left.isForProbes
            options.places?.takeAnyway()
            return true
        }
        guard open < options.maxConnections + ListenerOptions.probeConnections else { return false }
        letsInForProbes = openForProbes()
        return letsInForProbes
    }

    /// Beyond what is shared with others there is a little room, for probes.
    private func openForProbes() -> Bool {
        guard let places = options.places, !places.take() else { return true }
        guard probesOpen < ListenerOptions.probeConnections else { return false }
        places.takeAnyway()
        return true
    }

    /// A place for the descriptor with which a connection goes on after an upgrade.
    func takePlaceForUpgrade() -> Bool {
        guard let places = options.places, !places.take() else { return true }
        guard makeRoom() != nil else { return false }
        places.takeAnyway()
        return true
    }

    /// Whether the request is one that is answered at the limit.
    func isProbe(_ request: Request) -> Bool {
        options.probes.contains { request.path.equals($0) }
    }

    /// Cuts the connection that has rested longest. - Returns: that one, if there was one.
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

    /// Nothing has come of a request: the kernel knows what lies unread, and what the library has read.
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
        // What lies unread when a socket is closed makes the kernel destroy the answer on its way.
        DirectReply.discardUnread(descriptor)
        closeAtOnce(descriptor)
    }

    private func closeAtOnce(_ descriptor: Int32) {
        tally.connectionsRejected += 1
        _ = close(descriptor)
    }

    /// Gives the spare descriptor up for a connection that is rejected, and takes it back.
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
        // SAFETY: a C string for the call; without O_CREAT nothing more is read (open(2)).
        spareDescriptor = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    func dropSpare() {
        if spareDescriptor >= 0 { _ = close(spareDescriptor) }
        spareDescriptor = -1
    }
}
