// A subscriber socket with one endpoint, and whether there is a publisher at the other end.
//
// It is an XSUB, on which subscribing means sending, so it needs no further functions, and messages are not matched
// against all topics twice, by libzmq and by us. It has no send high water mark, because libzmq silently drops
// subscriptions beyond that (xsub.cpp); `max_topics` bounds them. After a loss libzmq reconnects and resubscribes.

import Contract
package import ZeroMQ

/// The role of a socket whose peers are publishers.
package typealias MonitoredSubscriber = MonitoredSocket<XSub>

extension XSub: MonitoredRole {
    package static var peerNoun: String { "publisher" }
    package static var mismatch: String { "the peer's socket is not a PUB or XPUB" }
    package static var eachPeerClearsTrouble: Bool { true }
    /// Subscriptions can always be sent, which does not show that there is a publisher.
    package static func isUp(_ socket: borrowing SubscriberSocket) -> Bool { false }
}

extension MonitoredSubscriber {
    /// - Parameter binds: listens at the endpoint instead of connecting to it.
    convenience init(_ host: any ServiceHost, _ plan: ServicePlan, _ endpoint: String, binds: Bool) throws(ZMQError) {
        var options = SocketOptions(plan.configuration.socket)
        options.immediate = false
        options.sendHighWaterMark = 0
        try self.init(host, plan, endpoint, binds: binds, options)
    }

    package func subscribe(_ topic: [UInt8]) { send(1, topic) }
    package func unsubscribe(_ topic: [UInt8]) { send(0, topic) }

    private func send(_ verb: UInt8, _ topic: [UInt8]) {
        var frame = Frame(copying: ([verb] + topic).span)
        _ = socket.send(&frame)
    }
}
