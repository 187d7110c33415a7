// Who goes when a port has too many connections.

import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A port with too many connections") struct PeerLineTests {
    @Test("ends the one that has been silent longest, never one that has spoken")
    func silent() {
        var line = PeerLine()
        for descriptor in Int32(1)...5 { line.accepted(descriptor) }
        let spoken: Set<Int32> = [1, 3]
        #expect(line.takeSilent { !spoken.contains($0) } == 2)
        #expect(line.takeSilent { !spoken.contains($0) } == 4)
        #expect(line.takeSilent { !spoken.contains($0) } == 5)
        #expect(line.takeSilent { !spoken.contains($0) } == nil)
        #expect(line.count == 2)
        // Asked once: it stays settled, whatever would be said of it now.
        #expect(line.takeSilent { _ in true } == nil)
    }

    @Test("does not mistake the next holder of a number for the former one")
    func reused() {
        var line = PeerLine()
        line.accepted(7)
        line.gone(7)
        line.accepted(8)
        line.accepted(7)
        var asked: [Int32] = []
        #expect(line.takeSilent { asked.append($0); return true } == 8)
        #expect(line.takeSilent { asked.append($0); return true } == 7)
        #expect(asked == [8, 7] && line.count == 0)
    }

    @Test("forgets those that come and go")
    func comesAndGoes() {
        var line = PeerLine()
        for round in 0..<10_000 {
            line.accepted(Int32(round % 50))
            if round % 50 == 49 { while line.takeSilent({ $0 % 2 == 0 }) != nil {} }
            if round % 3 == 0 { line.gone(Int32(round % 50)) }
        }
        for descriptor in Int32(0)..<50 { line.gone(descriptor) }
        #expect(line.count == 0)
    }

    @Test("divides the process's descriptors, and keeps some for short-lived ones")
    func places() {
        let places = DescriptorPlaces(limit: 256, ports: 2)
        places.settle(open: 40)
        let all = 256 - 32 - 40
        #expect(places.connections.most == all * 5 / 8)
        #expect(places.peersPerPort == all / 4 / 2)
        var connections = 0
        while places.connections.take() { connections += 1 }
        #expect(connections == all * 5 / 8)
        var identities = 0
        while places.identities.take(2) { identities += 2 }
        #expect((all / 8 - 2...all / 8 + 1).contains(identities))
        places.connections.give()
        #expect(places.connections.take() && !places.connections.take())
        places.connections.takeAnyway()
        places.connections.give()
        #expect(!places.connections.take())
        // Where nothing is bound, the rest is for identities.
        let others = DescriptorPlaces(limit: 256, ports: 0)
        others.settle(open: 40)
        #expect(others.identities.take(all - 1) && !others.identities.take(2))
    }
}
