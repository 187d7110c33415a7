// WebSocket sessions: their number and size, how long they may be silent, and how clients that do not read are treated.

/// `sessions`: limits for the whole process, and limits per session.
public struct SessionSettings: Sendable, Equatable {
    /// The treatment of a session whose client does not take its replies.
    public enum SlowPolicy: String, Sendable, CaseIterable {
        /// Stop reading from its worker (`router`) and from the client; close it when its buffer is full.
        case pause
        /// Close it at a quarter of its buffer.
        case close
    }

    /// `max`: open sessions, 1 to 1,000,000. More: 503. Default: 10,000.
    public var max = 10_000

    /// `max_per_address`: open sessions per client address, 1 to 1,000,000. More: 429. Default: 1,000.
    public var maxPerAddress = 1_000

    /// `max_message_bytes`: a message, also after decompression, 1 B to 1 GiB. More: close 1009. Default: 1 MiB.
    public var maxMessageBytes = 1 << 20

    /// `max_exchanges`: exchanges in flight per session, 1 to 100,000. More: `too_many_exchanges`. Default: 100.
    public var maxExchanges = 100

    /// `max_buffered_bytes`: unsent messages of a session, 1 KiB to 1 GiB. More: it is closed. Default: 1 MiB.
    public var maxBufferedBytes = 1 << 20

    /// `slow`: `pause` or `close`. Default: `pause`.
    public var slow = SlowPolicy.pause

    /// `ping`: silence after which a ping is sent, 1 s to 1 h. Default: 30 s.
    public var ping = Duration.seconds(30)

    /// `pong`: how long the client may then take to respond, 1 s to 1 h. Default: 15 s.
    public var pong = Duration.seconds(15)

    /// `compress`: permessage-deflate for clients that offer it. Default: on.
    public var compress = true

    /// `resume`: how long a session waits for a client that lost its connection, 0 to 1 h; 0 for never. Default: 30 s.
    public var resume = Duration.seconds(30)

    /// `resume_bytes`: sent messages kept until they are acknowledged, 1 KiB to 1 GiB. Default: 256 KiB.
    public var resumeBytes = 256 << 10

    /// The defaults.
    public init() {}
}
