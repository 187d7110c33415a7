// A broker's record of a connection that a worker uses. It outlives the worker on it: RFC 7 gives a connection one
// name, and what arrives after a DISCONNECT was mostly sent before it.
//
//     unknown --READY--> seated --broke the protocol, fell silent, said goodbye--> dismissed --READY--> seated
//                                                                                      |  repeatedly: later
//     any state -- connection lost --> gone                                            +--READY--> waits --> seated
//
// A worker gets one DISCONNECT for everything that it sends until its next READY. With one for each message it would
// restart as often, the last times with a request in hand; each of these would be lost, and cause the next DISCONNECT.

package import Bridge
package import ZeroMQ

/// One connection of a worker.
package final class MajordomoConnection {
    /// The most intervals by which protocol violations delay its next work.
    private static let mostPauses = 8

    /// Its identity.
    package let peer: [UInt8]
    package let connection: Int32?
    /// Distinguishes this connection from a later one with the same number. `anchor` is a frame that keeps it in use.
    package let origin: UInt
    package let anchor: FrameBox
    /// The version of the protocol that the peer uses.
    package var version: MajordomoVersion
    /// The only name that it may offer.
    package var name: [UInt8]?
    package private(set) var pool: Pool?
    package private(set) var worker: Worker?
    /// It was sent a DISCONNECT and has not sent READY since.
    var wasToldToGo = false
    /// When it gets work again; nil if it is not waiting for that.
    var returnsAt: Instant?
    /// Requests that were taken away from it. Its replies to them may still arrive.
    private(set) var owed = 0
    /// How often it broke the protocol or gave up work, and when it last did.
    private var offences = 0
    private var offendedAt = Instant(nanoseconds: 0)

    init(_ message: inout Message, _ version: MajordomoVersion) {
        peer = [UInt8](copying: message.bytes(0))
        connection = message.sourceDescriptor
        origin = message.origin
        anchor = message.anchor()
        self.version = version
    }

    /// Gives the connection a worker, which gets work from now on.
    func sit(_ pool: Pool, _ worker: Worker) {
        self.pool = pool
        self.worker = worker
        returnsAt = nil
    }

    /// The worker is gone; the connection may still exist.
    func rise() {
        owed += worker?.requests.count ?? 0
        worker = nil
    }

    /// The peer broke the protocol, or gave up what it had in hand.
    func offend(at now: Instant) {
        offences += 1
        offendedAt = now
    }

    /// When it may get work again: at once after a first offence, and later each time if it offends repeatedly.
    func mayReturn(pausing interval: Nanoseconds) -> Instant {
        offendedAt + interval * UInt64(min(max(0, offences - 1), Self.mostPauses))
    }

    /// A reply to a request that was taken away. - Returns: false if it never had the request.
    func repays(isLast: Bool) -> Bool {
        guard owed > 0 else { return false }
        owed -= isLast ? 1 : 0
        return true
    }
}
