// A service of a broker that exists: the gateway is its client, with an identity for each exchange.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A client of a broker", .timeLimit(.minutes(1)))
struct BrokerClientTests {
    private let there = Endpoints.fresh()

    private func stage(_ version: BrokeredService.Version) throws -> (ServiceStage, Peer<Router>) {
        let stage = try ServiceStage(.majordomo) {
            $0.connect = [there]
            ($0.brokered.name, $0.brokered.version) = ("echo", version)
        }
        return (stage, try Peer<Router>(stage.host.context, bind: there))
    }

    /// What the gateway asks first, answered.
    private func inquiry(_ answer: String, _ stage: ServiceStage, _ broker: Peer<Router>) {
        let question = stage.next(broker)
        #expect(question.suffix(2) == ["mmi.service", "echo"])
        broker.send((question.dropLast() + [answer]).map { Array($0.utf8) })
    }

    @Test("it is ready when the broker says that a worker offers the name")
    func offered() throws {
        let (stage, broker) = try stage(.one)
        stage.settle()
        #expect(!stage.state.isReady && stage.ask("[1]").ends == [.noWorker])
        inquiry("200", stage, broker)
        #expect(stage.run { stage.state.isReady })
        let sink = stage.ask("[1]")
        let request = stage.next(broker)
        try #require(request.dropFirst() == ["", "MDPC01", "echo", "[1]"])
        broker.send(request[0], "", "MDPC01", "echo", "[2]")
        #expect(stage.run { sink.ends == [.final] })
        #expect(sink.replies == ["[2]"])
    }

    @Test("a name that is not offered has no worker")
    func unoffered() throws {
        let (stage, broker) = try stage(.one)
        inquiry("404", stage, broker)
        stage.settle()
        #expect(!stage.state.isReady && stage.ask("[1]").ends == [.noWorker])
    }

    @Test("with 0.2 partial replies arrive as they are sent, and the final one ends")
    func parts() throws {
        let (stage, broker) = try stage(.two)
        inquiry("200", stage, broker)
        #expect(stage.run { stage.state.isReady })
        let sink = stage.ask("[1]")
        let request = stage.next(broker)
        try #require(request.dropFirst() == ["MDPC02", "\u{1}", "echo", "[1]"])
        broker.send(request[0], "MDPC02", "\u{2}", "echo", "\"a\"")
        #expect(stage.run { sink.replies == ["\"a\""] })
        broker.send(request[0], "MDPC02", "\u{3}", "echo", "\"b\"")
        #expect(stage.run { sink.ends == [.final] })
        #expect(sink.replies == ["\"a\"", "\"b\""])
    }

    @Test("a reply with other frames is invalid", arguments: [[], ["[1]", "[2]"]])
    func shapes(_ bodies: [String]) throws {
        let (stage, broker) = try stage(.one)
        inquiry("200", stage, broker)
        #expect(stage.run { stage.state.isReady })
        let sink = stage.ask("[1]")
        let request = stage.next(broker)
        broker.send(([request[0], "", "MDPC01", "echo"] + bodies).map { Array($0.utf8) })
        #expect(stage.run { sink.ends == [.badReply] })
        #expect(sink.replies.isEmpty)
    }

    @Test("the broker's own services need no inquiry")
    func ownService() throws {
        let stage = try ServiceStage(.majordomo) {
            $0.connect = [there]
            $0.brokered.name = "mmi.service"
        }
        let broker = try Peer<Router>(stage.host.context, bind: there)
        #expect(stage.run { stage.state.isReady })
        #expect(broker.heard().isEmpty)
    }
}
