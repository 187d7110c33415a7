// The way into a reactor from other threads: letters in order, and an eventfd(2) that wakes the owner. Any thread
// posts; one thread, the owner, drains. Posting writes the eventfd only when the box was empty, so a burst costs one
// system call. Two arrays swap places, so that a box in use stops allocating. There is no bound: bound what is posted
// by credit.

internal import CLinux
import Glibc
import Synchronization

/// A queue of messages from any thread to one.
public final class Mailbox<Message: Sendable>: Sendable {
    private struct Letters {
        var inbox: [Message] = []
        /// Empty, with the room of the batch drained last.
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

    /// Puts a letter in, from any thread.
    public func post(_ message: Message) {
        let wasEmpty = letters.withLock { letters in
            letters.inbox.append(message)
            return letters.inbox.count == 1
        }
        // The counter cannot overflow: it is written once per emptying. See eventfd(2).
        if wasEmpty { _ = eventfd_write(descriptor, 1) }
    }

    /// Puts all of `messages` in, in their order, from any thread, and leaves it empty with its room: one lock, and at
    /// most one system call, for all of them.
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

    /// Hands out the letters that are there, oldest first; those posted meanwhile wait for the next call. Owner's
    /// thread only.
    public func drain(_ body: (Message) -> Void) {
        var counter: eventfd_t = 0
        // SAFETY: `counter` is ours and lives through the call. EAGAIN, when nobody wrote, is as good.
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
