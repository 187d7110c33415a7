// The whole configuration as one plain value: what the file, the environment and the flags come down to.
//
// Every key of the file is a property here, with its unit, default and bound in the docstring. The value is
// `Sendable` and never changes after the start: each reactor gets a copy. `Configuration()` is what an empty
// file means. A value that came out of `load` keeps all bounds and rules of combination; a value that code
// puts together by hand is taken as it is.

/// The version that `--version` prints, in the form of semver.org.
public let version = "0.1.0"

/// Everything that can be set. `Configuration()` is the default: one listener on loopback, no service.
public struct Configuration: Sendable, Equatable {
    /// `listen`: where clients come in, 1 to 16 addresses. Default: `127.0.0.1:8080`.
    public var listen: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 8080)]

    /// `reactors`: the number of threads that serve, 0 to 64; 0 means one per core. Default: 0.
    public var reactors = 0

    /// `public`: the folder of static files. Default: `public` in the working directory, where it exists.
    public var publicFolder = PublicFolder.folderIfPresent("public")

    /// `allowed_hosts`: names that `Host` may carry besides the listening address and loopback names; lower-case,
    /// without a port, at most 64. Default: none.
    public var allowedHosts: [String] = []

    /// `allowed_origins`: what `Origin` may be besides our own, exactly `scheme://host[:port]`; lower-case, at most 64.
    /// Default: none.
    public var allowedOrigins: [String] = []

    /// `limits`: how much of everything.
    public var limits = Limits()

    /// `timeouts`: how long a client and a shutdown may take.
    public var timeouts = Timeouts()

    /// `sessions`: WebSockets.
    public var sessions = SessionSettings()

    /// `log`: what is written to standard error.
    public var log = LogConfiguration()

    /// `zeromq`: the ZeroMQ context that all services share.
    public var zeromq = ZeroMQSettings()

    /// `services`: the named backends in the order of the file, at most 1,000, names unique. Default: none.
    public var services: [ServiceConfiguration] = []

    /// `routes`: HTTP patterns that lead to a service, in the order of the file, at most 10,000. Default: none.
    public var routes: [RouteConfiguration] = []

    /// The configuration of an empty file.
    public init() {}

    /// The service of that name, if there is one. Linear: for the start, not for a request.
    public func service(named name: String) -> ServiceConfiguration? {
        services.first { $0.name == name }
    }
}
