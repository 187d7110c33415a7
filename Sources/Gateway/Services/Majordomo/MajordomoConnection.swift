// What a broker knows of one connection by which a worker spoke. It outlives the worker that it seats: RFC 7 gives a
// connection one name, and what comes after a DISCONNECT was mostly sent before it.
//
//     unknown --READY--> seated --broke the protocol, fell silent, said goodbye--> dismissed --READY--> seated
//                                                                                      |  again and again: later
//     any state -- connection lost --> gone                                            +--READY--> waits --> seated
//
// A worker hears one DISCONNECT for all that it says until it says READY. With one for each message it would begin anew
// as often, the last times with a request in hand; each of these would be lost, and be the next to be told off for.

import Bridge
import ZeroMQ

/// One connection of a worker.
final class MajordomoConnection {
    /// Breaks of the protocol that make it wait longer.
    private static let mostPauses = 8

    /// Its identity.
    let peer: [UInt8]
    let connection: Int32?
    /// What tells this connection from a later one of the same number, and a frame that keeps it from being used again.
    let origin: UInt
    let anchor: FrameBox
    /// How it spells the protocol.
    var version: MajordomoVersion
    /// The one name that it may offer.
    var name: [UInt8]?
    private(set) var pool: Pool?
    private(set) var worker: Worker?
    /// It was told to go and has not said READY since.
    var wasToldToGo = false
    /// When it gets work again; nil where it does not wait for that.
    var returnsAt: Instant?
    /// Requests that were taken from it: its answers to them may still come.
    private(set) var owed = 0
    /// How often it broke the protocol or gave work up, and when for the last time.
    private var offences = 0
    private var offendedAt = Instant(nanoseconds: 0)

    init(_ message: inout Message, _ version: MajordomoVersion) {
        peer = [UInt8](copying: message.bytes(0))
        connection = message.sourceDescriptor
        origin = message.origin
        anchor = message.anchor()
        self.version = version
    }

    /// It gets work from now on.
    func sit(_ pool: Pool, _ worker: Worker) {
        self.pool = pool
        self.worker = worker
        returnsAt = nil
    }

    /// Its worker is gone; the connection may still be there.
    func rise() {
        owed += worker?.requests.count ?? 0
        worker = nil
    }

    /// It broke the protocol, or gave up what it had in hand.
    func offend(at now: Instant) {
        offences += 1
        offendedAt = now
    }

    /// When it may have work again: at once for the first time; who offends again and again waits longer each time.
    func mayReturn(pausing interval: Nanoseconds) -> Instant {
        offendedAt + interval * UInt64(min(max(0, offences - 1), Self.mostPauses))
    }

    /// A reply to something that it does not have in hand any more. - Returns: false where it never had it.
    func repays(isLast: Bool) -> Bool {
        guard owed > 0 else { return false }
        owed -= isLast ? 1 : 0
        return true
    }
}
