// Signals as something to read (signalfd(2)) instead of something that interrupts.

internal import CLinux
import Glibc

/// Signals that are blocked and read from a descriptor.
public final class SignalSource: Sendable {
    /// Readable while a signal waits.
    public let descriptor: Int32

    /// Blocks `signals` in the calling thread and in those it starts from now on; make it before any other thread.
    public init(_ signals: [Int32]) throws(SystemError) {
        var mask = sigset_t()
        // SAFETY: the calls read and write the local `mask` only and keep no pointer to it.
        unsafe sigemptyset(&mask)
        for signal in signals { unsafe sigaddset(&mask, signal) }
        _ = unsafe pthread_sigmask(SIG_BLOCK, &mask, nil)
        descriptor = unsafe signalfd(-1, &mask, Int32(SFD_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("signalfd") }
    }

    deinit { close(descriptor) }

    /// Waits for the next signal. - Returns: its number.
    public func wait() -> Int32 { gateway_next_signal(descriptor) }

    /// A write to a connection that is gone is an error to handle, not a signal that ends the process.
    public static func ignorePipe() { _ = signal(SIGPIPE, SIG_IGN) }
}
