// A shared DEALER: frames, endpoints that take turns, one-way requests, words for a worker whose client has left.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A shared socket", .timeLimit(.minutes(1)))
struct DealerServiceTests {
    private let there = Endpoints.fresh()

    private func stage(
        _ peer: ServiceConfiguration.Peer = .dealer, _ adjust: (inout ServiceConfiguration) -> Void = { _ in }
    ) throws -> ServiceStage {
        try ServiceStage(peer) {
            $0.bind = there
            adjust(&$0)
        }
    }

    private func worker(of stage: ServiceStage) throws -> Peer<Dealer> {
        let worker = try Peer<Dealer>(stage.host.context, connect: there)
        #expect(stage.run { stage.state.isReady })
        return worker
    }

    @Test("a REP worker gets a delimiter, and answers once")
    func rep() throws {
        let stage = try stage(.rep)
        let worker = try Peer<Rep>(stage.host.context, connect: there)
        #expect(stage.run { stage.state.isReady })
        for number in 1...2 {
            let sink = stage.ask("[\(number)]")
            #expect(stage.next(worker) == ["[\(number)]"])
            worker.send("\"re \(number)\"")
            #expect(stage.run { sink.ends == [.count] })
            #expect(sink.replies == ["\"re \(number)\""])
        }
    }

    @Test("a reply of other frames ends its own exchange; one without a ticket is dropped")
    func frames() throws {
        let stage = try stage()
        let worker = try worker(of: stage)
        let (broken, other) = (stage.ask("[1]"), stage.ask("[2]"))
        let request = stage.next(worker)
        worker.send(request[0], "[1]", "[2]")
        #expect(stage.run { broken.ends == [.badReply] })
        worker.send("[1]")
        #expect(stage.run { stage.drops(.malformed) + stage.drops(.unknown) == 1 })
        #expect(other.ends.isEmpty)
    }

    @Test("endpoints take turns, and one whose worker goes takes only its own exchanges with it")
    func turns() throws {
        let ends = [there, Endpoints.fresh()]
        let stage = try stage { ($0.bind, $0.connect) = (nil, ends) }
        var first: Peer<Dealer>? = try Peer<Dealer>(stage.host.context, bind: ends[0])
        let second = try Peer<Dealer>(stage.host.context, bind: ends[1])
        #expect(stage.run { stage.state.workers == 2 })
        let sinks = (1...4).map { stage.ask("\($0)") }
        let atFirst = [stage.next(first!)[1], stage.next(first!)[1]]
        let atSecond = [stage.next(second)[1], stage.next(second)[1]]
        #expect(Set([atFirst, atSecond]) == [["1", "3"], ["2", "4"]])
        first = nil
        #expect(stage.run { sinks.count { $0.ends == [.workerLost] } == 2 })
        for (number, sink) in sinks.enumerated() {
            #expect(sink.ends == (atFirst.contains("\(number + 1)") ? [.workerLost] : []))
        }
        _ = stage.ask("5")
        #expect(stage.next(second)[1] == "5")
    }

    @Test("without a worker a request is refused; with `queue_while_down` it waits for one")
    func noWorker() throws {
        #expect(try stage { ($0.bind, $0.connect) = (nil, [there]) }.ask("[1]").ends == [.noWorker])
        let patient = try stage {
            ($0.bind, $0.connect) = (nil, [there])
            $0.socket.queueWhileDown = true
        }
        let sink = patient.ask("[1]")
        let worker = try Peer<Dealer>(patient.host.context, bind: there)
        #expect(patient.next(worker)[1] == "[1]" && sink.ends.isEmpty)
    }

    @Test("the cancel frame carries the ticket of a request that is over, unless the worker itself ended it")
    func cancel() throws {
        let stage = try stage { $0.cancel = "\"stop\"" }
        let worker = try worker(of: stage)
        let done = stage.ask("[1]", EndRules(count: 1, countIsExact: true))
        let first = stage.next(worker)
        worker.send(first[0], "[]")
        #expect(stage.run { done.ends == [.count] })
        let (exchange, _) = stage.open("[2]")
        let second = stage.next(worker)
        exchange.finish(because: .clientLeft)
        #expect(stage.next(worker) == [second[0], "\"stop\""])
    }

    @Test("a one-way request is over when a worker's socket has it, and a withdrawn one is cancelled by its ticket")
    func submitted() throws {
        let stage = try stage { $0.cancel = "\"stop\"" }
        let worker = try worker(of: stage)
        let (exchange, sink) = stage.open("[1]", EndRules(count: 0))
        #expect(stage.next(worker)[1] == "[1]" && sink.ends == [.count] && stage.host.handed == [exchange.ticket])
        let owner = Ticket(reactor: 1, number: 7)
        var body = Frame("[2]")
        let metadata = RequestMetadata(owner: owner, client: 1)
        guard case .accepted = stage.service.submit(&body, [], metadata) else { return #expect(Bool(false)) }
        let request = stage.next(worker)
        stage.service.withdraw(metadata)
        #expect(stage.next(worker) == [request[0], "\"stop\""])
    }

    @Test("the last worker of a bound service that goes ends what it had in hand")
    func lost() throws {
        let stage = try stage()
        var worker: Peer<Dealer>? = try worker(of: stage)
        let sink = stage.ask("[1]")
        let request = stage.next(worker!)
        worker?.send(request[0], "[2]")
        #expect(stage.run { sink.replies == ["[2]"] })
        worker = nil
        #expect(stage.run { sink.ends == [.workerLost] })
        #expect(stage.ask("[3]").ends == [.noWorker] && stage.state.workers == 0)
    }

    @Test("a reply above the bound closes the connection, and says so")
    func oversize() throws {
        let worker = try Peer<Dealer>(Context(), bind: "tcp://127.0.0.1:*")
        let stage = try stage { service in
            (service.bind, service.connect) = (nil, [worker.endpoint])
            service.socket.maxReplyBytes = 100
        }
        #expect(stage.run { stage.state.isReady })
        let sink = stage.ask("[1]")
        worker.send(stage.next(worker)[0], String(repeating: "1", count: 200_000))
        #expect(stage.run { sink.ends == [.limit] })
        #expect(stage.state.trouble?.contains("socket.max_reply_bytes") == true)
    }
}
