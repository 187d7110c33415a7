// The life of connections: how they open and close, and what happens at their deadlines.

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
        // Time does not advance within a turn, so connections of one turn get distinct deadlines, the first one
        // earliest.
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

    /// The library closes silently if the first line has no space. If the client is still there and we have sent
    /// nothing, we answer with a 400.
    private func answerGarbage(_ request: Request) {
        let traffic = cmhd_traffic_of(request.descriptor)
        guard traffic.known != 0, traffic.received > 0, traffic.sent == 0 else { return }
        rejectDirectly(request, Rejection(.garbage, "this is not an HTTP request"))
    }

    /// The library ends a connection in the middle of a header: with a response of its own, or silently, if it has no
    /// room for its header records or for a response.
    func gaveUp(_ request: Request, isSilent: Bool) {
        guard isSilent, !request.hasClientLeft else { return count(.byTheLibrary) }
        rejectDirectly(request, Rejection(.headerTooLarge, "the header, including its cookies, is too large"))
        // Closing a socket with unread data makes the kernel discard the response (RST).
        DirectReply.discardUnread(request.descriptor)
    }

    /// The library logs: it may be about to reject a request whose header is complete, before we see it. 0.9.75 sends
    /// such a response twice, as HTML: after parse_connection_headers comes the state HEADERS_PROCESSED, whatever the
    /// result. So we respond now, past the library, and shut the connection down for what it writes. The log does not
    /// name the connection, but only one can have a complete header and be unknown to the handler.
    func libraryLogged() {
        guard !isStopping, let request = requestInHand, let connection = unsafe request.connection else { return }
        // SAFETY: the library is in the middle of this connection, and its header is complete.
        let rejection = unsafe RequestValidator.reasonOfLibrary(request, connection, headerLimits)
        rejectDirectly(request, rejection)
        DirectReply.discardUnread(request.descriptor)
        request.stage = .lingering
        _ = shutdown(request.descriptor, Int32(SHUT_WR))
    }

    /// The request whose header the library is parsing now: usually the one that began last.
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

    /// Makes the library notice the end of the connection, whatever it is doing. Data already written is still
    /// delivered.
    func cut(_ request: Request) {
        _ = shutdown(request.descriptor, Int32(SHUT_RDWR))
        // While it spins on a chunk header it does not look at the socket, only at its own clock. SAFETY: on our
        // thread, outside of callbacks, and a connection that is cut is not suspended.
        if request.isChunked, let connection = unsafe request.connection { unsafe cmhd_time_out_soon(connection) }
        waitForNothing(request)
    }

    // MARK: time

    /// Handles the expired deadlines.
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
        // If a response was only waiting for the end of the body, it goes out instead.
        if let held = request.held {
            if let bytes = DirectReply.bytes(held) { _ = DirectReply.send(bytes, to: request.descriptor) }
        } else {
            sayDirectly(rejection, request)
        }
        request.isTimedOut = true
        cut(request)
    }

    /// A connection that never sent anything is closed silently: browsers open some speculatively.
    private func headerTimedOut(_ request: Request) {
        let traffic = cmhd_traffic_of(request.descriptor)
        if traffic.known != 0, traffic.received == 0 {
            request.isTimedOut = true
            return cut(request)
        }
        timedOut(request, Rejection(.headerTimeout, "the header did not arrive in time"))
    }

    /// Closes an idle connection. One that has begun to send gets the rest of a header's time. Bytes from the first
    /// moment belong to the previous request, because our clock does not advance during a run.
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

    /// Cuts a connection whose client has taken nothing of its response since the last check.
    private func sendTimedOut(_ request: Request) {
        let traffic = cmhd_traffic_of(request.descriptor)
        let isMoving = traffic.known != 0 && request.acknowledgedAtCheck != traffic.acknowledged
        request.acknowledgedAtCheck = traffic.acknowledged
        if isMoving { return wait(for: .send, request) }
        request.isTimedOut = true
        cut(request)
    }

    // MARK: spinning

    /// The library spins on a chunk header that does not fit its buffer; the rest of it is then unread in the socket.
    func lookForSpinners() {
        for slot in deadlines.slots(for: .body) {
            guard let request = table[slot], request.isChunked, cmhd_unread(request.descriptor) > 0 else { continue }
            timedOut(request, Rejection(.chunkHeaderTooLong, "a chunk header is too long"))
        }
    }
}
