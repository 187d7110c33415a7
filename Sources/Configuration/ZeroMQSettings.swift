// The one ZeroMQ context of the process (zmq_ctx_set(3)).

/// `zeromq`: options of the context that all services share.
public struct ZeroMQSettings: Sendable, Equatable {
    /// `io_threads`: ZMQ_IO_THREADS, 1 to 16; one moves about 1 GB/s. Default: 1.
    public var ioThreads = 1

    /// `max_sockets`: ZMQ_MAX_SOCKETS, 16 to 65,535. Default: 65,535.
    public var maxSockets = 65_535

    /// The defaults.
    public init() {}
}
