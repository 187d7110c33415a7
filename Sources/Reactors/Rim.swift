// Where the process meets its reactors: waiting for letters without a reactor, and writing text. Used while the process
// comes up and goes down, and by the thread that writes the log.

import Glibc
import Synchronization

extension Mailbox {
    /// Blocks until letters are there (or a signal comes); for a reader that has no reactor.
    public func waitForLetters() { Descriptors.wait(for: descriptor, POLLIN, -1) }
}

extension SignalSource {
    /// Blocks until a signal comes. - Returns: its number.
    public func wait() -> Int32 {
        while true {
            if let signal = next() { return signal }
            Descriptors.wait(for: descriptor, POLLIN, -1)
        }
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
    /// Writes all of `bytes`, waiting as long as it takes; gives up when the descriptor does not take any more for
    /// good.
    public static func write(_ bytes: [UInt8], to descriptor: Int32) {
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
                return
            }
        }
    }
}

enum Descriptors {
    /// Blocks until the descriptor is ready or `milliseconds` are over (poll(2)).
    static func wait(for descriptor: Int32, _ events: Int32, _ milliseconds: Int32) {
        var item = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        // SAFETY: one item, alive for the call.
        _ = unsafe poll(&item, 1, milliseconds)
    }
}
