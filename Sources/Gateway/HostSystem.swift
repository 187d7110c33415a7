// The system functions that the command needs. With these it needs no C library of its own.

import Reactors

/// The process and the system around it.
public enum HostSystem {
    /// Opens /dev/null for standard descriptors that are closed. Must be the first call.
    public static func openStandardDescriptors() { StandardDescriptors.open() }

    public static var environment: [String: String] { ProcessEnvironment.variables }

    /// A file's text, or nil if it cannot be read or is not UTF-8.
    public static func text(of path: String) -> String? {
        guard let bytes = try? FileTree.contents(path) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Writes a line to standard error.
    public static func writeError(_ line: String) { Output.write(Array((line + "\n").utf8), to: 2) }
}
