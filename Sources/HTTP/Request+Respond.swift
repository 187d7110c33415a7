// Answering a request. All verbs may be called at any time between accept() and closed(), inside a callback or outside.
// Where the library cannot make the response's header (it has no room for it), `closed` comes from inside the verb.
//
// The library takes a response in two places only: in the first call for a request (and then it closes the connection
// afterwards), and when the body has ended. So an early answer is held until the body has been read over.

internal import CMicroHTTPD
import Glibc

/// A response that waits for its moment. An object, because a request has room for one and hardly ever has one.
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
    /// Whether a response was given already (or the request was aborted): a further one would be a mistake.
    public var isAnswered: Bool {
        held != nil || isAborted || stage == .answered || stage == .lingering || stage == .resting
    }

    /// Sends a whole response; the bytes are copied. `status` 200...999. A body is not sent with HEAD, 204 and 304, its
    /// length is told all the same where HTTP wants it.
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

    /// Sends a whole response whose bytes are shared with others, without a copy.
    public func respond(_ status: Int, _ headers: ResponseHeaders, sharing body: SharedBody) {
        answer(HeldResponse(status: status, headers: headers, body: .shared(body)))
    }

    /// Sends the header now and the body as the source gives it: in chunks, or until the connection closes with
    /// HTTP/1.0. The source is held until `closed`. With HEAD it is never asked.
    public func respond(_ status: Int, _ headers: ResponseHeaders, streaming source: any BodySource) {
        answer(HeldResponse(status: status, headers: headers, body: .stream(source)))
    }

    /// Sends 101 with `headers`, which name the protocol in `Upgrade`, and hands the connection over. Only from
    /// `bodyEnded` on, for a request without a body.
    /// - Returns: false, and nothing was sent, when there is no descriptor for the connection's further life.
    public func upgrade(_ headers: ResponseHeaders, to receiver: any UpgradeReceiver) -> Bool {
        precondition(stage == .ending || stage == .waiting, "an upgrade has to wait for bodyEnded")
        guard mayRespond() else { return true }
        guard listener.takePlaceForUpgrade(),
            let stream = UpgradedStream(of: socket, remoteAddress, clientKey, listener.options.places)
        else { return false }
        duplicate = stream
        upgradeReceiver = receiver
        givenStatus = 101
        // SAFETY: the library gives us back unretained; we live as long as the listener.
        let response = unsafe MHD_create_response_for_upgrade(
            Listener.upgradeThunk, Unmanaged.passUnretained(self).toOpaque())
        _ = unsafe queue(response, 101, headers)
        return true
    }

    /// The connection is ours, on its duplicate: lets the library forget its own.
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

    /// The source that said `.pending` has something now. Any number of calls are one; before the stream begins or
    /// after it ended, nothing happens.
    public func sourceReady() {
        sourceWasReady = true
        guard isStreamResting, isSuspended, !isAborted else { return }
        isStreamResting = false
        listener.wait(for: .send, self)
        resume()
    }

    /// Closes the connection without a response, or in the middle of one (a stream lacks its last chunk then). `closed`
    /// still follows, from a later `Listener.run`.
    public func abort() {
        guard !isAborted, stage != .resting, !isListenerStopping else { return }
        isAborted = true
        held = nil
        if isSuspended { return resume() }
        // The library asks in its next run, and is told then.
        if isPolled { return listener.polls.owesRun = true }
        // In a turn the library is told by the turn's answer. Else it has to find out from the socket.
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

    /// Hands a response to the library, which takes one at this moment. False when it does not: close.
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
            // SAFETY: the bytes never change, and we hold their owner until the library is done with the request.
            let made = unsafe MHD_create_response_from_buffer(body.count, body.base, .RESPMEM_PERSISTENT)
            return unsafe queue(made, response.status, response.headers)
        case .stream(let source):
            self.source = source
            return unsafe queue(makeStream(), response.status, response.headers)
        }
    }

    private func makeStream() -> OpaquePointer? {
        // SAFETY: the reader gets this object unretained: it lives as long as the listener, and the library asks no
        // more once the request is completed. The block size is for HTTP/1.0 only; chunks are as large as the pool lets
        // them be.
        let response = unsafe MHD_create_response_from_callback(
            UInt64.max, 4096, Listener.readThunk, Unmanaged.passUnretained(self).toOpaque(), nil)
        // The library answers HEAD with a last chunk, which would be taken for the next response. Without chunks it
        // closes.
        if method == .head, let response = unsafe response { unsafe cmhd_forbid_chunks(response) }
        return unsafe response
    }

    /// Adds the header, queues the response and lets the connection go on. Takes the response over.
    private func queue(_ response: OpaquePointer?, _ status: Int, _ headers: ResponseHeaders) -> Bool {
        guard let response = unsafe response, let connection = unsafe connection else { return false }
        // SAFETY: the response is ours until MHD_destroy_response; the library counts its own references.
        defer { unsafe MHD_destroy_response(response) }
        unsafe headers.add(to: response)
        // The library's idea of where a chunked body ends is not everybody's (it takes a bare LF for a line's end):
        // what stands behind it is never read as a request.
        // SAFETY: as above.
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
