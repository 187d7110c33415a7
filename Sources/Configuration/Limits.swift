// How much of everything a gateway takes before it says no. `maxMemory` is the bound on memory as a whole: without it,
// `maxExchanges` x `maxBufferedBytes` would be 80 GiB by default, if every client stalled on a full buffer.

/// `limits`: bounds of the web side. All of them are for the whole process; those of connections, and those of one
/// address, are divided among the reactors.
public struct Limits: Sendable, Equatable {
    /// `max_body_bytes`: a request's body, 1 B to 1 GiB. Above: 413. Default: 1 MiB.
    public var maxBodyBytes = 1 << 20

    /// `max_header_bytes`: request line and header fields together, 1 KiB to 48 KiB. Above: 431 or 414. Default: 8 KiB.
    public var maxHeaderBytes = 8 << 10

    /// `max_connections`: open client connections, 1 to 1,000,000. Default: 10,000.
    public var maxConnections = 10_000

    /// `max_connections_per_address`: open connections of one client address, 1 to 1,000,000. Default: 1,000.
    public var maxConnectionsPerAddress = 1_000

    /// `max_peers`: ZeroMQ connections to one port that the gateway binds (`bind`, `clients`), 1 to 1,000,000; all
    /// ports together have a quarter of the descriptors. Above: the one that has been silent longest is closed, else
    /// the new one. Default: 10,000.
    public var maxPeers = 10_000

    /// `max_exchanges`: exchanges in flight, 1 to 1,000,000. Above: 503. Requests of native clients that workers have
    /// are among them, half of it at most (`NativeShare.swift`). Default: 10,000.
    public var maxExchanges = 10_000

    /// `max_exchanges_per_address`: exchanges in flight of one client address, 1 to 1,000,000. Above: 429.
    /// Default: 1,000.
    public var maxExchangesPerAddress = 1_000

    /// `max_buffered_bytes`: replies of one exchange that its client has not taken yet, 1 KiB to 1 GiB. Above: the
    /// exchange ends with `slow_client`. Default: 8 MiB.
    public var maxBufferedBytes = 8 << 20

    /// `max_memory`: bytes that the process holds for its clients, 16 MiB to 1 TiB: bodies and messages that are
    /// arriving, replies that were not taken, resumable messages, queued requests. Above: the largest holder lets go.
    /// One client (an address) may hold a quarter of it, divided among the reactors, but on each of them twice
    /// `maxBufferedBytes`, if that is not more than a quarter. Default: 512 MiB.
    public var maxMemory = 512 << 20

    /// The defaults.
    public init() {}
}
