// A DEALER with one endpoint, and whether there is a peer at the other end.
//
// ZMQ_IMMEDIATE is off on every DEALER of ours that connects. With it libzmq 4.3 drops unread replies when a connection
// is lost; if that happens between two frames of a message, it aborts the process (`!_more`, fq.cpp). Without it a send
// succeeds even if there is no peer. Therefore the monitor determines whether there is one, and what was sent during an
// outage is dropped by connecting anew.

import Contract
package import ZeroMQ

/// The role of a socket whose peers are workers or routers.
package typealias MonitoredDealer = MonitoredSocket<Dealer>

extension Dealer: MonitoredRole {
    package static var peerNoun: String { "worker" }
    package static var mismatch: String { "the peer's socket type does not accept a DEALER" }
    package static var eachPeerClearsTrouble: Bool { false }
    package static func isUp(_ socket: borrowing DealerSocket) -> Bool { socket.events.contains(.writable) }
}

extension MonitoredDealer {
    /// - Parameter binds: listens at the endpoint instead of connecting to it.
    convenience init(
        _ host: any ServiceHost, _ plan: ServicePlan, _ endpoint: String, binds: Bool = false, identity: [UInt8]? = nil
    ) throws(ZMQError) {
        var options = SocketOptions(plan.configuration.socket)
        if !binds { options.immediate = false }
        if plan.configuration.socket.sendHighWaterMark == nil {
            // Room for everything that one client may send: libzmq learns of departed messages in steps of half a mark.
            options.sendHighWaterMark = 2 * host.limits.maxExchangesPerAddress
        }
        options.identity = identity
        try self.init(host, plan, endpoint, binds: binds, options)
    }
}
