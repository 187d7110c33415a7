// WebSocket sessions: how many, how large, how long they may be quiet, and what becomes of those that do not read.

/// `sessions`: bounds are for the whole process, those of one session for each.
public struct SessionSettings: Sendable, Equatable {
    /// What happens to a session whose client does not take its replies.
    public enum SlowPolicy: String, Sendable, CaseIterable {
        /// Its worker is not read from (`router`), it is not read from, and it is closed when its buffer is full.
        case pause
        /// It is closed at a quarter of its buffer.
        case close
    }

    /// `max`: open sessions, 1 to 1,000,000. Above: 503. Default: 10,000.
    public var max = 10_000

    /// `max_per_address`: open sessions of one client address, 1 to 1,000,000. Above: 429. Default: 1,000.
    public var maxPerAddress = 1_000

    /// `max_message_bytes`: of a message, also after decompression, 1 B to 1 GiB. Above: close 1009. Default: 1 MiB.
    public var maxMessageBytes = 1 << 20

    /// `max_exchanges`: in flight in one multiplexed session, 1 to 100,000. Above: `too_many_exchanges`. Default: 100.
    public var maxExchanges = 100

    /// `max_buffered_bytes`: messages that the client has not taken, 1 KiB to 1 GiB. Above: it is closed.
    /// Default: 1 MiB.
    public var maxBufferedBytes = 1 << 20

    /// `slow`: `pause` or `close`. Default: `pause`.
    public var slow = SlowPolicy.pause

    /// `ping`: silence after which a ping is sent, 1 s to 1 h. Default: 30 s.
    public var ping = Duration.seconds(30)

    /// `pong`: how long the client may take to show a sign of life after that, 1 s to 1 h. Default: 15 s.
    public var pong = Duration.seconds(15)

    /// `compress`: permessage-deflate for clients that offer it. Default: on.
    public var compress = true

    /// `resume`: how long a session waits for a client that lost its connection, 0 to 1 h; 0 is never. Default: 30 s.
    public var resume = Duration.seconds(30)

    /// `resume_bytes`: messages kept until they are acknowledged, 1 KiB to 1 GiB. Default: 256 KiB.
    public var resumeBytes = 256 << 10

    /// The defaults.
    public init() {}
}
