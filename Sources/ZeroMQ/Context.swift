// libzmq's context: its I/O threads and the name space of inproc endpoints. One for the process, shared by all
// reactors; it is the only thing of libzmq that is thread-safe. Sockets and monitors retain it, so its end never waits
// for one that a forgotten reference keeps open: it comes after the last of them.

internal import CZeroMQ
import Glibc
import Synchronization

/// A ZeroMQ context, zmq_ctx_new(3).
@safe
public final class Context: Sendable {
    /// Thread-safe by zmq(7): any thread may make sockets of it.
    private nonisolated(unsafe) let raw: UnsafeMutableRawPointer
    private let isTerminated = Atomic(false)
    private let monitors = Atomic<UInt64>(0)

    /// The I/O threads are SCHED_BATCH, sched(7), unless the process was given a policy of its own: they do not
    /// interrupt the thread that woke them, and so find all that it has to send. That took a fifth off a small request.
    ///
    /// - Parameters:
    ///   - ioThreads: libzmq's threads that move bytes; one serves about a gigabyte a second. 0 does for inproc alone.
    ///   - maxSockets: bound of open sockets, counted in this context, monitors twice; libzmq's own default is 1,023.
    /// - Throws: ENOMEM or EMFILE of zmq_ctx_new; EINVAL for a number out of libzmq's bounds.
    public init(ioThreads: Int = 1, maxSockets: Int = 65_535) throws(ZMQError) {
        // SAFETY: the new context is this object's alone until terminate() or deinit gives it back.
        guard let raw = unsafe zmq_ctx_new() else { throw ZMQError(operation: "zmq_ctx_new", code: zmq_errno()) }
        unsafe self.raw = unsafe raw
        try set(ZMQ_IO_THREADS, ioThreads, "ZMQ_IO_THREADS")
        try set(ZMQ_MAX_SOCKETS, maxSockets, "ZMQ_MAX_SOCKETS")
        if sched_getscheduler(0) == SCHED_OTHER {
            try set(ZMQ_THREAD_SCHED_POLICY, Int(zeromq_sched_batch), "ZMQ_THREAD_SCHED_POLICY")
        }
    }

    deinit {
        terminate()
    }

    /// Makes every operation on this context's sockets fail as if it would block, from any thread, and wakes those that
    /// wait, zmq_ctx_shutdown(3). Does not wait.
    public func shutdown() {
        guard !isTerminated.load(ordering: .acquiring) else { return }
        // SAFETY: not terminated, so the context is there; zmq_ctx_shutdown is thread-safe.
        _ = unsafe zmq_ctx_shutdown(raw)
    }

    /// Ends the context, zmq_ctx_term(3). Blocks until all its sockets are closed and have lingered. Once; later calls
    /// do nothing.
    public func terminate() {
        guard !isTerminated.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // SAFETY: terminated here and nowhere else. EINTR asks for another try.
        while unsafe zmq_ctx_term(raw) != 0 { precondition(zmq_errno() == EINTR, "zmq_ctx_term: errno \(zmq_errno())") }
    }

    /// zmq_socket(3). The caller closes it.
    func makeSocket(_ type: Int32) throws(ZMQError) -> UnsafeMutableRawPointer {
        precondition(!isTerminated.load(ordering: .acquiring), "the context has been terminated")
        // SAFETY: the context is there until it is terminated.
        guard let socket = unsafe zmq_socket(raw, type) else {
            throw ZMQError(operation: "zmq_socket", code: zmq_errno())
        }
        return unsafe socket
    }

    /// An inproc endpoint that no other monitor of this context has.
    func newMonitorEndpoint() -> String {
        "inproc://monitor-\(monitors.add(1, ordering: .relaxed).newValue)"
    }

    private func set(_ option: Int32, _ value: Int, _ name: String) throws(ZMQError) {
        // SAFETY: called by init only, so the context is there.
        let result = unsafe zmq_ctx_set(raw, option, Int32(clamping: value))
        try ZMQError.check(result, "\(name) = \(value)")
    }
}
