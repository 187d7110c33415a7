// Letters from other threads: a queue behind a lock, and an eventfd(2) that a reactor watches.
//
// The lock is held for an append or a swap, never while a letter is handled. The descriptor is rung only when the box was
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
