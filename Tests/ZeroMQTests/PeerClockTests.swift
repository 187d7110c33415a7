// What time tells of a connection where libzmq says nothing.

import Testing

@testable import ZeroMQ

private let second: UInt64 = 1_000_000_000
private let connected = MonitorEvent.connected(endpoint: "", descriptor: 7)
private let succeeded = MonitorEvent.handshakeSucceeded(endpoint: "")
private let lost = MonitorEvent.disconnected(endpoint: "", descriptor: 7)

@Suite("Peer clock")
struct PeerClockTests {
    private static func options(heartbeat: Duration? = nil) -> SocketOptions {
        var options = SocketOptions()
        (options.heartbeatInterval, options.heartbeatTimeout) = (heartbeat, heartbeat.map { $0 * 3 })
        return options
    }

    @Test("a peer that has greeted and reports no handshake for a second is ready")
    func oldPeer() {
        var clock = PeerClock(Self.options())
        _ = clock.observe(connected, at: second)
        #expect(clock.look(at: 2 * second - 1, received: { _ in 14 }) == .nothing)
        #expect(clock.look(at: 2 * second, received: { $0 == 7 ? 14 : nil }) == .ready)
        #expect(clock.watch.state == .ready)
        // The end of an old peer is reported as a failed handshake.
        _ = clock.observe(.handshakeFailedNoDetail(endpoint: "", errno: 32), at: 3 * second)
        let isChange = clock.observe(lost, at: 3 * second)
        #expect(!isChange)
        #expect(clock.watch.state == .connecting)
    }

    @Test(
        "a peer that sends nothing, or whose bytes are unknown, counts as hung after ten seconds",
        arguments: [0, 10, nil])
    func hung(received: Int?) {
        var clock = PeerClock(Self.options())
        _ = clock.observe(connected, at: second)
        #expect(clock.look(at: 10 * second, received: { _ in received }) == .nothing)
        #expect(clock.look(at: 11 * second, received: { _ in received }) == .hung)
        clock.restart()
        #expect(clock.look(at: 30 * second, received: { _ in 14 }) == .nothing)
    }

    @Test("two connections that last exactly one ping timeout mean a peer that answers no pings")
    func noPings() {
        var clock = PeerClock(Self.options(heartbeat: .seconds(1)))
        var now = second
        func unseen(lasting time: UInt64) {
            _ = clock.observe(connected, at: now)
            _ = clock.observe(succeeded, at: now)
            now += time
            _ = clock.observe(lost, at: now)
        }
        func connection(lasting time: UInt64) -> PeerClock.Finding {
            unseen(lasting: time)
            return clock.look(at: now)
        }
        #expect(connection(lasting: 4 * second + 10_000_000) == .nothing)
        #expect(connection(lasting: 9 * second) == .nothing)
        #expect(connection(lasting: 4 * second) == .nothing)
        #expect(connection(lasting: 2 * second) == .nothing)
        unseen(lasting: 4 * second + 100_000_000)
        #expect(connection(lasting: second / 1_000) == .answersNoPings)
        #expect(connection(lasting: 4 * second) == .nothing)
        #expect(connection(lasting: 4 * second) == .nothing)
    }
}

@Suite("Peer table")
struct PeerTableTests {
    private static func accepted(_ descriptor: Int32) -> MonitorEvent {
        .accepted(endpoint: "", descriptor: descriptor)
    }
    private static func gone(_ descriptor: Int32) -> MonitorEvent {
        .disconnected(endpoint: "", descriptor: descriptor)
    }

    /// A table whose connections have received what `bytes` says. The numbers are no descriptors of this process.
    private static func table(_ bytes: [Int32: Int]) -> PeerTable {
        PeerTable(received: { bytes[$0.descriptor] })
    }

    @Test("counts peers with a successful handshake, and reports their loss")
    func handshakes() {
        var table = Self.table([9001: 0, 9002: 100])
        #expect(table.observe(Self.accepted(9001), at: 0) == nil)
        #expect(table.observe(Self.accepted(9002), at: 0) == nil)
        guard case .up(let peer) = table.observe(succeeded, at: 1) else {
            Issue.record("no peer is up")
            return
        }
        #expect(peer.descriptor == 9002 && table.count == 1 && table.hasShaken(9002))
        #expect(table.observe(Self.gone(9001), at: 2) == nil)
        #expect(table.observe(Self.gone(9002), at: 2) == .lost(peer))
        #expect(table.count == 0 && !table.contains(9002))
    }

    @Test("a peer that has greeted is up after a second without a handshake")
    func oldPeers() {
        var table = Self.table([9001: 14, 9002: 10])
        _ = table.observe(Self.accepted(9001), at: 0)
        _ = table.observe(Self.accepted(9002), at: 0)
        let found = [second - 1, second, 60 * second].map { table.look(at: $0).count }
        #expect(found == [0, 1, 0] && table.count == 1 && !table.hasShaken(9001))
    }

    @Test("a number that another connection has by now is not checked for the former one")
    func reuse() {
        var table = Self.table([9001: 14])
        _ = table.observe(Self.accepted(9001), at: 0)
        _ = table.observe(Self.gone(9001), at: 1)
        _ = table.observe(Self.accepted(9001), at: second)
        let found = [second + 1, 2 * second].map { table.look(at: $0).count }
        #expect(found == [0, 1] && table.count == 1)
    }

    @Test("each peer is counted once, whichever connection its handshake is attributed to", arguments: 0..<20)
    func random(_ seed: Int) {
        var state = UInt64(seed) &+ 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var table = PeerTable(received: { _ in 80 })
        var (open, waiting, now) = ([Int32](), 0, UInt64(0))
        for number in 0..<400 as Range<Int32> {
            now += UInt64(next(200)) * 1_000_000
            switch next(3) {
            case 0:
                _ = table.observe(Self.accepted(9000 + number), at: now)
                open.append(9000 + number)
                waiting += 1
            case 1 where waiting > 0:
                _ = table.observe(succeeded, at: now)
                waiting -= 1
            case 2 where !open.isEmpty && waiting == 0:
                _ = table.observe(Self.gone(open.remove(at: next(open.count))), at: now)
            default: break
            }
            if next(4) == 0 { _ = table.look(at: now) }
            #expect(table.count <= open.count)
        }
        _ = table.look(at: now + second)
        #expect(table.count == open.count)
    }
}
