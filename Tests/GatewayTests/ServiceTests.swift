// Services with real sockets, on a host of the test: what goes over the wire, and what becomes of what comes.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Gateway

@Suite("Services over sockets", .timeLimit(.minutes(1)))
struct ServiceTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func make(
        _ peer: ServiceConfiguration.Peer, _ adjust: (inout ServiceConfiguration) -> Void
    ) throws -> (FakeHost, any Service) {
        var configuration = ServiceConfiguration(name: "s", peer: peer)
        adjust(&configuration)
        let plan = ServicePlan(index: 0, configuration)
        let host = try FakeHost([plan])
        let service = try peer.kind.make(host, plan)
        service.start()
        return (host, service)
    }

    private func ask(
        _ text: String, _ host: FakeHost, _ service: any Service, _ rules: EndRules? = nil, subject: String? = nil
    ) -> (Exchange, FakeSink) {
        let sink = FakeSink()
        let exchange = Exchange(host, service, rules ?? service.plan.rules, fairnessKey: 1, takesEnvelopes: false)
        exchange.subject = subject
        var frame = Frame(text)
        exchange.open(&frame, sink)
        return (exchange, sink)
    }

    private func drops(_ host: FakeHost, _ reason: DropReason) -> UInt64 {
        host.metrics.services[0].counts.drops[reason.rawValue]
    }

    @Test("a dealer service leads replies back by their tickets, and drops what has none that lives")
    func dealer() throws {
        let there = Endpoints.fresh()
        let (host, service) = try make(.dealer) { $0.bind = there }
        defer { service.stop() }
        let worker = try Peer<Dealer>(host.context, connect: there)
        #expect(host.run(service) { service.state.isReady })
        let (first, sink) = ask("[1]", host, service)
        let (_, other) = ask("[2]", host, service)
        var requests: [[[UInt8]]] = []
        #expect(
            host.run(service) {
                let message = worker.receive()
                if !message.isEmpty { requests.append(message) }
                return requests.count == 2
            })
        #expect(requests.map { $0[1] } == [Self.bytes("[1]"), Self.bytes("[2]")])
        worker.send([requests[1][0], Self.bytes("\"b\"")])
        worker.send([requests[0][0], Self.bytes("\"a\"")])
        #expect(host.run(service) { sink.replies == ["\"a\""] && other.replies == ["\"b\""] })
        first.finish(because: .cancelled)
        worker.send([requests[0][0], Self.bytes("\"late\"")])
        worker.send([Self.bytes("no ticket of ours"), Self.bytes("1")])
        #expect(host.run(service) { drops(host, .unknown) == 1 })
        #expect(sink.replies.count == 1 && sink.ends == [.cancelled])
    }

    @Test("a router service gives each exchange an identity that no other had, and closes it at the end")
    func router() throws {
        let there = Endpoints.fresh()
        let (host, service) = try make(.router) { $0.connect = [there] }
        defer { service.stop() }
        let worker = try Peer<Router>(host.context, bind: there)
        #expect(host.run(service) { service.state.isReady })
        var identities: [[UInt8]] = []
        for number in 1...3 {
            let (_, sink) = ask("[\(number)]", host, service, EndRules(count: 1))
            var request: [[UInt8]] = []
            #expect(
                host.run(service) {
                    request = worker.receive()
                    return !request.isEmpty
                })
            #expect(request.last == Self.bytes("[\(number)]"))
            worker.send([request[0], Self.bytes("\(number)")])
            worker.send([request[0], Self.bytes("\"too much\"")])
            #expect(host.run(service) { sink.ends == [.count] })
            #expect(sink.replies == ["\(number)"])
            identities.append(request[0])
        }
        #expect(Set(identities).count == 3)
    }

    @Test("a paused exchange of a router service leaves its replies with libzmq, and gets them when it goes on")
    func backPressure() throws {
        let there = Endpoints.fresh()
        let (host, service) = try make(.router) { $0.connect = [there] }
        defer { service.stop() }
        let worker = try Peer<Router>(host.context, bind: there)
        #expect(host.run(service) { service.state.isReady })
        let (exchange, sink) = ask("1", host, service)
        let (_, other) = ask("2", host, service)
        var requests: [[[UInt8]]] = []
        #expect(
            host.run(service) {
                let message = worker.receive()
                if !message.isEmpty { requests.append(message) }
                return requests.count == 2
            })
        try #require(requests.allSatisfy { $0.count == 2 })
        requests.sort { $0.last![0] < $1.last![0] }
        exchange.pause(by: sink)
        for request in requests { worker.send([request[0], Self.bytes("[]")]) }
        #expect(host.run(service) { other.replies == ["[]"] })
        #expect(sink.replies.isEmpty)
        exchange.resume(by: sink)
        #expect(host.run(service) { sink.replies == ["[]"] })
    }

    @Test("a broker offers what its workers register, and gives them requests for it")
    func broker() throws {
        let there = Endpoints.fresh()
        let (host, service) = try make(.majordomo) { $0.bind = there }
        defer { service.stop() }
        let worker = try Peer<Dealer>(host.context, connect: there)
        let head: [[UInt8]] = [[], Self.bytes("MDPW01")]
        worker.send(head + [[1], Self.bytes("echo")])
        #expect(
            host.run(service) {
                host.registeredServices.map(\.name) == ["echo"]
                    && host.registeredServices[0].registered?.streams == false
            })
        #expect(service.isReady(for: "echo") == true)
        #expect(ask("[1]", host, service, subject: "other").1.ends == [.noWorker])
        let (_, sink) = ask("[1]", host, service, subject: "echo")
        var request: [[UInt8]] = []
        #expect(
            host.run(service) {
                let message = worker.receive()
                if message.count > 3 { request = message }
                return !request.isEmpty
            })
        try #require(request.count == 6)
        #expect(request[1] == Self.bytes("MDPW01") && request[2] == [2] && request.last == Self.bytes("[1]"))
        worker.send(head + [[3], request[3], [], Self.bytes("[2]")])
        #expect(host.run(service) { sink.replies == ["[2]"] && sink.ends == [.final] })
        let (_, lost) = ask("[3]", host, service, subject: "echo")
        worker.send(head + [[5]])
        #expect(host.run(service) { lost.ends == [.workerLost] })
    }

    @Test(
        "a worker of a broker that says nothing for too long is gone, and one that answers another's request is told to go"
    )
    func manners() throws {
        let there = Endpoints.fresh()
        let (host, service) = try make(.majordomo) { $0.bind = there }
        defer { service.stop() }
        let quiet = try Peer<Dealer>(host.context, connect: there)
        let rude = try Peer<Dealer>(host.context, connect: there)
        let head: [[UInt8]] = [[], Self.bytes("MDPW01")]
        quiet.send(head + [[1], Self.bytes("quiet")])
        rude.send(head + [[1], Self.bytes("rude")])
        #expect(host.run(service) { service.state.workers == 2 })
        rude.send(head + [[3], Self.bytes("what"), [], Self.bytes("1")])
        #expect(host.run(service) { rude.receive().last == [5] })
        #expect(service.state.workers == 1 && host.metrics.services[0].counts.violations == 1)
        host.advance(by: 60_000_000_000)
        #expect(host.run(service) { service.state.workers == 0 })
    }
}
