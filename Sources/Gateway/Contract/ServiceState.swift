// The state of a service as pages, metrics and the console show it.

/// The state of a service on one reactor. Pages and metrics show the sum over all reactors.
struct ServiceState: Sendable {
    /// This reactor has its own sockets for the service; if not, another reactor reports for it.
    var isHere = true
    /// A request sent now would find a worker.
    var isReady = false
    /// Connected peers, as far as the topology shows them; for `router`, connected endpoints.
    var workers = 0
    /// Identities by state; zero for services that share a socket.
    var identitiesReady = 0
    var identitiesLeased = 0
    /// Native clients that the gateway remembers.
    var natives = 0
    /// Exchanges that wait for an identity or for a ready worker.
    var waiting = 0
    /// What is wrong with the connection, as a sentence; nil if no trouble is known.
    var trouble: String?
    /// The pools of workers that announce when they are ready: one for each service that they offer.
    var pools: [PoolState] = []
}
