// The connections to a bound port in the order of their arrival, and which one to close if there are too many. Pure.
//
//     accepted --> waiting --first bytes--> settled         over the bound: the first one that waits and has sent
//                     \---- gone <-----------/               nothing, or else the newcomer
//
// A connection is identified by its descriptor. Descriptors are reused, so a serial number distinguishes the holders.

/// The connections of one port.
struct PeerLine {
    /// The number of open connections.
    var count: Int { serials.count }
    private var serials: [Int32: UInt64] = [:]
    private var waiting: [(descriptor: Int32, serial: UInt64)] = []
    private var head = 0
    private var last: UInt64 = 0

    mutating func accepted(_ descriptor: Int32) {
        last += 1
        serials[descriptor] = last
        waiting.append((descriptor, last))
    }

    mutating func gone(_ descriptor: Int32) { serials[descriptor] = nil }

    /// Removes the connection that has been silent longest.
    /// - Parameter isSilent: called once for each connection in turn; one that has sent something is settled.
    mutating func takeSilent(_ isSilent: (Int32) -> Bool) -> Int32? {
        while head < waiting.count {
            let (descriptor, serial) = waiting[head]
            head += 1
            if serials[descriptor] == serial, isSilent(descriptor) {
                serials[descriptor] = nil
                compact()
                return descriptor
            }
        }
        compact()
        return nil
    }

    private mutating func compact() {
        guard head > 64, head * 2 > waiting.count else { return }
        waiting.removeFirst(head)
        head = 0
    }
}
