// How long a client may take, and how long a shutdown waits. The time limits of *workers* are in `ReplyRules`.

/// `timeouts`: time limits of the web side.
public struct Timeouts: Sendable, Equatable {
    /// `header`: from the first byte of a request to the end of its header, 100 ms to 1 h. Longer: 408. Default: 10 s.
    public var header = Duration.seconds(10)

    /// `body`: from the end of the header to the end of the body, 100 ms to 1 h. Longer: 408. Default: 30 s.
    public var body = Duration.seconds(30)

    /// `idle`: a keep-alive connection without a request, 100 ms to 1 h. Default: 60 s.
    public var idle = Duration.seconds(60)

    /// `drain`: how long SIGTERM lets exchanges finish, 0 to 1 h; 0 ends them at once. Default: 8 s, below the 10 s
    /// after which Docker kills the process.
    public var drain = Duration.seconds(8)

    /// The defaults.
    public init() {}
}
