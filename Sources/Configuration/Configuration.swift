// The whole configuration as one plain value: the result of the file, the environment and the flags.
//
// Every key of the file is a property here, with its unit, default and bounds in the docstring. The value is `Sendable`
// and does not change after startup: each reactor gets a copy. `Configuration()` is what an empty file means. A value
// from `load` respects all bounds and rules of combination; a value that code assembles is not checked.

/// The version that `--version` prints (semver.org).
public let version = "0.1.0"

/// All settings. `Configuration()` is the default: one listener on loopback, no service.
public struct Configuration: Sendable, Equatable {
    /// `listen`: the addresses to listen on, 1 to 16. Default: `127.0.0.1:8080`.
    public var listen: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 8080)]

    /// `reactors`: the number of serving threads, 0 to 64; 0 means one per core. Default: 0.
    public var reactors = 0

    /// `public`: the folder of static files. Default: `public` in the working directory, if it exists.
    public var publicFolder = PublicFolder.folderIfPresent("public")

    /// `allowed_hosts`: names allowed in `Host` besides the listening address and loopback names; lower-case, without a
    /// port, at most 64. Default: none.
    public var allowedHosts: [String] = []

    /// `allowed_origins`: values allowed in `Origin` besides our own, exactly `scheme://host[:port]`; lower-case, at
    /// most 64. Default: none.
    public var allowedOrigins: [String] = []

    /// `limits`: the limits of the web side.
    public var limits = Limits()

    /// `timeouts`: how long a client and a shutdown may take.
    public var timeouts = Timeouts()

    /// `sessions`: WebSocket sessions.
    public var sessions = SessionSettings()

    /// `log`: the log on standard error.
    public var log = LogConfiguration()

    /// `zeromq`: the ZeroMQ context that all services share.
    public var zeromq = ZeroMQSettings()

    /// `services`: the named backends in file order, at most 1,000, names unique. Default: none.
    public var services: [ServiceConfiguration] = []

    /// `routes`: HTTP patterns that lead to a service, in file order, at most 10,000. Default: none.
    public var routes: [RouteConfiguration] = []

    /// The configuration of an empty file.
    public init() {}

    /// The service with that name; nil if there is none. Linear: for startup, not for requests.
    public func service(named name: String) -> ServiceConfiguration? {
        services.first { $0.name == name }
    }
}
