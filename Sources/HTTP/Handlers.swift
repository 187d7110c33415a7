// Whom the room talks to. The order of calls on one request:
//
//     accept ----> respond at once ..................................> closed
//        \-------> body* ----> bodyEnded ----> respond, now or later --> closed
//                     \-> respond early (413, 400); no further body --> closed
//
// All calls come from inside Listener.run (or stop, or respond where its header is too long), on its thread. None of
// them may call run or stop.

/// Receives each request whose header is complete and passed every check of RequestValidator.
public protocol RequestHandler: AnyObject {
    /// Must respond at once, or set `request.consumer`, whose `bodyEnded` then follows. May do both: then only `closed`
    /// follows.
    func accept(_ request: Request)
}

/// Receives what follows on one request.
public protocol RequestConsumer: AnyObject {
    /// The next bytes of the body; the span is valid during the call only. May respond early: no more body comes then.
    func body(_ bytes: Span<UInt8>, of request: Request)
    /// The body is complete (or there was none). May respond now, or later: the connection waits, at no cost after a
    /// few milliseconds, until then.
    func bodyEnded(of request: Request)
    /// Exactly once, and always the last call. The request must not be used after it.
    func closed(_ request: Request, _ reason: RequestEnd)
}

/// How a request ended, seen from the connection.
public enum RequestEnd: Sendable, Equatable {
    /// The whole response was handed to the kernel.
    case completed
    /// The client closed or reset the connection before that.
    case clientLeft
    /// One of the listener's deadlines: the body did not arrive, or the response was not taken.
    case timedOut
    /// The listener was stopped.
    case shutdown
    /// We cut it: `abort()`, or a body source that said `.abort`.
    case aborted
    /// The library or the kernel gave up on the connection for another reason.
    case failed
}

/// Supplies the body of a rejection, so that there is one table of problems in the house.
public protocol RejectionWriter: AnyObject {
    /// A problem document (RFC 9457) for `status`; it is sent as application/problem+json.
    /// - Parameter remote: the client's address.
    func problem(status: Int, code: StaticString, detail: String, remote: String) -> [UInt8]
}
