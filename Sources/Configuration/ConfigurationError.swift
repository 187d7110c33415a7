// A configuration error: where it is, which key, what is wrong, and what to do. The reader does not stop at the first
// error; it reports all of them at once.

/// An error, or a warning about a setting that is probably not intended.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file as it was named, or `environment`, or `command line`.
    public let file: String

    /// The line in the file, from 1; 0 if there is none.
    public let line: Int

    /// The column in the file, from 1, in Unicode scalars; 0 if there is no line.
    public let column: Int

    /// The dotted key (`services.quotes.replies.idle`, `routes[2].match`), the variable (`ZMQ_GATEWAY_LISTEN`) or the
    /// flag (`--listen`); empty for the file as a whole.
    public let key: String

    /// What is wrong and what to do, without a full stop.
    public let message: String

    public init(file: String, line: Int = 0, column: Int = 0, key: String = "", message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        self.message = message
    }

    /// One line: `gateway.yaml:12:7: services.quotes.replies.idle: "300" has no unit; write 300ms or 300s`.
    public var description: String {
        let position = line > 0 ? ":\(line):\(column)" : ""
        return "\(file)\(position): \(key.isEmpty ? "" : "\(key): ")\(message)"
    }
}
