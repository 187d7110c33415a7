// What configuration asks of the system: is this a folder, what does this file say, what is in the environment.
// Plain libc, at the start only. No other file of this room but the YAML parser touches a pointer.

internal import Glibc

/// Questions to the system.
enum System {
    /// Whether the path names a folder (or a link to one) that can be opened.
    static func isFolder(_ path: String) -> Bool {
        // SAFETY: the path is NUL-terminated for the call, and without O_CREAT no further argument is read (open(2)).
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// The path without links and dots, realpath(3); nil if nothing is there.
    static func resolved(_ path: String) -> String? {
        // SAFETY: the path is NUL-terminated for the call; what comes back is a string of ours, freed here.
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
