// Returning memory to the system. mimalloc keeps freed memory, up to a hundred megabytes after a busy hour.

internal import CMimalloc

public enum Memory {
    /// Returns pages to the system as soon as they are empty. Call it before any thread starts. Under a steady load no
    /// page becomes empty, so it costs no system call.
    public static func returnEmptyPages() { mimalloc_return_at_once() }

    /// Returns memory that this thread has freed to the system, mi_collect. Takes some milliseconds per hundred
    /// megabytes: call it when idle.
    public static func returnUnused() { mi_collect(true) }
}
