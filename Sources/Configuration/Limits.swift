// The limits of the web side. `maxMemory` limits memory as a whole: without it, the default `maxExchanges` x
// `maxBufferedBytes` would be 80 GiB if every client stalled on a full buffer.

/// `limits`: limits for the whole process. Limits on connections and those per address are divided among the reactors.
public struct Limits: Sendable, Equatable {
    /// `max_body_bytes`: a request's body, 1 B to 1 GiB. More: 413. Default: 1 MiB.
    public var maxBodyBytes = 1 << 20

    /// `max_header_bytes`: request line and header fields together, 1 KiB to 48 KiB. More: 431 or 414. Default: 8 KiB.
    public var maxHeaderBytes = 8 << 10

    /// `max_connections`: open client connections, 1 to 1,000,000. Default: 10,000.
    public var maxConnections = 10_000

    /// `max_connections_per_address`: open connections per client address, 1 to 1,000,000. Default: 1,000.
    public var maxConnectionsPerAddress = 1_000

    /// `max_peers`: ZeroMQ connections to each port that the gateway binds (`bind`, `clients`), 1 to 1,000,000; all
    /// ports together get a quarter of the descriptors. More: the connection that has been silent longest is closed, or
    /// else the new one. Default: 10,000.
    public var maxPeers = 10_000

    /// `max_exchanges`: exchanges in flight, 1 to 1,000,000. More: 503. Requests of native clients that workers have
    /// count too, up to half of it (`NativeShare.swift`). Default: 10,000.
    public var maxExchanges = 10_000

    /// `max_exchanges_per_address`: exchanges in flight per client address, 1 to 1,000,000. More: 429. Default: 1,000.
    public var maxExchangesPerAddress = 1_000

    /// `max_buffered_bytes`: unsent replies of one exchange, 1 KiB to 1 GiB. More: the exchange ends with
    /// `slow_client`. Default: 8 MiB.
    public var maxBufferedBytes = 8 << 20

    /// `max_memory`: memory held for clients in the whole process, 16 MiB to 1 TiB: bodies and messages that are
    /// arriving, unsent replies, resumable messages, queued requests. More: the largest holder is dropped. One client
    /// (an address) may hold a quarter of it. That quarter is divided among the reactors, but is at least twice
    /// `maxBufferedBytes` on each, if that is not more than a quarter. Default: 512 MiB.
    public var maxMemory = 512 << 20

    /// The defaults.
    public init() {}
}
