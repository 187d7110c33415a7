// One service with real sockets, on a host of the test, and requests to it.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

final class ServiceStage {
    let host: FakeHost
    let service: any Service

    /// - Parameters:
    ///   - most: exchanges that may be open at once, and native clients' among them.
    ///   - reactors: that there are; the service is on the first.
    init(
        _ peer: ServiceConfiguration.Peer, most: Int = 100, reactors: Int = 1,
        _ adjust: (inout ServiceConfiguration) -> Void
    ) throws {
        var configuration = ServiceConfiguration(name: "s", peer: peer)
        adjust(&configuration)
        let plan = ServicePlan(index: 0, configuration)
        host = try FakeHost([plan], most: most)
        host.reactorCount = reactors
        service = try peer.kind.make(host, plan)
        service.start()
    }

    deinit { service.stop() }

    var counts: ServiceCounts { host.metrics.services[0].counts }
    var state: ServiceState { service.state }

    func drops(_ reason: DropReason) -> UInt64 { counts.drops[reason.rawValue] }
    func nativeRejections(_ reason: EndReason) -> UInt64 { counts.nativeRejections[Int(reason.rawValue)] }

    /// Turns the reactor until the condition holds. False if it does not in ten seconds.
    func run(until condition: () -> Bool) -> Bool { host.run(service, until: condition) }

    /// Turns it a few times, for what must not happen.
    func settle() {
        var turns = 0
        _ = run {
            turns += 1
            return turns > 8
        }
    }

    /// Some time passes, and the service looks after its own.
    func pass(seconds: Double) {
        host.advance(by: Nanoseconds(seconds * 1e9))
        service.tick()
        host.endTurn()
    }

    /// The next message that comes to `peer`, as text.
    func next<Role>(_ peer: Peer<Role>) -> [String] {
        var message: [String] = []
        #expect(
            run {
                message = peer.heard()
                return !message.isEmpty
            })
        return message
    }

    /// Opens an exchange; its sink keeps what comes of it.
    func open(_ text: String, _ rules: EndRules? = nil, subject: String? = nil) -> (exchange: Exchange, sink: FakeSink)
    {
        let sink = FakeSink()
        let exchange = Exchange(host, service, rules ?? service.plan.rules, fairnessKey: 1, takesEnvelopes: false)
        exchange.subject = subject
        var frame = Frame(text)
        exchange.open(&frame, sink)
        return (exchange, sink)
    }

    func ask(_ text: String, _ rules: EndRules? = nil, subject: String? = nil) -> FakeSink {
        open(text, rules, subject: subject).sink
    }
}

extension Peer {
    /// Sends a message of these frames.
    func send(_ frames: String...) { send(frames.map { Array($0.utf8) }) }

    /// The next message as text; empty if there is none yet.
    func heard() -> [String] { receive().map { String(decoding: $0, as: UTF8.self) } }
}
