// The library's calls for a request, in the order of the stages drawn in Request.swift. Each turn returns true to
// continue, or false to close the connection.

internal import CMicroHTTPD
import Glibc

extension Request {
    /// The request line has arrived; the library is about to parse the target. The current deadline keeps running: most
    /// headers are complete a moment later.
    func requestLine(_ text: UnsafePointer<CChar>?, id: UInt64) {
        number = id
        stage = .line
        hasBegun = true
        // SAFETY: a C string in the library's buffer; we copy it.
        guard let text = unsafe text else { return }
        let textCount = unsafe strlen(text)
        unsafe target.set(UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), textCount)
        unsafe cmhd_hide_query(text)
        guard RequestValidator.layoutIsKnown, let connection = unsafe connection else { return }
        lengthLine = unsafe LengthLine.tidy(behind: text + textCount, connection)
    }

    /// One call of the library's access handler: the header, a part of the body, or its end.
    func turn(
        _ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>, _ bytes: UnsafePointer<CChar>?,
        _ count: UnsafeMutablePointer<Int>
    ) -> Bool {
        isInTurn = true
        defer { isInTurn = false }
        switch stage {
        case .line:
            return unsafe begin(method, version)
        case .held:
            // The library repeats its first call for the request.
            if hasBody { listener.wait(for: .body, self) }
            return !isAborted && accepted()
        case .body, .lingering:
            let available = unsafe count.pointee
            guard available > 0, let bytes = unsafe bytes else { return end() }
            // SAFETY: the library shows that many bytes for the duration of this call; we take all of them.
            let start = unsafe UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self)
            let span = unsafe Span(_unsafeStart: start, count: available)
            unsafe count.pointee = 0
            return take(span)
        case .waiting where isPolled:
            return waitOn()
        default:
            // Stage `waiting`, resumed without a response: aborted.
            return false
        }
    }

    // MARK: the header

    private func begin(_ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>) -> Bool {
        guard let connection = unsafe connection, !isTimedOut else { return false }
        if let rejection = unsafe RequestValidator.rejection(self, connection, method, version, listener.headerLimits) {
            return reject(rejection)
        }
        if isOverLimit {
            return reject(Rejection(.tooManyConnections, "too many connections from this address"))
        }
        if isForProbes, !listener.isProbe(self) { return reject(.noPlace) }
        stage = .accepting
        isAccepted = true
        if hasBody { listener.wait(for: .body, self) } else { listener.waitForNothing(self) }
        listener.handler.accept(self)
        if isAborted { return false }
        precondition(held != nil || consumer != nil, "accept() must respond or set a consumer")
        guard isHeld else { return accepted() }
        stage = .held
        listener.waitForNothing(self)
        suspend()
        return true
    }

    /// Continues with the body, or after it.
    private func accepted() -> Bool {
        stage = .body
        guard let held, hasBody else { return true }
        // The response is known before the body. If the client waits for 100 Continue, it gets the response at once.
        // Otherwise the body is discarded to keep the connection, unless it is too long.
        if expectsContinue {
            self.held = nil
            return send(held)
        }
        return (contentLength ?? 0) > listener.maxDiscardedBytes ? answerDirectly() : true
    }

    private func reject(_ rejection: Rejection) -> Bool {
        listener.count(rejection.kind)
        let problem = listener.problem(rejection, of: self)
        listener.waitForNothing(self)
        stage = .body
        let response = HeldResponse(status: rejection.kind.status, headers: rejection.headers, body: .copy(problem))
        guard rejection.kind == .headerTooLarge else { return send(response) }
        // The library may have no memory left for a header.
        held = response
        return answerDirectly()
    }

    // MARK: the body

    private func take(_ bytes: Span<UInt8>) -> Bool {
        if stage == .lingering { return true }
        if held == nil {
            receivedBytes += UInt64(bytes.count)
            if receivedBytes != bodyLength { listener.isMoving = true }
            consumer?.body(bytes, of: self)
            return !isAborted
        }
        discardedBytes += UInt64(bytes.count)
        listener.isMoving = true
        let limit = listener.maxDiscardedBytes
        return discardedBytes > limit ? answerDirectly() : true
    }

    private func end() -> Bool {
        if stage == .lingering { return false }
        if hasBody { listener.waitForNothing(self) }
        if let held {
            self.held = nil
            return send(held)
        }
        stage = .ending
        consumer?.bodyEnded(of: self)
        if isAborted { return false }
        if stage == .answered { return true }
        stage = .waiting
        if listener.polls.hasRoom { beginPolling() } else { suspend() }
        return true
    }

    /// Sends the held response past the library, which accepts none in the middle of a body. The client then gets a
    /// moment to notice while the rest of its body is discarded: closing at once would reset the connection and destroy
    /// the response.
    private func answerDirectly() -> Bool {
        guard let held, let bytes = DirectReply.bytes(held) else { return false }
        self.held = nil
        guard DirectReply.send(bytes, to: descriptor) else { return false }
        sentBytes = UInt64(held.bodyCount)
        stage = .lingering
        listener.wait(for: .linger, self)
        return true
    }

    /// Sends the response that waits for the end of the body now, and closes the connection after it.
    public func answerBeforeBody() {
        guard stage == .body, held != nil, !isInTurn else { return }
        if !answerDirectly() { abort() }
    }

    // MARK: held

    /// Leaves what follows the header unread, and the connection unwatched, until `release()` or `abort()`. Only within
    /// `RequestHandler.accept`, with a consumer, which meanwhile gets no call but `closed`. No deadline runs.
    public func hold() {
        precondition(stage == .accepting, "a request can be held when it is accepted, and then only")
        isHeld = true
    }

    /// Continues after `hold`: with the body, or with the response that was given meanwhile.
    public func release() {
        guard isHeld else { return }
        isHeld = false
        resume()
    }

    // MARK: waiting

    private func beginPolling() {
        isPolled = true
        polledUntil = listener.polls.enter(listener.now)
    }

    /// The library asks again. A connection that has waited too long is suspended.
    private func waitOn() -> Bool {
        if isAborted { return false }
        if listener.now > polledUntil {
            endPolling()
            suspend()
        }
        return true
    }

    /// Ends polling: the request has its response, is suspended, or is over.
    func endPolling() {
        guard isPolled else { return }
        isPolled = false
        listener.polls.leave()
    }

    func suspend() {
        guard let connection = unsafe connection else { return }
        isSuspended = true
        // SAFETY: called only from the access handler or the content reader, as the library demands.
        unsafe MHD_suspend_connection(connection)
        listener.resumes.didSuspend()
    }

    /// Continues the connection in the listener's next run.
    func resume() {
        guard isSuspended else { return }
        isSuspended = false
        listener.resumes.add(self)
    }

    // MARK: a streamed body

    /// The library asks for bytes of the body.
    /// - Returns: their number, 0 after suspending, or one of the two codes for an end.
    func read(_ buffer: UnsafeMutablePointer<CChar>, _ capacity: Int) -> Int {
        listener.activity &+= 1
        listener.isMoving = true
        guard !isAborted, let source else { return Self.readAborted }
        isStreamResting = false
        while true {
            if let ending = streamEnding {
                guard ending != .abort else {
                    isAborted = true
                    return Self.readAborted
                }
                return Self.readEnded
            }
            sourceWasReady = false
            // SAFETY: the library lends `capacity` bytes until this returns.
            let room = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: capacity).bindMemory(to: UInt8.self)
            var output = unsafe OutputSpan(buffer: room, initializedCount: 0)
            let outcome = source.read(into: &output)
            let count = unsafe output.finalize(for: room)
            sentBytes += UInt64(count)
            if outcome == .end || outcome == .abort { streamEnding = outcome }
            if count > 0 {
                listener.wait(for: .send, self)
                return count
            }
            precondition(outcome != .more, "a body source said .more and wrote nothing")
            if outcome == .pending, !sourceWasReady {
                isStreamResting = true
                listener.waitForNothing(self)
                suspend()
                return 0
            }
        }
    }

    private static var readEnded: Int { -1 }      // MHD_CONTENT_READER_END_OF_STREAM
    private static var readAborted: Int { -2 }    // MHD_CONTENT_READER_END_WITH_ERROR

    // MARK: the end

    /// The library is done with the request, for the reason in `code`.
    func completed(_ code: MHD_RequestTerminationCode) {
        let wasAccepted = isAccepted
        let reason = wasAccepted ? ending(code) : .failed
        if stage == .line, !isTimedOut {
            listener.gaveUp(self, isSilent: code == .REQUEST_TERMINATED_WITH_ERROR && !isAnsweredByLibrary)
        }
        isSuspended = false
        isHeld = false
        endPolling()
        stage = .resting
        if code != .REQUEST_TERMINATED_COMPLETED_OK && code != .REQUEST_TERMINATED_DAEMON_SHUTDOWN { closeSoon() }
        if wasAccepted { consumer?.closed(self, reason) }
        forget()
        listener.rest(self)
    }

    // SAFETY: called while the library completes the request, when the connection is alive.
    private var isAnsweredByLibrary: Bool { unsafe connection.map { unsafe cmhd_has_response($0) != 0 } ?? false }

    /// 0.9.75 forgets a connection that it gave up outside of one of its own events: it closes the connection only once
    /// it is the oldest of those without a timeout. It checks those with a timeout in every run, so we set one and ask
    /// for a run.
    private func closeSoon() {
        guard let connection = unsafe connection else { return }
        // SAFETY: the connection is alive during this callback, and in the list that the option moves it from.
        unsafe cmhd_time_out_soon(connection)
        listener.closingRuns = 2
    }

    private func ending(_ code: MHD_RequestTerminationCode) -> RequestEnd {
        if isTimedOut { return .timedOut }
        if stage == .lingering { return .completed }
        switch code {
        case .REQUEST_TERMINATED_COMPLETED_OK: return isAborted ? .aborted : .completed
        case .REQUEST_TERMINATED_DAEMON_SHUTDOWN: return .shutdown
        case .REQUEST_TERMINATED_TIMEOUT_REACHED: return .timedOut
        case .REQUEST_TERMINATED_READ_ERROR, .REQUEST_TERMINATED_CLIENT_ABORT:
            return isAborted ? .aborted : .clientLeft
        default: return isAborted ? .aborted : hasClientLeft ? .clientLeft : .failed
        }
    }

    /// Whether the socket is at its end. The library reports an "error" for many causes; most of them are a client that
    /// left.
    var hasClientLeft: Bool {
        var byte: UInt8 = 0
        // SAFETY: one byte of room; the descriptor is open until the library reports the close.
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN)
    }
}
