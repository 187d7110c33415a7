// System calls of this room: is a path a folder, and what does it resolve to. Plain libc, at startup only. Only this
// file and the YAML parser use a pointer here.

internal import Glibc

/// Queries the file system.
enum System {
    /// Whether the path is a folder (or a link to one) that can be opened.
    static func isFolder(_ path: String) -> Bool {
        // SAFETY: the path is NUL-terminated for the call, and without O_CREAT open(2) reads no further argument.
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// The path without links and dots, realpath(3); nil if it does not exist.
    static func resolved(_ path: String) -> String? {
        // SAFETY: the path is NUL-terminated for the call; the result is a string of ours, freed here.
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
