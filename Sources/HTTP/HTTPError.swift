// What goes wrong when a listener is made: an address that cannot be had, a library that does not start.
//
// Nothing is thrown once it listens. A client's mistake is a rejection (Rejection.swift), a client that leaves is an
// end (RequestEnd), and a mistake of ours is a precondition.

/// A listener could not be set up.
public struct HTTPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried, as a person would say it: `listen on 127.0.0.1:8080`.
    public let operation: String
    /// errno(3), or 0 where there is none.
    public let code: Int32
    /// What is wrong, and where it can be said, what to do.
    public let message: String

    public init(operation: String, code: Int32, message: String) {
        self.operation = operation
        self.code = code
        self.message = message
    }

    public var description: String { "cannot \(operation): \(message)" }
}
