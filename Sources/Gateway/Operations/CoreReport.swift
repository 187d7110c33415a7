// What one reactor says of itself when it is asked: the answers of all make the pages.

/// How one reactor stands: what health, metrics and the services' descriptions are made of.
struct CoreReport: Sendable {
    var metrics: MetricsSnapshot
    var states: [ServiceState]
    var isDraining: Bool
}
