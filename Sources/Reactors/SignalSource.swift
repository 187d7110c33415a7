// Signals as something to read: they are blocked and come out of a signalfd(2), so that no code of ours ever runs in a
// signal handler. Make it on the main thread before any other is started: threads inherit the mask.

internal import CLinux
import Glibc

/// Some signals of the process, read from a descriptor. Confined to the thread that made it.
public final class SignalSource: Sendable {
    /// Readable while a signal is pending. Lives as long as the source.
    public let descriptor: Int32

    /// Blocks `signals` for the calling thread and those it starts later. They stay blocked after the source has gone.
    /// - Throws: EINVAL for a number that is no signal, EMFILE, ENFILE or ENOMEM of signalfd(2).
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

    /// The next signal that is pending; nil when there is none. Several of one number may come as one, see signal(7).
    public func next() -> Int32? {
        let signal = linux_next_signal(descriptor)
        return signal == 0 ? nil : signal
    }
}

