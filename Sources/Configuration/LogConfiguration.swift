// The log on standard error: how much, and in which format.

/// `log`: level, format and the access log.
public struct LogConfiguration: Sendable, Equatable {
    /// The levels of swift-log, least important first.
    public enum Level: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// The format of a line: `text` for people, `json` (one object per line) for collectors.
    public enum Format: String, Sendable, CaseIterable {
        case text, json
    }

    /// `level`: the lowest level that is logged. Default: `info`.
    public var level = Level.info

    /// `format`: text or json. Default: `text`.
    public var format = Format.text

    /// `access`: log a line for each request, and for each session when it ends. Default: on.
    public var access = true

    /// The defaults.
    public init() {}
}
