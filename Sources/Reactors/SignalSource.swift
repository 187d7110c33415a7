// Signals as readable events: they are blocked and read from a signalfd(2), so no code runs in a signal handler. Create
// it on the main thread before any other thread starts: threads inherit the mask.

internal import CLinux
import Glibc

/// Signals of the process, read from a descriptor. Confined to the thread that created it.
public final class SignalSource: Sendable {
    /// Readable while a signal is pending. Lives as long as the source.
    public let descriptor: Int32

    /// Blocks `signals` for the calling thread and the threads it starts later. They stay blocked after deinit.
    /// - Throws: EINVAL for an invalid signal number; EMFILE, ENFILE or ENOMEM of signalfd(2).
    public convenience init(_ signals: [Int32]) throws(SystemError) {
        try self.init(signals) { blocked in
            // SAFETY: the set is the caller's, alive and initialised during the call.
            unsafe linux_signalfd(&blocked)
        }
    }

    init(_ signals: [Int32], open: (inout sigset_t) -> Int32) throws(SystemError) {
        var blocked = try Threads.block(signals)
        descriptor = try SystemError.check(open(&blocked), "signalfd")
    }

    deinit {
        close(descriptor)
    }

    /// The next pending signal; nil if there is none. Several signals of one number may arrive as one, see signal(7).
    public func next() -> Int32? {
        let signal = linux_next_signal(descriptor)
        return signal == 0 ? nil : signal
    }
}

