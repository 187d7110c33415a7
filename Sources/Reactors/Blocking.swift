// Blocking calls, for code that runs outside of a reactor: the main thread at startup and shutdown, and the thread that
// writes the log.

import Glibc
import Synchronization

extension Mailbox {
    /// Blocks until letters arrive or a signal comes; for a reader without a reactor.
    /// - Parameter milliseconds: maximum wait; nil for no limit.
    /// - Returns: false if the time passed first.
    @discardableResult
    public func waitForLetters(atMost milliseconds: Int32? = nil) -> Bool {
        Descriptors.wait(for: descriptor, POLLIN, milliseconds ?? -1)
    }
}

extension SignalSource {
    /// Blocks until a signal comes.
    /// - Returns: its number.
    public func wait() -> Int32 {
        while true {
            if let signal = next() { return signal }
            Descriptors.wait(for: descriptor, POLLIN, -1)
        }
    }

    /// Blocks until a signal comes or the time has passed.
    /// - Returns: its number; nil if the time passed first.
    public func wait(atMost milliseconds: Int32) -> Int32? {
        if let signal = next() { return signal }
        Descriptors.wait(for: descriptor, POLLIN, milliseconds)
        return next()
    }
}

extension Threads {
    /// Blocks the calling thread for less than a second, or until a signal comes, nanosleep(2). Never on a reactor.
    public static func sleep(nanoseconds: Int) {
        var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
        // SAFETY: the structure is ours and alive for the call; the remaining time is not requested.
        _ = unsafe nanosleep(&time, nil)
    }
}

/// A value shared between threads, behind a lock. Never used on the request path.
public final class SharedCell<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    public init(_ value: Value) { self.value = Mutex(value) }

    public func read<Result: Sendable>(_ body: (Value) -> Result) -> Result { value.withLock { body($0) } }

    public func change(_ body: (inout Value) -> Void) {
        value.withLock { current in
            var copy = current
            body(&copy)
            current = copy
        }
    }
}

/// Writes text to a descriptor.
public enum Output {
    /// Writes all of `bytes`, waiting as long as it takes. Gives up if the descriptor fails: its disk is full or its
    /// reader gone.
    /// - Returns: the number of bytes written.
    @discardableResult
    public static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int {
        var start = 0
        while start < bytes.count {
            // SAFETY: the buffer is alive for the call, and `start` is below its count.
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress! + start, buffer.count - start)
            }
            if written >= 0 {
                start += written
            } else if errno == EAGAIN {
                Descriptors.wait(for: descriptor, POLLOUT, 1000)
            } else if errno != EINTR {
                return start
            }
        }
        return start
    }
}

/// Descriptors 0, 1 and 2.
public enum StandardDescriptors {
    /// Opens /dev/null in place of those that are closed: a socket that got number 2 would receive the log. Call it
    /// before anything else is opened.
    public static func open() {
        for descriptor in 0...2 as ClosedRange<Int32> where fcntl(descriptor, F_GETFD) == -1 {
            // SAFETY: the path is a literal. The lowest free number is this one, because those below it are open by
            // now.
            _ = unsafe Glibc.open("/dev/null", O_RDWR)
        }
    }
}

enum Descriptors {
    /// Blocks until the descriptor is ready or `milliseconds` have passed, poll(2).
    /// - Returns: whether it is ready.
    @discardableResult
    static func wait(for descriptor: Int32, _ events: Int32, _ milliseconds: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        // SAFETY: one item, alive for the call.
        return unsafe poll(&item, 1, milliseconds) > 0
    }
}
