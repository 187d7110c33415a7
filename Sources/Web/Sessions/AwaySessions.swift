// Sessions whose client is away, in the order in which they left. When places run out, the longest away ends first.

import Basics

/// A queue of sessions, with a count for each address.
package struct AwaySessions {
    private struct Place {
        let session: any Session
        let address: String
        let number: UInt64
    }

    package var count: Int { places.count }
    private var places: [ObjectIdentifier: Place] = [:]
    private var addresses: [String: Int] = [:]
    /// Sessions that have come back or ended since are skipped.
    private var line = FIFO<(id: ObjectIdentifier, number: UInt64)>()
    private var last: UInt64 = 0

    package func count(_ address: String) -> Int { addresses[address, default: 0] }

    package mutating func add(_ session: any Session, _ address: String) {
        remove(session, address)
        last += 1
        let id = ObjectIdentifier(session)
        places[id] = Place(session: session, address: address, number: last)
        addresses[address, default: 0] += 1
        line.append((id, last))
    }

    package mutating func remove(_ session: any Session, _ address: String) {
        guard places.removeValue(forKey: ObjectIdentifier(session)) != nil else { return }
        let left = addresses[address, default: 1] - 1
        addresses[address] = left > 0 ? left : nil
        compact()
    }

    /// The session that has been away longest, of one address or of all.
    package func longest(of address: String?) -> (any Session)? {
        for (id, number) in line {
            guard let place = places[id], place.number == number else { continue }
            if address == nil || place.address == address { return place.session }
        }
        return nil
    }

    private mutating func compact() {
        while let first = line.first, places[first.id]?.number != first.number { _ = line.popFirst() }
    }
}
