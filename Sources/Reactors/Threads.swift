// Named threads, pthreads(7): a reactor lives on one, from its first object to its last. No pool, no queue.

internal import CLinux
import Glibc
import Synchronization

public enum Threads {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread that runs `body`. It inherits the caller's signal mask.
    /// - Parameter name: shown by `top -H` and gdb; cut to the 15 bytes that the kernel keeps.
    /// - Returns: a handle for joining; if it is dropped without a join, the thread runs on, detached.
    public static func start(name: String, _ body: @escaping @Sendable () -> Void) -> ThreadHandle {
        guard let thread = attempt(name: name, body) else { preconditionFailure("pthread_create: no threads left") }
        return thread
    }

    /// Like `start`, for an optional thread: nil if the system has none left, EAGAIN of pthread_create(3).
    static func attempt(name: String, _ body: @escaping @Sendable () -> Void) -> ThreadHandle? {
        var thread = pthread_t()
        // SAFETY: retained here, released by the thread that takes it, or below.
        let start = unsafe Unmanaged.passRetained(Start(name: String(name.utf8.prefix(15)) ?? "thread", body: body))
        // SAFETY: the entry point takes its object, once.
        let result = unsafe pthread_create(&thread, nil, { argument in
            let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
            // SAFETY: the string is NUL-terminated, and the kernel copies it.
            unsafe linux_name_thread(start.name)
            start.body()
            return nil
        }, start.toOpaque())
        guard result == 0 else {
            // SAFETY: no thread has taken it.
            unsafe start.release()
            return nil
        }
        return ThreadHandle(thread)
    }

    /// Ignores a signal for the whole process, signal(2). Used for SIGPIPE, so that writing to a closed connection is
    /// an EPIPE.
    public static func ignoreSignal(_ signal: Int32) {
        _ = Glibc.signal(signal, SIG_IGN)
    }

    /// Blocks `signals` for the calling thread and the threads it starts later, pthread_sigmask(3).
    /// - Throws: EINVAL for an invalid signal number.
    static func block(_ signals: [Int32]) throws(SystemError) -> sigset_t {
        var blocked = sigset_t()
        // SAFETY: the array and the set live through the call, and the count is the array's.
        let result = unsafe linux_block_signals(signals, Int32(signals.count), &blocked)
        guard result == 0 else { throw SystemError(operation: "pthread_sigmask", code: result) }
        return blocked
    }
}

/// A started thread.
public final class ThreadHandle: Sendable {
    private let thread: pthread_t
    private let isJoined = Atomic(false)

    init(_ thread: pthread_t) {
        self.thread = thread
    }

    deinit {
        if !isJoined.load(ordering: .relaxed) { pthread_detach(thread) }
    }

    /// Waits until the thread has ended. Once, and never from the thread itself.
    public func join() {
        precondition(!isJoined.exchange(true, ordering: .relaxed), "a thread is joined once")
        let result = pthread_join(thread, nil)
        precondition(result == 0, "pthread_join failed: errno \(result)")
    }
}
