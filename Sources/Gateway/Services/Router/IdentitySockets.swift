// The DEALERs of one router service on one reactor, by what they are at present.
//
//     open(slot) --> [in use under a slot] --retire--> [closed, until the turn's work is done] --> [without a name] --+
//        ^                                                                                                          |
//        +----------------------------------------------------------------------------------------------------------+
//
// A socket is made only when none without a name is left: making and closing one costs 80 to 120 microseconds of the
// reactor and of libzmq's threads, connecting anew a quarter of that.

import Bridge
import ZeroMQ

/// Owns the sockets; the pool says which slots are wanted.
final class IdentitySockets {
    private let host: any ServiceHost
    private var open: [RouterIdentity?] = []
    /// Closed in this turn; they may be in use further up the stack.
    private var closed: [RouterIdentity] = []
    private var unnamed: [RouterIdentity] = []
    private var leastUnnamed = 0

    /// How many replies each of them keeps unread.
    private(set) var unread: UnreadMark

    init(_ host: any ServiceHost, _ plan: ServicePlan) {
        self.host = host
        unread = UnreadMark(configured: plan.configuration.socket.receiveHighWaterMark)
    }

    /// The identity that is open under `slot`.
    subscript(slot: Int) -> RouterIdentity? { open.indices.contains(slot) ? open[slot] : nil }

    /// Slots that an identity may be open under.
    var slots: Range<Int> { open.indices }

    /// Whether the next `open` needs no new socket.
    var hasUnnamed: Bool { !unnamed.isEmpty }

    /// Connects an identity to the endpoint under a name that no other had.
    /// - Throws: EMFILE when descriptors or sockets run out.
    func open(_ slot: Int, _ endpoint: Int, for service: RouterService) throws(ZMQError) -> RouterIdentity {
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

    /// The slot is free; what was open there is disconnected by `disconnectClosed`.
    func retire(_ slot: Int, lingering: Bool) {
        guard let identity = self[slot] else { return }
        open[slot] = nil
        identity.close(lingering: lingering)
        closed.append(identity)
    }

    /// Takes their names from those that were retired. - Returns: how many replies had come for them meanwhile.
    func disconnectClosed() -> Int {
        guard !closed.isEmpty else { return 0 }
        var late = 0
        for identity in closed { late += identity.disconnect() }
        unnamed += closed
        closed.removeAll(keepingCapacity: true)
        return late
    }

    /// A reply of so many bytes came; if it is the largest of late, identities keep fewer such unread.
    @inline(__always)
    func noteReply(_ bytes: Int) { if unread.saw(bytes) { settleMarks() } }

    /// From time to time: the mark may rise again.
    func lookAtMark() { if unread.look() { settleMarks() } }

    private func settleMarks() { for identity in open { identity?.settleMark() } }

    /// Closes half of the sockets that had no name all the time since the last call, until `kept` are left.
    func trim(keeping kept: Int) {
        let unused = leastUnnamed - kept
        if unused > 0 {
            for identity in unnamed.suffix((unused + 1) / 2) { discard(identity) }
            unnamed.removeLast((unused + 1) / 2)
        }
        leastUnnamed = unnamed.count
    }

    /// Closes all of them.
    func stop() {
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
