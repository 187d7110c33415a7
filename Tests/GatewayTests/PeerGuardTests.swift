// A port with too many connections, or no descriptor for one more: fed with events, by a clock that the test moves.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A guarded port")
struct PeerGuardTests {
    private let host: FakeHost
    private let port: PeerGuard
    private let calls = Calls()

    private struct Failure: Error {}

    private final class Calls {
        var all: [String] = []
        var fails = false

        func note(_ call: String) throws {
            all.append(call)
            if fails { throw Failure() }
        }
    }

    init() throws {
        host = try FakeHost([ServicePlan(index: 0, ServiceConfiguration(name: "s", peer: .dealer))])
        let calls = calls
        port = PeerGuard(host, "the port", at: "ipc:///nowhere") {
            try calls.note("unbind")
        } bind: {
            try calls.note("bind")
        }
    }

    /// Connections of descriptors that are none of the process's.
    private func accept(_ count: Int, from first: Int32 = 1_000_000) {
        for number in 0..<Int32(count) { port.observe(.accepted(endpoint: "", descriptor: first + number)) }
    }

    @Test("counts those that come and go, and closes the newest above the bound")
    func bound() {
        accept(100)
        #expect(host.metrics.snapshot.peers == 100 && port.trouble == nil)
        accept(2, from: 2_000_000)
        #expect(host.metrics.snapshot.peers == 100 && host.metrics.snapshot.peersRejected == 2)
        #expect(port.trouble?.contains("more than 100 connections") == true)
        for number in 0..<Int32(100) { port.observe(.disconnected(endpoint: "", descriptor: 1_000_000 + number)) }
        port.observe(.disconnected(endpoint: "", descriptor: 2_000_000))
        #expect(host.metrics.snapshot.peers == 0)
        host.advance(by: 10_000_000_000)
        #expect(port.trouble == nil)
    }

    @Test("a port that finds no descriptor for a while is closed for a second, and then open again")
    func closed() {
        accept(3)
        port.observe(.acceptFailed(endpoint: "", errno: 24))
        #expect(calls.all.isEmpty && port.trouble?.contains("descriptor is left") == true)
        host.advance(by: 50_000_000)
        port.observe(.acceptFailed(endpoint: "", errno: 24))
        #expect(calls.all.isEmpty)
        host.advance(by: 60_000_000)
        for _ in 0..<2 { port.observe(.acceptFailed(endpoint: "", errno: 24)) }
        #expect(calls.all == ["unbind"] && port.trouble?.contains("closed for a moment") == true)
        #expect(host.metrics.snapshot.peers == 0 && host.metrics.snapshot.acceptsFailed == 4)
        port.tick()
        #expect(calls.all == ["unbind"])
        host.advance(by: 1_000_000_000)
        calls.fails = true
        port.tick()
        #expect(calls.all == ["unbind", "bind"] && port.trouble?.contains("closed for a moment") == true)
        host.advance(by: 1_000_000_000)
        calls.fails = false
        port.tick()
        port.tick()
        #expect(calls.all == ["unbind", "bind", "bind"])
        host.advance(by: 10_000_000_000)
        #expect(port.trouble == nil)
    }

    @Test("failures that stop, or a connection that is let in, begin the wait anew")
    func recovers() {
        port.observe(.acceptFailed(endpoint: "", errno: 24))
        host.advance(by: 90_000_000)
        accept(1)
        port.observe(.acceptFailed(endpoint: "", errno: 24))
        host.advance(by: 90_000_000)
        port.observe(.acceptFailed(endpoint: "", errno: 24))
        port.tick()
        port.tick()
        host.advance(by: 90_000_000)
        port.observe(.acceptFailed(endpoint: "", errno: 24))
        #expect(calls.all.isEmpty)
    }
}

@Suite("A peer of another kind", .timeLimit(.minutes(1)))
struct StrangePeerTests {
    @Test(
        "a peer of the wrong socket type is not a worker, and the trouble says which key to check",
        arguments: [ServiceConfiguration.Peer.dealer, .router, .publisher])
    func mismatch(_ kind: ServiceConfiguration.Peer) throws {
        let there = Endpoints.fresh()
        let stage = try ServiceStage(kind) { $0.connect = [there] }
        let publisher = kind == .publisher ? nil : try Peer<XPub>(stage.host.context, bind: there)
        let dealer = kind == .publisher ? try Peer<Dealer>(stage.host.context, bind: there) : nil
        #expect(stage.run { stage.state.trouble?.contains("check `peer`") == true })
        #expect(!stage.state.isReady && stage.state.workers == 0)
        withExtendedLifetime((publisher, dealer)) {}
    }
}
