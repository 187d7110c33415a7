// The protocols that a listener's owner implements. The order of calls for one request:
//
//     accept ----> respond at once ..................................> closed
//        \-------> body* ----> bodyEnded ----> respond, now or later --> closed
//                     \-> respond early (413, 400); no further body --> closed
//
// All calls come from inside Listener.run (or from stop, or from respond if its header is too long), on the listener's
// thread. They must not call run or stop.

/// Receives each request whose header is complete and has passed every check of RequestValidator.
public protocol RequestHandler: AnyObject {
    /// Must respond at once, or set `request.consumer`, which then gets `bodyEnded`. May do both: then only `closed`
    /// follows.
    func accept(_ request: Request)
}

/// Receives the events of one request.
public protocol RequestConsumer: AnyObject {
    /// The next bytes of the body; the span is valid only during the call. May respond early; no more body follows
    /// then.
    func body(_ bytes: Span<UInt8>, of request: Request)
    /// The body is complete, or there was none. May respond now or later: until then the connection waits, at no cost
    /// after a few milliseconds.
    func bodyEnded(of request: Request)
    /// The last call, exactly once. The request must not be used after it.
    func closed(_ request: Request, _ reason: RequestEnd)
}

/// How a request ended, from the connection's point of view.
public enum RequestEnd: Sendable, Equatable {
    /// The whole response was handed to the kernel.
    case completed
    /// The client closed or reset the connection first.
    case clientLeft
    /// A deadline passed: the body did not arrive, or the client did not take the response.
    case timedOut
    /// The listener was stopped.
    case shutdown
    /// We cut the connection: `abort()`, or a body source that returned `.abort`.
    case aborted
    /// The library or the kernel closed the connection for another reason.
    case failed
}

/// Writes the bodies of rejections, so that the process has one table of problems.
public protocol RejectionWriter: AnyObject {
    /// The problem document (RFC 9457) for `status`; sent as application/problem+json.
    /// - Parameter remote: the client's address.
    func problem(status: Int, code: StaticString, detail: String, remote: String) -> [UInt8]
}
