// A system call that failed for a reason outside of this program: out of descriptors, out of memory, no permission.
// Would-block is a value here, never an error, and our own misuse (EBADF, EFAULT, EINVAL) is a precondition.

import Glibc

/// A failed system call.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call, as its manual page names it: `epoll_create1`.
    public let operation: String
    /// The errno(3) of the call.
    public let code: Int32

    public init(operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    /// `epoll_create1: Too many open files (errno 24)`
    public var description: String { "\(operation): \(SystemError.text(of: code)) (errno \(code))" }

    /// Returns `result`, or throws errno if it is negative: the convention of section 2 of the manual.
    static func check(_ result: Int32, _ operation: String) throws(SystemError) -> Int32 {
        guard result < 0 else { return result }
        throw SystemError(operation: operation, code: errno)
    }

    private static func text(of code: Int32) -> String {
        // SAFETY: strerror returns a NUL-terminated string that lives until this thread's next call of it; it is copied
        // here.
        unsafe String(cString: strerror(code))
    }
}
