// A libzmq call that failed for a reason outside of this program. Expected results (nothing to read, no peer) are
// values, see SendOutcome; our own misuse is a precondition.

internal import CZeroMQ

/// A failed call of libzmq.
public struct ZMQError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call or option, as its manual page names it, and its argument: `zmq_bind tcp://127.0.0.1:80`.
    public let operation: String
    /// errno(3), or libzmq's own number.
    public let code: Int32
    /// zmq_strerror(3) of the code: `Address already in use`.
    public let message: String

    public init(operation: String, code: Int32) {
        self.operation = operation
        self.code = code
        // SAFETY: zmq_strerror returns a NUL-terminated string, constant or valid until this thread's next call; it is
        // copied.
        message = unsafe String(cString: zmq_strerror(code))
    }

    /// `zmq_bind tcp://127.0.0.1:80: Permission denied (errno 13)`
    public var description: String { "\(operation): \(message) (errno \(code))" }

    /// Throws the error in zmq_errno(3) if `result` is negative.
    static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(ZMQError) {
        if result < 0 { throw ZMQError(operation: operation(), code: zmq_errno()) }
    }
}
