// What is written to standard error, and how.

/// `log`: level, format and the access log.
public struct LogConfiguration: Sendable, Equatable {
    /// The levels of swift-log, least important first.
    public enum Level: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// How a line is written: `text` for a person, `json` (one object a line) for a collector.
    public enum Format: String, Sendable, CaseIterable {
        case text, json
    }

    /// `level`: the least important level that is written. Default: `info`.
    public var level = Level.info

    /// `format`: Default: `text`.
    public var format = Format.text

    /// `access`: a line for each request, and for each session once it is over, on or off. Default: on.
    public var access = true

    /// The defaults.
    public init() {}
}
