// The limit of open descriptors. Each HTTP connection takes one and each ZeroMQ socket two or more; the usual soft
// limit of 1,024 exists for select(2), which the gateway does not use.

internal import CLinux
import Glibc

public enum DescriptorLimit {
    /// Raises the soft limit RLIMIT_NOFILE to the hard one, getrlimit(2).
    /// - Returns: the limit now in effect.
    public static func raiseToHard() -> Int {
        Int(clamping: linux_raise_descriptor_limit())
    }

    /// The number of open descriptors (`/proc/self/fd`, proc(5)); nil if that cannot be read.
    public static func inUse() -> Int? {
        // SAFETY: the stream is opened and closed here; without a stream nothing is read.
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { _ = unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the folder itself.
        return count - 3
    }
}
