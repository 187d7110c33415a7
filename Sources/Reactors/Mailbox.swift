// Letters from other threads: a queue behind a lock, and an eventfd(2) that a reactor watches.
//
// The lock is held for an append or a swap, never while a letter is handled. The descriptor is rung only when the box
// was
// empty, so a burst costs one system call.

internal import CLinux
import Glibc
import Synchronization

/// Many senders, one reader.
public final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Mutex<[Message]>([])
    /// Readable while letters are waiting; for the reader's reactor.
    public let descriptor: Int32

    public init() throws(SystemError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("eventfd") }
    }

    deinit { close(descriptor) }

    /// From any thread.
    public func post(_ message: Message) {
        let wasEmpty = messages.withLock { queue in
            queue.append(message)
            return queue.count == 1
        }
        if wasEmpty { eventfd_write(descriptor, 1) }
    }

    /// Hands over every letter that has come, oldest first; on the reader's thread. - Returns: how many.
    @discardableResult
    public func drain(_ body: (Message) -> Void) -> Int {
        var value: UInt64 = 0
        // SAFETY: the call writes into the local `value` and keeps no pointer to it.
        _ = unsafe eventfd_read(descriptor, &value)
        let batch = messages.withLock { queue in
            defer { queue = [] }
            return queue
        }
        for message in batch { body(message) }
        return batch.count
    }
}

extension Mailbox {
    /// Blocks until letters are there (or a signal comes); for a reader that has no reactor.
    public func waitForLetters() {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // SAFETY: one item, alive for the call.
        _ = unsafe poll(&item, 1, -1)
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
                var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // SAFETY: one item, alive for the call.
                _ = unsafe poll(&item, 1, 1000)
            } else if errno != EINTR {
                return
            }
        }
    }
}

extension Mailbox {
    /// One value that several threads may look at, at the rim: while the process comes up and goes down.
    public final class Cell: Sendable {
        private let value: Mutex<Message>

        public init(_ value: Message) { self.value = Mutex(value) }

        public func read<Result: Sendable>(_ body: (Message) -> Result) -> Result { value.withLock { body($0) } }

        public func change(_ body: (inout Message) -> Void) {
            value.withLock { current in
                var copy = current
                body(&copy)
                current = copy
            }
        }
    }
}
