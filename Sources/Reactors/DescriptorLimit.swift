// How many descriptors the process may hold. Each HTTP connection takes one and each ZeroMQ socket two or more, and the
// usual soft limit of 1,024 is there for select(2), which nothing here uses.

internal import CLinux
import Glibc

public enum DescriptorLimit {
    /// Raises the soft limit RLIMIT_NOFILE to the hard one (getrlimit(2)) and returns the limit now in force.
    public static func raiseToHard() -> Int {
        Int(clamping: linux_raise_descriptor_limit())
    }

    /// How many descriptors the process has open (`/proc/self/fd`, proc(5)); nil where that cannot be read.
    public static func inUse() -> Int? {
        // SAFETY: the stream is opened and closed here; without a stream nothing is read.
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { _ = unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // Less `.`, `..` and the folder itself.
        return count - 3
    }
}
