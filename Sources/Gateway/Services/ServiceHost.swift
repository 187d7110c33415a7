// What an exchange needs of the reactor that it lives on. A test has one without listeners and with a clock of its own.

import Bridge
import Reactors

/// The reactor's gateway, as exchanges see it.
protocol ServiceHost: AnyObject {
    var now: Instant { get }
    /// Timers.
    var reactor: Reactor { get }
    var metrics: Metrics { get }

    /// Takes an exchange in and gives it its ticket. - Returns: false if as many are open as may be.
    func admit(_ exchange: Exchange) -> Bool
    /// An exchange is over: its ticket is stale from now on.
    func closed(_ exchange: Exchange)
    /// Reads what has arrived for a service, before a clock is looked at.
    func drainNow(_ service: any Service)
}
