// libzmq's context: its I/O threads and the namespace of inproc endpoints. One per process, shared by all reactors; of
// libzmq's objects only the context is thread-safe. Sockets and monitors retain it, so it ends after the last of them
// and never waits for a forgotten one.

internal import CZeroMQ
import Glibc
import Synchronization

/// A ZeroMQ context, zmq_ctx_new(3).
@safe
public final class Context: Sendable {
    /// Thread-safe by zmq(7): any thread may create sockets.
    private nonisolated(unsafe) let raw: UnsafeMutableRawPointer
    private let isTerminated = Atomic(false)
    private let monitors = Atomic<UInt64>(0)

    /// Creates a context. Its I/O threads run as SCHED_BATCH, sched(7), unless the process has a scheduling policy
    /// already: they then do not preempt the thread that wakes them, and find all that it has to send. That cut the
    /// cost of a small request by a fifth.
    ///
    /// - Parameters:
    ///   - ioThreads: libzmq's threads that move bytes; one handles about a gigabyte per second. 0 suffices for inproc
    ///     only.
    ///   - maxSockets: maximum number of open sockets in this context; a monitor counts twice. libzmq's default is
    ///     1,023.
    /// - Throws: ENOMEM or EMFILE of zmq_ctx_new; EINVAL for a number outside of libzmq's bounds.
    public init(ioThreads: Int = 1, maxSockets: Int = 65_535) throws(ZMQError) {
        // SAFETY: this object alone owns the new context until terminate() or deinit ends it.
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

    /// Makes every operation on this context's sockets fail as if it would block, and wakes waiting ones. From any
    /// thread; does not wait. zmq_ctx_shutdown(3)
    public func shutdown() {
        guard !isTerminated.load(ordering: .acquiring) else { return }
        // SAFETY: not terminated, so the context is there; zmq_ctx_shutdown is thread-safe.
        _ = unsafe zmq_ctx_shutdown(raw)
    }

    /// Ends the context, zmq_ctx_term(3). Blocks until all its sockets are closed and have lingered. Later calls do
    /// nothing.
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

    /// An inproc endpoint unique within this context, for a monitor.
    func newMonitorEndpoint() -> String {
        "inproc://monitor-\(monitors.add(1, ordering: .relaxed).newValue)"
    }

    private func set(_ option: Int32, _ value: Int, _ name: String) throws(ZMQError) {
        // SAFETY: called by init only, so the context is there.
        let result = unsafe zmq_ctx_set(raw, option, Int32(clamping: value))
        try ZMQError.check(result, "\(name) = \(value)")
    }
}
