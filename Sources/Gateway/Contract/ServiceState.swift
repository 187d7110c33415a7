// How services stand, for those who look: pages, metrics, the console.

/// How a service stands on one reactor; summed up over the reactors for the web.
struct ServiceState: Sendable {
    /// The reactor has sockets of its own for the service; where not, another one speaks for it.
    var isHere = true
    /// A request sent now would find a worker.
    var isReady = false
    /// Connected peers (for `router`: endpoints) as far as the topology tells.
    var workers = 0
    /// Identities by state; zero for services that share a socket.
    var identitiesReady = 0
    var identitiesLeased = 0
    /// Native clients that are remembered.
    var natives = 0
    /// Exchanges that wait for an identity, or for a ready worker.
    var waiting = 0
    /// What is wrong with the connection, as a sentence; nil if nothing is known.
    var trouble: String?
    /// Workers that say when they are ready; one pool for each service they offer.
    var pools: [PoolState] = []
}
