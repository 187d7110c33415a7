// Errors when a listener is set up: an address that cannot be bound, a library that does not start.
//
// Once it listens, nothing is thrown. A client's error is a rejection (Rejection.swift), a client that leaves is an end
// (RequestEnd), and our own bug is a precondition.

/// A listener could not be set up.
public struct HTTPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was attempted, in words: `listen on 127.0.0.1:8080`.
    public let operation: String
    /// errno(3); 0 if there is none.
    public let code: Int32
    /// What is wrong and, if known, what to do.
    public let message: String

    public init(operation: String, code: Int32, message: String) {
        self.operation = operation
        self.code = code
        self.message = message
    }

    public var description: String { "cannot \(operation): \(message)" }
}
