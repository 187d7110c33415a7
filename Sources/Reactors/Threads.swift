// Threads of our own (pthread_create(3)): a reactor builds its objects inside its own thread and shares nothing.

internal import CLinux
import Glibc

/// A thread that was started. Join it once.
public struct ThreadHandle: @unchecked Sendable {
    fileprivate let thread: pthread_t

    /// Waits for its end.
    public func join() { _ = pthread_join(thread, nil) }
}

public enum Threads {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread. - Parameter name: at most 15 bytes, as `top -H` shows it.
    public static func start(
        name: String, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> ThreadHandle {
        var thread = pthread_t()
        // SAFETY: the new thread takes over the retained `start` exactly once; on failure it is released here.
        let start = unsafe Unmanaged.passRetained(Start(name, body))
        let code = unsafe pthread_create(&thread, nil, { argument in
            let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
            unsafe gateway_name_thread(String(start.name.prefix(15)))
            start.body()
            return nil
        }, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            throw SystemError("pthread_create", code)
        }
        return ThreadHandle(thread: thread)
    }
}

public enum DescriptorLimit {
    /// Raises the soft limit of open files to the hard one (getrlimit(2)). - Returns: the limit in force.
    public static func raiseToHard() -> Int {
        var limit = rlimit()
        // SAFETY: the calls read and write the local `limit` and keep no pointer to it.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(min(limit.rlim_cur, UInt(Int32.max)))
    }
}
