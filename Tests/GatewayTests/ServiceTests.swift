// Services with real sockets, on a host of the test: what goes over the wire, and what becomes of what comes.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Services over sockets", .timeLimit(.minutes(1)))
struct ServiceTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("a dealer service leads replies back by their tickets, and drops what has none that lives")
    func dealer() throws {
        let there = Endpoints.fresh()
        let stage = try ServiceStage(.dealer) { $0.bind = there }
        let worker = try Peer<Dealer>(stage.host.context, connect: there)
        #expect(stage.run { stage.service.state.isReady })
        let (first, sink) = stage.open("[1]")
        let (_, other) = stage.open("[2]")
        var requests: [[[UInt8]]] = []
        #expect(
            stage.run {
                let message = worker.receive()
                if !message.isEmpty { requests.append(message) }
                return requests.count == 2
            })
        #expect(requests.map { $0[1] } == [Self.bytes("[1]"), Self.bytes("[2]")])
        worker.send([requests[1][0], Self.bytes("\"b\"")])
        worker.send([requests[0][0], Self.bytes("\"a\"")])
        #expect(stage.run { sink.replies == ["\"a\""] && other.replies == ["\"b\""] })
        first.finish(because: .cancelled)
        worker.send([requests[0][0], Self.bytes("\"late\"")])
        worker.send([Self.bytes("no ticket of ours"), Self.bytes("1")])
        #expect(stage.run { stage.drops(.unknown) == 1 })
        #expect(sink.replies.count == 1 && sink.ends == [.cancelled])
    }

    @Test("a router service gives each exchange an identity that no other had, and closes it at the end")
    func router() throws {
        let there = Endpoints.fresh()
        let stage = try ServiceStage(.router) { $0.connect = [there] }
        let worker = try Peer<Router>(stage.host.context, bind: there)
        #expect(stage.run { stage.service.state.isReady })
        var identities: [[UInt8]] = []
        for number in 1...3 {
            let (_, sink) = stage.open("[\(number)]", EndRules(count: 1))
            var request: [[UInt8]] = []
            #expect(
                stage.run {
                    request = worker.receive()
                    return !request.isEmpty
                })
            #expect(request.last == Self.bytes("[\(number)]"))
            worker.send([request[0], Self.bytes("\(number)")])
            worker.send([request[0], Self.bytes("\"too much\"")])
            #expect(stage.run { sink.ends == [.count] })
            #expect(sink.replies == ["\(number)"])
            identities.append(request[0])
        }
        #expect(Set(identities).count == 3)
    }

    @Test("a paused exchange of a router service leaves its replies with libzmq, and gets them when it goes on")
    func backPressure() throws {
        let there = Endpoints.fresh()
        let stage = try ServiceStage(.router) { $0.connect = [there] }
        let worker = try Peer<Router>(stage.host.context, bind: there)
        #expect(stage.run { stage.service.state.isReady })
        let (exchange, sink) = stage.open("1")
        let (_, other) = stage.open("2")
        var requests: [[[UInt8]]] = []
        #expect(
            stage.run {
                let message = worker.receive()
                if !message.isEmpty { requests.append(message) }
                return requests.count == 2
            })
        try #require(requests.allSatisfy { $0.count == 2 })
        requests.sort { $0.last![0] < $1.last![0] }
        exchange.pause(by: sink)
        for request in requests { worker.send([request[0], Self.bytes("[]")]) }
        #expect(stage.run { other.replies == ["[]"] })
        #expect(sink.replies.isEmpty)
        exchange.resume(by: sink)
        #expect(stage.run { sink.replies == ["[]"] })
    }

    @Test("a broker offers what its workers register, and gives them requests for it")
    func broker() throws {
        let there = Endpoints.fresh()
        let stage = try ServiceStage(.majordomo) { $0.bind = there }
        let worker = try Peer<Dealer>(stage.host.context, connect: there)
        let head: [[UInt8]] = [[], Self.bytes("MDPW01")]
        worker.send(head + [[1], Self.bytes("echo")])
        #expect(
            stage.run {
                stage.host.registeredServices.map(\.name) == ["echo"]
                    && stage.host.registeredServices[0].registered?.streams == false
            })
        #expect(stage.service.isReady(for: "echo") == true)
        #expect(stage.open("[1]", subject: "other").sink.ends == [.noWorker])
        let (_, sink) = stage.open("[1]", subject: "echo")
        var request: [[UInt8]] = []
        #expect(
            stage.run {
                let message = worker.receive()
                if message.count > 3 { request = message }
                return !request.isEmpty
            })
        try #require(request.count == 6)
        #expect(request[1] == Self.bytes("MDPW01") && request[2] == [2] && request.last == Self.bytes("[1]"))
        worker.send(head + [[3], request[3], [], Self.bytes("[2]")])
        #expect(stage.run { sink.replies == ["[2]"] && sink.ends == [.final] })
        let (_, lost) = stage.open("[3]", subject: "echo")
        worker.send(head + [[5]])
        #expect(stage.run { lost.ends == [.workerLost] })
    }

    @Test(
        "a worker of a broker that says nothing for too long is gone, and one that answers another's request is told to go"
    )
    func manners() throws {
        let there = Endpoints.fresh()
        let stage = try ServiceStage(.majordomo) { $0.bind = there }
        let quiet = try Peer<Dealer>(stage.host.context, connect: there)
        let rude = try Peer<Dealer>(stage.host.context, connect: there)
        let head: [[UInt8]] = [[], Self.bytes("MDPW01")]
        quiet.send(head + [[1], Self.bytes("quiet")])
        rude.send(head + [[1], Self.bytes("rude")])
        #expect(stage.run { stage.service.state.workers == 2 })
        rude.send(head + [[3], Self.bytes("what"), [], Self.bytes("1")])
        #expect(stage.run { rude.receive().last == [5] })
        #expect(stage.service.state.workers == 1 && stage.host.metrics.services[0].counts.violations == 1)
        stage.host.advance(by: 60_000_000_000)
        #expect(stage.run { stage.service.state.workers == 0 })
    }
}
