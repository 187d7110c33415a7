// A libzmq call that failed for a reason outside this program.

internal import CZeroMQ

/// The call and its error code (zmq_errno(3)).
public struct ZMQError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    public let code: Int32

    init(_ operation: String) {
        self.operation = operation
        code = gateway_zmq_errno()
    }

    /// libzmq's own words for the code (zmq_strerror(3)).
    public var message: String {
        // SAFETY: zmq_strerror returns a static NUL-terminated text; it is copied.
        unsafe String(cString: zmq_strerror(code))
    }

    public var description: String { "\(operation): \(message)" }
}
