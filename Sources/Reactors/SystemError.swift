// A system call that failed for a reason outside this program.

import Glibc

/// The call and its errno. Would-block is never one of these: it is a value where it can occur.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    /// errno(3).
    public let code: Int32

    public init(_ operation: String, _ code: Int32) {
        self.operation = operation
        self.code = code
    }

    /// The call that failed just now: its code is errno.
    public init(_ operation: String) { self.init(operation, errno) }

    public var description: String {
        // SAFETY: strerror(3) returns a NUL-terminated text that is valid until the next call in this thread; it is
        // copied.
        unsafe "\(operation): \(String(cString: strerror(code)))"
    }
}
