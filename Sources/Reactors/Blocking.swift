// Where the process meets its reactors: waiting for letters without a reactor, and writing text. Used while the process
// comes up and goes down, and by the thread that writes the log.

import Glibc
import Synchronization

extension Mailbox {
    /// Blocks until letters are there (or a signal comes); for a reader that has no reactor.
    /// - Parameter milliseconds: how long at most; nil for as long as it takes.
    /// - Returns: false if the time passed first.
    @discardableResult
    public func waitForLetters(atMost milliseconds: Int32? = nil) -> Bool {
        Descriptors.wait(for: descriptor, POLLIN, milliseconds ?? -1)
    }
}

extension SignalSource {
    /// Blocks until a signal comes. - Returns: its number.
    public func wait() -> Int32 {
        while true {
            if let signal = next() { return signal }
            Descriptors.wait(for: descriptor, POLLIN, -1)
        }
    }

    /// Blocks until a signal comes or the time is over. - Returns: its number; nil if the time passed first.
    public func wait(atMost milliseconds: Int32) -> Int32? {
        if let signal = next() { return signal }
        Descriptors.wait(for: descriptor, POLLIN, milliseconds)
        return next()
    }
}

extension Threads {
    /// Blocks the calling thread for less than a second (or until a signal comes), nanosleep(2). Never on a reactor.
    public static func sleep(nanoseconds: Int) {
        var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
        // SAFETY: the structure is ours and alive for the call; what is left of the time is not asked for.
        _ = unsafe nanosleep(&time, nil)
    }
}

/// One value that several threads may look at, at the rim only.
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

/// A descriptor to write text to.
public enum Output {
    /// Writes all of `bytes`, waiting as long as it takes; gives up when the descriptor takes no more, for its disk is
    /// full or its reader gone.
    /// - Returns: how many bytes were written.
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
    /// Opens /dev/null in place of those that are closed. A socket that took number 2 would receive the log. Call it
    /// before anything else is opened.
    public static func open() {
        for descriptor in 0...2 as ClosedRange<Int32> where fcntl(descriptor, F_GETFD) == -1 {
            // SAFETY: the path is a literal. The lowest free number is this one, for those below it are open by now.
            _ = unsafe Glibc.open("/dev/null", O_RDWR)
        }
    }
}

enum Descriptors {
    /// Blocks until the descriptor is ready or `milliseconds` are over, poll(2). - Returns: whether it is ready.
    @discardableResult
    static func wait(for descriptor: Int32, _ events: Int32, _ milliseconds: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        // SAFETY: one item, alive for the call.
        return unsafe poll(&item, 1, milliseconds) > 0
    }
}
