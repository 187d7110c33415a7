// The environment variables of the process (environ(7)).

import Glibc

public enum ProcessEnvironment {
    /// All variables by name.
    public static var variables: [String: String] {
        var result: [String: String] = [:]
        // SAFETY: an array of NUL-terminated strings that ends with a null pointer; nothing in this process changes it.
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let parts = unsafe String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
            unsafe entry += 1
        }
        return result
    }
}
