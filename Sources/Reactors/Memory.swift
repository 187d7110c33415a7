// The allocator keeps what was freed for the next time; after a busy hour that may be a hundred megabytes.

internal import CMimalloc

public enum Memory {
    /// Lets pages that become empty go back to the system at once; before the threads begin. Under a steady load none
    /// do: it costs no system call then.
    public static func returnEmptyPages() { mimalloc_return_at_once() }

    /// Gives memory that this thread has freed back to the system, mi_collect. Some milliseconds for a hundred
    /// megabytes: for quiet times.
    public static func returnUnused() { mi_collect(true) }
}
