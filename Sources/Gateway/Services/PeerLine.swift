// Who has come to a port that is bound, in the order of coming, and who is to go when it is too many: pure.
//
//     accepted --> waiting --first words--> settled          over the bound: the first that waits and has said nothing,
//                     \---- gone <-----------/               else the newcomer
//
// A connection is known by its descriptor, whose number is used again: a serial number tells one holder from the next.

/// The connections of one port.
struct PeerLine {
    /// Connections that stand.
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

    /// Takes out the one that has waited longest without a word.
    /// - Parameter isSilent: asked of each in turn, once; who has spoken is settled.
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
