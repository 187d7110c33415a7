// The state of a service as pages, metrics and the console show it.

/// The state of a service on one reactor. Pages and metrics show the sum over all reactors.
package struct ServiceState: Sendable {
    /// This reactor has its own sockets for the service; if not, another reactor reports for it.
    package var isHere = true
    /// A request sent now would find a worker.
    package var isReady = false
    /// Connected peers, as far as the topology shows them; for `router`, connected endpoints.
    package var workers = 0
    /// Identities by state; zero for services that share a socket.
    package var identitiesReady = 0
    package var identitiesLeased = 0
    /// Native clients that the gateway remembers.
    package var natives = 0
    /// Exchanges that wait for an identity or for a ready worker.
    package var waiting = 0
    /// What is wrong with the connection, as a sentence; nil if no trouble is known.
    package var trouble: String?
    /// The pools of workers that announce when they are ready: one for each service that they offer.
    package var pools: [PoolState] = []

    package init(
        isHere: Bool = true, isReady: Bool = false, workers: Int = 0, identitiesReady: Int = 0,
        identitiesLeased: Int = 0, natives: Int = 0, waiting: Int = 0, trouble: String? = nil, pools: [PoolState] = []
    ) {
        self.isHere = isHere
        self.isReady = isReady
        self.workers = workers
        self.identitiesReady = identitiesReady
        self.identitiesLeased = identitiesLeased
        self.natives = natives
        self.waiting = waiting
        self.trouble = trouble
        self.pools = pools
    }
}
