// The report of one reactor about itself.

/// The state of one reactor. Health, metrics and the services' descriptions combine the reports of all reactors.
struct CoreReport: Sendable {
    var metrics: MetricsSnapshot
    var states: [ServiceState]
    var isDraining: Bool
}
