// The C library keeps what was freed for the next time; after a busy hour that may be a hundred megabytes.

internal import CLinux

public enum Memory {
    /// Gives freed memory back to the system, malloc_trim(3). Some milliseconds for a hundred megabytes: for quiet
    /// times.
    public static func returnUnused() { _ = linux_trim_memory() }
}
