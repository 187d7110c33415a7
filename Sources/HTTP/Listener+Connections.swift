// Connections as they come and go, and what becomes of those whose time is up.

internal import CMicroHTTPD
import Glibc

extension Listener {
    // MARK: coming

    func connectionOpened(_ connection: OpaquePointer) -> Request {
        activity &+= 1
        tally.connectionsOpen += 1
        tally.connectionsAccepted += 1
        let request = spare.popLast() ?? Request(self)
        let slot = takeSlot()
        table[slot] = request
        unsafe request.open(connection, slot: slot)
        request.peerKey = unsafe PeerKey(cmhd_peer(connection))
        if let key = request.peerKey { request.isOverLimit = ledger.open(key) > options.maxConnectionsPerAddress }
        request.isForProbes = letsInForProbes
        if request.isForProbes { probesOpen += 1 }
        tally.connectionsFresh += 1
        // The clock stands still for a turn: those that come in one are told apart, so that the first is the oldest.
        let order = (tally.connectionsAccepted & 0xFFF) << 3
        deadlines.set(slot, .fresh, now &+ durations[DeadlineKind.fresh.rawValue] &+ order)
        return request
    }

    private func takeSlot() -> Int {
        if let slot = freeSlots.popLast() { return slot }
        table.append(nil)
        deadlines.reserve(table.count)
        return table.count - 1
    }

    func requestBegan(_ request: Request, _ target: UnsafePointer<CChar>?) {
        activity &+= 1
        lastRequestID &+= 1
        lastSlot = request.slot
        if !request.hasBegun { tally.connectionsFresh -= 1 }
        unsafe request.requestLine(target, id: lastRequestID)
    }

    // MARK: going

    /// The library is about to close the socket.
    func connectionClosed(_ request: Request) {
        activity &+= 1
        if !isStopping, !request.isTimedOut, !request.hasBegun { answerGarbage(request) }
        tally.connectionsOpen -= 1
        if !request.hasBegun { tally.connectionsFresh -= 1 }
        if request.isMakingRoom { leaving -= 1 }
        if request.isForProbes { probesOpen -= 1 }
        options.places?.give()
        if let key = request.peerKey { ledger.close(key) }
        deadlines.clear(request.slot)
        table[request.slot] = nil
        freeSlots.append(request.slot)
        request.slot = -1
        request.isTimedOut = false
        unsafe request.connection = nil
        request.socket = -1
        request.peerKey = nil
        if spare.count < 256, !isStopping { spare.append(request) }
    }

    /// The library closes without a word when the first line has no space in it. If the client is still there and has
    /// heard nothing from us, it is told what was wrong.
    private func answerGarbage(_ request: Request) {
        let traffic = cmhd_traffic_of(request.descriptor)
        guard traffic.known != 0, traffic.received > 0, traffic.sent == 0 else { return }
        rejectDirectly(request, Rejection(.garbage, "this is not an HTTP request"))
    }

    /// The library ends a connection in the middle of a header: after an answer of its own, or without a word, where it
    /// has no room for what it keeps of the header, nor for an answer.
    func gaveUp(_ request: Request, isSilent: Bool) {
        guard isSilent, !request.hasClientLeft else { return count(.byTheLibrary) }
        rejectDirectly(request, Rejection(.headerTooLarge, "the header, with its fields and cookies, is too much"))
        // What lies unread when a socket is closed makes the kernel destroy the answer on its way.
        DirectReply.discardUnread(request.descriptor)
    }

    /// The library logs: it may be about to reject a request whose header is complete, before it shows it to us. 0.9.75
    /// sends such an answer twice, as HTML: parse_connection_headers is followed by the state HEADERS_PROCESSED
    /// whatever it did. So we answer now, past the library, and shut the connection for what it writes. The log names
    /// no connection, but only one can have a complete header and be unknown to the handler.
    func libraryLogged() {
        guard !isStopping, let request = requestInHand, let connection = unsafe request.connection else { return }
        // SAFETY: the library is in the middle of this connection, and its header is complete.
        let rejection = unsafe RequestValidator.reasonOfLibrary(request, connection, headerLimits)
        rejectDirectly(request, rejection)
        DirectReply.discardUnread(request.descriptor)
        request.stage = .lingering
        _ = shutdown(request.descriptor, Int32(SHUT_WR))
    }

    /// The request whose header the library takes apart at this moment: mostly the one that began last.
    private var requestInHand: Request? {
        if lastSlot < table.count, let last = table[lastSlot], last.isTakenApart { return last }
        return table.lazy.compactMap { $0 }.first { $0.isTakenApart }
    }

    private func rejectDirectly(_ request: Request, _ rejection: Rejection) {
        count(rejection.kind)
        sayDirectly(rejection, request)
    }

    private func sayDirectly(_ rejection: Rejection, _ request: Request) {
        let body = HeldResponse.Body.copy(problem(rejection, of: request))
        let response = HeldResponse(status: rejection.kind.status, headers: rejection.headers, body: body)
        if let bytes = DirectReply.bytes(response) { _ = DirectReply.send(bytes, to: request.descriptor) }
    }

    /// Makes the library find the end of the connection, whatever it is doing with it. What was written is still
    /// delivered.
    func cut(_ request: Request) {
        _ = shutdown(request.descriptor, Int32(SHUT_RDWR))
        // While it spins on a chunk's header it does not look at the socket, only at its own clock.
        // SAFETY: on our thread, outside of callbacks, and a connection that is cut is not suspended.
        if request.isChunked, let connection = unsafe request.connection { unsafe cmhd_time_out_soon(connection) }
        waitForNothing(request)
    }

    // MARK: time

    /// Ends what has waited too long.
    func expire() {
        deadlines.expire(now) { slot, kind in
            guard let request = table[slot] else { return }
            switch kind {
            case .header, .fresh: headerTimedOut(request)
            case .idle: idleTimedOut(request)
            case .body: timedOut(request, Rejection(.bodyTimeout, "the body did not arrive in time"))
            case .send: sendTimedOut(request)
            case .linger: cut(request)
            }
        }
    }

    private func timedOut(_ request: Request, _ rejection: Rejection) {
        count(rejection.kind)
        // An answer that was only waiting for the body goes out instead.
        if let held = request.held {
            if let bytes = DirectReply.bytes(held) { _ = DirectReply.send(bytes, to: request.descriptor) }
        } else {
            sayDirectly(rejection, request)
        }
        request.isTimedOut = true
        cut(request)
    }

    /// A connection that never sent anything is closed without a word: browsers open some on suspicion.
    private func headerTimedOut(_ request: Request) {
        let traffic = cmhd_traffic_of(request.descriptor)
        if traffic.known != 0, traffic.received == 0 {
            request.isTimedOut = true
            return cut(request)
        }
        timedOut(request, Rejection(.headerTimeout, "the header did not arrive in time"))
    }

    /// A connection that rests is closed; one that began to send something has the time of a header left. What came
    /// in the first moment is the request before: our clock stands still for as long as a run takes.
    private func idleTimedOut(_ request: Request) {
        let traffic = cmhd_traffic_of(request.descriptor)
        let idleMilliseconds = options.idleTimeout.nanoseconds / 1_000_000
        let firstMoment = min(1_000, idleMilliseconds / 8)
        if traffic.known != 0, UInt64(traffic.since_last_received_ms) + firstMoment < idleMilliseconds {
            return wait(for: .header, request)
        }
        request.isTimedOut = true
        cut(request)
    }

    /// A response that lies ready is cut when the client took nothing of it since the last look.
    private func sendTimedOut(_ request: Request) {
        let traffic = cmhd_traffic_of(request.descriptor)
        let isMoving = traffic.known != 0 && request.acknowledgedAtCheck != traffic.acknowledged
        request.acknowledgedAtCheck = traffic.acknowledged
        if isMoving { return wait(for: .send, request) }
        request.isTimedOut = true
        cut(request)
    }

    // MARK: spinning

    /// The library spins on a chunk header that does not fit its buffer: then more of it lies unread in the socket.
    func lookForSpinners() {
        for slot in deadlines.slots(for: .body) {
            guard let request = table[slot], request.isChunked, cmhd_unread(request.descriptor) > 0 else { continue }
            timedOut(request, Rejection(.chunkHeaderTooLong, "a chunk's header is longer than this server takes"))
        }
    }
}
