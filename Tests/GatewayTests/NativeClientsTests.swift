// Native DEALER and REQ clients of a service: what reaches its workers, what comes back, and what bounds them.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Native clients", .timeLimit(.minutes(1)))
struct NativeClientsTests {
    private let there = Endpoints.fresh()
    private let door = Endpoints.fresh()

    /// A service that binds, with a place for native clients.
    private func stage(
        _ peer: ServiceConfiguration.Peer = .dealer, most: Int = 100,
        _ adjust: (inout ServiceConfiguration) -> Void = { _ in }
    ) throws -> ServiceStage {
        try ServiceStage(peer, most: most) {
            ($0.bind, $0.clients) = (there, door)
            adjust(&$0)
        }
    }

    private func worker(of stage: ServiceStage) throws -> Peer<Dealer> {
        let worker = try Peer<Dealer>(stage.host.context, connect: there)
        #expect(stage.run { stage.state.isReady })
        return worker
    }

    @Test("a DEALER's request reaches a worker, and all that the worker says to it comes back")
    func dealer() throws {
        let stage = try stage()
        let worker = try worker(of: stage)
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        client.send("[1]")
        let request = stage.next(worker)
        try #require(request.count == 2 && request[1] == "[1]")
        #expect(stage.state.natives == 1 && stage.counts.nativeOpen == 1)
        worker.send(request[0], "\"a\"")
        #expect(stage.next(client) == ["\"a\""] && stage.counts.nativeOpen == 0)
        worker.send(request[0], "\"late\"")
        #expect(stage.next(client) == ["\"late\""] && stage.counts.nativeReplies == 2)
    }

    @Test("a REQ's envelope comes back as it was, and so do several frames of a body")
    func hops() throws {
        let stage = try stage()
        let worker = try worker(of: stage)
        let client = try Peer<Req>(stage.host.context, connect: door)
        client.send("[1]")
        worker.send(stage.next(worker)[0], "[2]")
        #expect(stage.next(client) == ["[2]"])
        let proxy = try Peer<Dealer>(stage.host.context, connect: door)
        proxy.send("hop", "", "head", "tail")
        let request = stage.next(worker)
        try #require(request.dropFirst() == ["head", "tail"])
        worker.send(request[0], "x", "y")
        #expect(stage.next(proxy) == ["hop", "", "x", "y"])
    }

    @Test("clients get their own replies only")
    func apart() throws {
        let stage = try stage()
        let worker = try worker(of: stage)
        let clients = try (0..<3).map { _ in try Peer<Dealer>(stage.host.context, connect: door) }
        for (number, client) in clients.enumerated() { client.send("\(number)") }
        for _ in clients {
            let request = stage.next(worker)
            worker.send(request[0], "re \(request[1])")
        }
        #expect(clients.map(stage.next) == [["re 0"], ["re 1"], ["re 2"]])
    }

    @Test("a message of too many frames is dropped and counted")
    func tooLong() throws {
        let stage = try stage()
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        client.send(Array(repeating: Array("x".utf8), count: Message.capacity))
        #expect(stage.run { stage.drops(.malformed) == 1 })
        #expect(stage.counts.nativeRequests == 0 && stage.state.natives == 0)
    }

    @Test("without a place among the open exchanges a request stays where it is, and goes when one is over")
    func places() throws {
        let stage = try stage(most: 1)
        let worker = try worker(of: stage)
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        for text in ["1", "2"] { client.send(text) }
        let first = stage.next(worker)
        #expect(stage.run { stage.counts.nativeHeld == 1 })
        stage.settle()
        #expect(worker.heard().isEmpty)
        worker.send(first[0], "[1]")
        #expect(stage.next(worker)[1] == "2")
        #expect(stage.ask("[web]").ends == [.overloaded])
    }

    @Test("an unanswered request gives its place back at the deadline, and the trouble says why")
    func deadline() throws {
        let stage = try stage(most: 1) { $0.replies.deadline = .seconds(2) }
        let worker = try worker(of: stage)
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        client.send("1")
        _ = stage.next(worker)
        stage.pass(seconds: 1.5)
        #expect(stage.counts.nativeOpen == 1 && stage.state.trouble == nil)
        stage.pass(seconds: 1)
        #expect(stage.counts.nativeOpen == 0 && stage.nativeRejections(.deadline) == 1)
        #expect(stage.state.trouble?.contains("replies.deadline") == true)
        #expect(stage.ask("[web]").ends.isEmpty)
        stage.pass(seconds: 61)
        #expect(stage.state.trouble == nil)
    }

    @Test("a lost worker takes their requests with it, and that is counted")
    func workerLost() throws {
        let stage = try stage()
        var worker: Peer<Dealer>? = try worker(of: stage)
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        for text in ["1", "2"] { client.send(text) }
        for _ in 0..<2 { _ = stage.next(worker!) }
        worker = nil
        #expect(stage.run { stage.nativeRejections(.workerLost) == 2 })
        #expect(stage.counts.nativeOpen == 0 && stage.state.natives == 1)
    }

    @Test("a client that leaves is forgotten with its requests, and what comes for it is late")
    func left() throws {
        let stage = try stage()
        let worker = try worker(of: stage)
        var client: Peer<Dealer>? = try Peer<Dealer>(stage.host.context, connect: door)
        client?.send("1")
        let request = stage.next(worker)
        client = nil
        #expect(stage.run { stage.state.natives == 0 })
        #expect(stage.counts.nativeOpen == 0)
        worker.send(request[0], "[1]")
        #expect(stage.run { stage.drops(.late) == 1 })
    }

    @Test("clients behind another broker are forgotten after ten minutes, those with a connection of their own not")
    func memory() throws {
        let stage = try stage()
        let worker = try worker(of: stage)
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        client.send("behind", "", "1")
        client.send("own")
        for _ in 0..<2 { worker.send(stage.next(worker)[0], "[]") }
        #expect(stage.run { stage.state.natives == 2 && stage.counts.nativeOpen == 0 })
        stage.pass(seconds: 599)
        #expect(stage.state.natives == 2)
        stage.pass(seconds: 2)
        #expect(stage.state.natives == 1)
    }

    @Test("with a `final` rule a request is over with the reply that says so")
    func final() throws {
        let stage = try stage { $0.replies.final = FinalRule(.exists(pointer: "/done"), deliver: .data) }
        let worker = try worker(of: stage)
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        client.send("1")
        let request = stage.next(worker)
        worker.send(request[0], "{}")
        #expect(stage.next(client) == ["{}"] && stage.counts.nativeOpen == 1)
        worker.send(request[0], "{\"done\":1}")
        #expect(stage.next(client) == ["{\"done\":1}"] && stage.counts.nativeOpen == 0)
    }

    @Test("of a pool's workers they wait for the first one, and share it with the web")
    func pool() throws {
        let stage = try stage(.ready)
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        client.send("1")
        #expect(stage.run { stage.counts.nativeHeld > 0 })
        #expect(stage.ask("[web]").ends == [.noWorker])
        let worker = try Peer<Dealer>(stage.host.context, connect: there, identity: "w")
        worker.send("", "ready")
        #expect(stage.next(worker) == ["", "1"])
        let sink = stage.ask("[web]")
        worker.send("", "[1]")
        #expect(stage.next(client) == ["[1]"] && stage.next(worker) == ["", "[web]"])
        worker.send("", "[2]")
        #expect(stage.run { sink.replies == ["[2]"] })
        #expect(stage.counts.nativeOpen == 0)
    }

    @Test("in a pool they get no more places than their share, and the deadline ends what waits at a worker")
    func poolPlaces() throws {
        let stage = try stage(.ready, most: 1) { $0.replies.deadline = .seconds(2) }
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        let workers = try ["a", "b"].map { name in
            let worker = try Peer<Dealer>(stage.host.context, connect: there, identity: name)
            worker.send("", "ready")
            #expect(stage.run { stage.state.pools[0].workers.contains { $0.id == name } })
            return worker
        }
        client.send("1")
        #expect(stage.next(workers[0]) == ["", "1"])
        stage.pass(seconds: 1)
        client.send("2")
        #expect(stage.run { stage.state.waiting == 1 })
        stage.settle()
        #expect(workers[1].heard().isEmpty && stage.state.pools[0].ready == 1)
        stage.pass(seconds: 1.1)
        #expect(stage.next(workers[1]) == ["", "2"] && stage.nativeRejections(.deadline) == 1)
        workers[1].send("", "[2]")
        #expect(stage.next(client) == ["[2]"] && stage.counts.nativeOpen == 0)
    }

    @Test("a request that waited until its deadline does not get the place of one that ends with it")
    func poolDeadline() throws {
        let stage = try stage(.ready, most: 1) { $0.replies.deadline = .seconds(2) }
        let client = try Peer<Dealer>(stage.host.context, connect: door)
        let workers = try ["a", "b"].map { name in
            let worker = try Peer<Dealer>(stage.host.context, connect: there, identity: name)
            worker.send("", "ready")
            #expect(stage.run { stage.state.pools[0].workers.contains { $0.id == name } })
            return worker
        }
        for text in ["1", "2", "3"] { client.send(text) }
        #expect(stage.next(workers[0]) == ["", "1"])
        #expect(stage.run { stage.state.waiting == 2 })
        stage.pass(seconds: 2.1)
        #expect(stage.nativeRejections(.deadline) == 3 && stage.state.waiting == 0)
        stage.settle()
        #expect(workers[1].heard().isEmpty && stage.state.pools[0].ready == 1)
    }
}
