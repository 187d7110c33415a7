// How many descriptors the process may hold. Each HTTP connection takes one and each ZeroMQ socket two or more, and the
// usual soft limit of 1,024 is there for select(2), which nothing here uses.

internal import CLinux

public enum DescriptorLimit {
    /// Raises the soft limit RLIMIT_NOFILE to the hard one (getrlimit(2)) and returns the limit now in force.
    public static func raiseToHard() -> Int {
        Int(clamping: linux_raise_descriptor_limit())
    }
}
