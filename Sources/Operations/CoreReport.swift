// The report of one reactor about itself.

package import Contract

/// The state of one reactor. Health, metrics and the services' descriptions combine the reports of all reactors.
package struct CoreReport: Sendable {
    package var metrics: MetricsSnapshot
    package var states: [ServiceState]
    package var isDraining: Bool

    package init(metrics: MetricsSnapshot, states: [ServiceState], isDraining: Bool) {
        self.metrics = metrics
        self.states = states
        self.isDraining = isDraining
    }
}
