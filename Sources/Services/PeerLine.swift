// The connections to a bound port in the order of their arrival, and which one to close if there are too many. Pure.
//
//     accepted --> waiting --first bytes--> settled         over the bound: the first one that waits and has sent
//                     \---- gone <-----------/               nothing, or else the newcomer
//
// A connection is identified by its descriptor. Descriptors are reused, so a serial number distinguishes the holders.

import Basics

/// The connections of one port.
package struct PeerLine {
    /// The number of open connections.
    package var count: Int { serials.count }
    private var serials: [Int32: UInt64] = [:]
    private var waiting = FIFO<(descriptor: Int32, serial: UInt64)>()
    private var last: UInt64 = 0

    package mutating func accepted(_ descriptor: Int32) {
        last += 1
        serials[descriptor] = last
        waiting.append((descriptor, last))
    }

    package mutating func gone(_ descriptor: Int32) { serials[descriptor] = nil }

    /// Removes the connection that has been silent longest.
    /// - Parameter isSilent: called once for each connection in turn; one that has sent something is settled.
    mutating func takeSilent(_ isSilent: (Int32) -> Bool) -> Int32? {
        while let (descriptor, serial) = waiting.popFirst() {
            if serials[descriptor] == serial, isSilent(descriptor) {
                serials[descriptor] = nil
                return descriptor
            }
        }
        return nil
    }
}
