// The DEALERs of one router service on one reactor, by their present state.
//
//     open(slot) --> [in use under a slot] --retire--> [closed, until the turn's work is done] --> [without a name] --+
//        ^                                                                                                          |
//        +----------------------------------------------------------------------------------------------------------+
//
// A socket is made only if no unnamed one is left: making and closing one takes 80 to 120 microseconds of the reactor
// and of libzmq's threads, connecting it anew a quarter of that.

import Bridge
import Contract
package import ZeroMQ

/// Owns the sockets. The pool decides which slots are open.
package final class IdentitySockets {
    private let host: any ServiceHost
    private var open: [RouterIdentity?] = []
    /// Closed in this turn. They may be in use further up the stack.
    private var closed: [RouterIdentity] = []
    private var unnamed: [RouterIdentity] = []
    private var leastUnnamed = 0

    /// How many replies each socket may keep unread.
    private(set) var unread: UnreadMark

    init(_ host: any ServiceHost, _ plan: ServicePlan) {
        self.host = host
        unread = UnreadMark(configured: plan.configuration.socket.receiveHighWaterMark)
    }

    /// The identity that is open under `slot`, or nil.
    subscript(slot: Int) -> RouterIdentity? { open.indices.contains(slot) ? open[slot] : nil }

    /// The slots that may have an open identity.
    package var slots: Range<Int> { open.indices }

    /// Whether the next `open` needs no new socket.
    var hasUnnamed: Bool { !unnamed.isEmpty }

    /// Connects an identity to the endpoint, under a name that was never used before.
    /// - Throws: EMFILE when descriptors or sockets run out.
    package func open(_ slot: Int, _ endpoint: Int, for service: RouterService) throws(ZMQError) -> RouterIdentity {
        let identity = if let one = unnamed.popLast() { one } else { try RouterIdentity(host, service) }
        leastUnnamed = min(leastUnnamed, unnamed.count)
        do {
            let prefix = service.plan.configuration.identities.prefix
            try identity.connect(slot: slot, endpoint: endpoint, name: host.mintIdentity(prefix: prefix))
        } catch {
            discard(identity)
            throw error
        }
        while open.count <= slot { open.append(nil) }
        open[slot] = identity
        return identity
    }

    /// Frees the slot. `disconnectClosed` disconnects its socket later.
    package func retire(_ slot: Int, lingering: Bool) {
        guard let identity = self[slot] else { return }
        open[slot] = nil
        identity.close(lingering: lingering)
        closed.append(identity)
    }

    /// Disconnects retired sockets, which lose their names. - Returns: how many replies had arrived for them.
    func disconnectClosed() -> Int {
        guard !closed.isEmpty else { return 0 }
        var late = 0
        for identity in closed { late += identity.disconnect() }
        unnamed += closed
        closed.removeAll(keepingCapacity: true)
        return late
    }

    /// Notes the size of a reply. If it is the largest recent one, identities may keep fewer unread.
    @inline(__always)
    func noteReply(_ bytes: Int) { if unread.saw(bytes) { settleMarks() } }

    /// Called periodically: the mark may rise again.
    func lookAtMark() { if unread.look() { settleMarks() } }

    private func settleMarks() { for identity in open { identity?.settleMark() } }

    /// Closes half of the sockets that were unnamed all the time since the last call, down to `kept`.
    package func trim(keeping kept: Int) {
        let unused = leastUnnamed - kept
        if unused > 0 {
            for identity in unnamed.suffix((unused + 1) / 2) { discard(identity) }
            unnamed.removeLast((unused + 1) / 2)
        }
        leastUnnamed = unnamed.count
    }

    /// Closes all sockets.
    package func stop() {
        for slot in open.indices { retire(slot, lingering: true) }
        _ = disconnectClosed()
        for identity in unnamed { discard(identity) }
        unnamed = []
    }

    private func discard(_ identity: RouterIdentity) {
        identity.stop(host)
        host.closeLater(identity)
    }
}
