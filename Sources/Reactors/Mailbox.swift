// Letters from other threads to a reactor, in order, with an eventfd(2) that wakes it. Any thread posts; one thread,
// the owner, drains. Posting writes the eventfd only if the mailbox was empty, so a burst costs one system call. Two
// arrays swap places, so a mailbox in use stops allocating. It has no bound of its own: credit bounds what is posted.

internal import CLinux
import Glibc
import Synchronization

/// A queue of messages from any thread to one.
public final class Mailbox<Message: Sendable>: Sendable {
    private struct Letters {
        var inbox: [Message] = []
        /// Empty, with the capacity of the batch drained last.
        var spare: [Message] = []
    }

    /// Readable while there may be letters. Watch it `.readable`, level-triggered; it lives as long as the mailbox.
    public let descriptor: Int32
    private let letters = Mutex(Letters())

    /// - Throws: EMFILE, ENFILE or ENOMEM of eventfd(2).
    public convenience init() throws(SystemError) {
        try self.init(descriptor: linux_eventfd())
    }

    init(descriptor: Int32) throws(SystemError) {
        self.descriptor = try SystemError.check(descriptor, "eventfd")
    }

    deinit {
        close(descriptor)
    }

    /// Posts a letter, from any thread.
    public func post(_ message: Message) {
        let wasEmpty = letters.withLock { letters in
            letters.inbox.append(message)
            return letters.inbox.count == 1
        }
        // The counter cannot overflow: it is written once per drain, eventfd(2).
        if wasEmpty { _ = eventfd_write(descriptor, 1) }
    }

    /// Posts all of `messages` in order, from any thread, and empties the array but keeps its capacity. One lock and at
    /// most one system call for all of them.
    public func post(contentsOf messages: inout [Message]) {
        guard !messages.isEmpty else { return }
        let wasEmpty = letters.withLock { letters in
            let wasEmpty = letters.inbox.isEmpty
            letters.inbox.append(contentsOf: messages)
            return wasEmpty
        }
        messages.removeAll(keepingCapacity: true)
        if wasEmpty { _ = eventfd_write(descriptor, 1) }
    }

    /// Passes the letters that are there to `body`, oldest first; letters posted meanwhile wait for the next call. On
    /// the owner's thread only.
    public func drain(_ body: (Message) -> Void) {
        var counter: eventfd_t = 0
        // SAFETY: `counter` is ours and lives through the call. EAGAIN (nothing was written) does no harm.
        _ = unsafe eventfd_read(descriptor, &counter)
        var batch = letters.withLock { letters in
            let batch = letters.inbox
            letters.inbox = exchange(&letters.spare, with: [])
            return batch
        }
        for message in batch { body(message) }
        batch.removeAll(keepingCapacity: true)
        letters.withLock { letters in letters.spare = batch }
    }
}
