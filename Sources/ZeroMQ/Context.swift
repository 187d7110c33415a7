// libzmq's context: its I/O threads and the bound on its sockets (zmq_ctx_new(3)).

internal import CZeroMQ

/// One a process. Sockets keep their context alive; it may be used from any thread.
@safe
public final class Context: @unchecked Sendable {
    /// SAFETY: libzmq's contexts are thread-safe (zmq(7)); the pointer is set once and given back in deinit only.
    let handle: UnsafeMutableRawPointer

    /// - Parameters:
    ///   - ioThreads: threads that move bytes; one carries about a gigabyte a second.
    ///   - maxSockets: ZMQ_MAX_SOCKETS; must be set before the first socket, and libzmq's own 1,023 is soon used up.
    public init(ioThreads: Int = 1, maxSockets: Int = 65_535) throws(ZMQError) {
        // SAFETY: the new context is owned by this object.
        guard let handle = unsafe zmq_ctx_new() else { throw ZMQError("zmq_ctx_new") }
        unsafe self.handle = handle
        unsafe zmq_ctx_set(handle, ZMQ_IO_THREADS, Int32(ioThreads))
        unsafe zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, Int32(maxSockets))
    }

    /// Every socket holds a reference, so none is open here, and termination only waits for what lingers.
    deinit {
        // SAFETY: made in init, given back here only; EINTR asks for another call (zmq_ctx_term(3)).
        while unsafe zmq_ctx_term(handle) != 0 && gateway_zmq_errno() == EINTR {}
    }
}
