// Responding to a request. All verbs may be called at any time between accept() and closed(), inside a callback or
// outside. If the library has no room for the response's header, `closed` is called from inside the verb.
//
// The library accepts a response at two moments only: in its first call for a request (it then closes the connection
// afterwards), and after the end of the body. An early response is therefore held until the body has been discarded.

internal import CMicroHTTPD
import Glibc

/// A response that is held until the library accepts it. A class, because every request has a place for one and hardly
/// ever needs it.
final class HeldResponse {
    enum Body {
        case copy([UInt8])
        case shared(SharedBody)
        case stream(any BodySource)
    }

    let status: Int
    let headers: ResponseHeaders
    let body: Body

    init(status: Int, headers: ResponseHeaders, body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    var bodyCount: Int {
        switch body {
        case .copy(let bytes): bytes.count
        case .shared(let shared): shared.count
        case .stream: 0
        }
    }
}

extension Request {
    /// Whether a response was given or the request was aborted. Responding again is a bug.
    public var isAnswered: Bool {
        held != nil || isAborted || stage == .answered || stage == .lingering || stage == .resting
    }

    /// Sends a whole response; the bytes are copied. `status` is 200...999. HEAD, 204 and 304 get no body; their
    /// Content-Length still counts it where HTTP wants it.
    public func respond(_ status: Int, _ headers: ResponseHeaders, copying body: Span<UInt8>) {
        precondition((200...999).contains(status), "not the status of a response")
        switch stage {
        case .ending, .waiting:
            guard mayRespond() else { return }
            givenStatus = status
            // SAFETY: the library copies the bytes before this returns.
            let response = unsafe body.withUnsafeBytes { bytes in
                unsafe MHD_create_response_from_buffer(
                    bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
            }
            if method != .head { sentBytes = UInt64(body.count) }
            _ = unsafe queue(response, status, headers)
        default:
            answer(HeldResponse(status: status, headers: headers, body: .copy(body.copied)))
        }
    }

    /// Sends a whole response with shared bytes, without a copy.
    public func respond(_ status: Int, _ headers: ResponseHeaders, sharing body: SharedBody) {
        answer(HeldResponse(status: status, headers: headers, body: .shared(body)))
    }

    /// Sends the header now and the body as the source produces it: in chunks, or until the connection closes with
    /// HTTP/1.0. The source is retained until `closed`, and never read for HEAD.
    public func respond(_ status: Int, _ headers: ResponseHeaders, streaming source: any BodySource) {
        answer(HeldResponse(status: status, headers: headers, body: .stream(source)))
    }

    /// Sends 101 with `headers`, which name the protocol in `Upgrade`, and hands the connection over. Only from
    /// `bodyEnded` on, for a request without a body.
    /// - Returns: false, with nothing sent, if no descriptor is left for the upgraded connection.
    public func upgrade(_ headers: ResponseHeaders, to receiver: any UpgradeReceiver) -> Bool {
        precondition(stage == .ending || stage == .waiting, "an upgrade has to wait for bodyEnded")
        guard mayRespond() else { return true }
        guard listener.takePlaceForUpgrade(),
            let stream = UpgradedStream(of: socket, remoteAddress, clientKey, listener.options.places)
        else { return false }
        duplicate = stream
        upgradeReceiver = receiver
        givenStatus = 101
        // SAFETY: the library keeps us unretained; we live as long as the listener.
        let response = unsafe MHD_create_response_for_upgrade(
            Listener.upgradeThunk, Unmanaged.passUnretained(self).toOpaque())
        _ = unsafe queue(response, 101, headers)
        return true
    }

    /// The connection is ours, through its duplicate: makes the library drop its own.
    func upgraded(_ early: UnsafePointer<CChar>?, _ count: Int, _ handle: OpaquePointer?) {
        listener.waitForNothing(self)
        if let stream = duplicate {
            duplicate = nil
            // SAFETY: the library lends the bytes and the handle for this call; the handle is released once.
            unsafe stream.keep(Array(UnsafeRawBufferPointer(start: early, count: count)))
            upgradeReceiver?.upgraded(stream, of: self)
        }
        if let handle = unsafe handle { unsafe cmhd_release_upgraded(handle) }
        listener.closingRuns = 2
    }

    /// Call it when a source that returned `.pending` has more. Repeated calls count once; before the stream begins and
    /// after it ended, nothing happens.
    public func sourceReady() {
        sourceWasReady = true
        guard isStreamResting, isSuspended, !isAborted else { return }
        isStreamResting = false
        listener.wait(for: .send, self)
        resume()
    }

    /// Closes the connection without a response, or in the middle of one (a stream then lacks its last chunk). `closed`
    /// still follows, from a later `Listener.run`.
    public func abort() {
        guard !isAborted, stage != .resting, !isListenerStopping else { return }
        isAborted = true
        held = nil
        if isSuspended { return resume() }
        // The library asks in its next run and gets the answer then.
        if isPolled { return listener.polls.owesRun = true }
        // Within a turn, the turn's result closes the connection. Otherwise the library has to notice it on the socket.
        if !isInTurn { listener.cut(self) }
    }

    // MARK: inside

    private var isListenerStopping: Bool {
        listener.isStopping
    }

    private func mayRespond() -> Bool {
        if isAborted || isListenerStopping { return false }
        precondition(held == nil && stage != .answered && stage != .lingering, "a request has one response")
        precondition(stage != .resting && stage != .line, "this request is over")
        return true
    }

    private func answer(_ response: HeldResponse) {
        guard mayRespond() else { return }
        precondition((200...999).contains(response.status), "not the status of a response")
        givenStatus = response.status
        switch stage {
        case .ending, .waiting: _ = send(response)
        default: held = response
        }
    }

    /// Passes a response to the library, which accepts one at this moment.
    /// - Returns: false if it did not: close the connection.
    func send(_ response: HeldResponse) -> Bool {
        switch response.body {
        case .copy(let bytes):
            if method != .head { sentBytes = UInt64(bytes.count) }
            // SAFETY: the library copies the bytes before this returns.
            let made = unsafe bytes.withUnsafeBytes { bytes in
                unsafe MHD_create_response_from_buffer(
                    bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
            }
            return unsafe queue(made, response.status, response.headers)
        case .shared(let body):
            shared = body
            if method != .head { sentBytes = UInt64(body.count) }
            // SAFETY: the bytes never change, and we retain their owner until the library is done with the request.
            let made = unsafe MHD_create_response_from_buffer(body.count, body.base, .RESPMEM_PERSISTENT)
            return unsafe queue(made, response.status, response.headers)
        case .stream(let source):
            self.source = source
            return unsafe queue(makeStream(), response.status, response.headers)
        }
    }

    private func makeStream() -> OpaquePointer? {
        // SAFETY: the reader gets this object unretained: it lives as long as the listener, and the library stops
        // reading once the request is completed. The block size applies to HTTP/1.0 only; chunks are as large as the
        // pool allows.
        let response = unsafe MHD_create_response_from_callback(
            UInt64.max, 4096, Listener.readThunk, Unmanaged.passUnretained(self).toOpaque(), nil)
        // The library sends a last chunk even for HEAD, which a client would take for the next response. Without chunks
        // it closes the connection.
        if method == .head, let response = unsafe response { unsafe cmhd_forbid_chunks(response) }
        return unsafe response
    }

    /// Adds the header, queues the response and resumes the connection. Consumes the response.
    private func queue(_ response: OpaquePointer?, _ status: Int, _ headers: ResponseHeaders) -> Bool {
        guard let response = unsafe response, let connection = unsafe connection else { return false }
        // SAFETY: the response is ours until MHD_destroy_response; the library counts its own references.
        defer { unsafe MHD_destroy_response(response) }
        unsafe headers.add(to: response)
        // The library accepts a bare LF between chunks, so it may find another end of a chunked body than a proxy does:
        // what follows such a body is never read as a request. SAFETY: as above.
        if headers.close || hasChunks || isForProbes {
            _ = unsafe MHD_add_response_header(response, "Connection", "close")
        }
        let wasWaiting = stage == .waiting
        stage = .answered
        listener.wait(for: .send, self)
        if isPolled {
            endPolling()
            listener.polls.owesRun = true
        }
        let queued = unsafe MHD_queue_response(connection, UInt32(status), response) == .YES
        if !queued { isAborted = true }
        if wasWaiting { resume() }
        return queued
    }
}

extension ResponseHeaders {
    /// Copies the fields into a response of the library.
    fileprivate func add(to response: OpaquePointer) {
        // SAFETY: both runs hold pairs of C strings.
        unsafe bytes.withUnsafeBufferPointer { unsafe Self.add($0, to: response) }
        unsafe tail.span.extracting(0..<tailCount).withUnsafeBufferPointer { unsafe Self.add($0, to: response) }
    }

    private static func add(_ run: UnsafeBufferPointer<UInt8>, to response: OpaquePointer) {
        // SAFETY: the run holds pairs of C strings, and the library copies them.
        guard let start = run.baseAddress else { return }
        var at = unsafe UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
        let end = unsafe at + run.count
        while unsafe at < end {
            let value = unsafe at + strlen(at) + 1
            _ = unsafe MHD_add_response_header(response, at, value)
            unsafe at = value + strlen(value) + 1
        }
    }
}
