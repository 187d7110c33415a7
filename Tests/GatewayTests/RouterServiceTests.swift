// A service behind a ROUTER: which identity serves which exchange, when one is retired, and what ends when the worker
// goes.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Identities of a router service", .timeLimit(.minutes(1)))
struct RouterServiceTests {
    private let there = Endpoints.fresh()

    private func stage(
        most: Int = 100, reactors: Int = 1, _ adjust: (inout ServiceConfiguration) -> Void = { _ in }
    ) throws -> ServiceStage {
        try ServiceStage(.router, most: most, reactors: reactors) {
            $0.connect = [there]
            adjust(&$0)
        }
    }

    private func worker(of stage: ServiceStage) throws -> Peer<Router> {
        let worker = try Peer<Router>(stage.host.context, bind: there)
        #expect(stage.run { stage.state.isReady })
        return worker
    }

    /// One exchange that ends with its first reply. - Returns: the identity that served it.
    private func exchange(_ stage: ServiceStage, _ worker: Peer<Router>) -> String {
        let sink = stage.ask("[1]")
        let request = stage.next(worker)
        worker.send(request[0], "[2]")
        #expect(stage.run { sink.ends == [.count] })
        return request[0]
    }

    private func reusing(_ service: inout ServiceConfiguration) {
        (service.identities.reuse, service.identities.spare, service.identities.max) = (true, 1, 1)
        service.replies.count = 1
    }

    @Test("where the service declares its end and allows it, one identity serves exchange after exchange")
    func reuse() throws {
        let stage = try stage(reusing)
        let worker = try worker(of: stage)
        #expect(Set((0..<3).map { _ in exchange(stage, worker) }).count == 1)
        #expect(stage.state.identitiesReady == 1 && stage.state.identitiesLeased == 0)
    }

    @Test("an end that the service did not declare retires the identity all the same")
    func owed() throws {
        let stage = try stage(reusing)
        let worker = try worker(of: stage)
        let first = exchange(stage, worker)
        let (cut, sink) = stage.open("[1]")
        #expect(stage.next(worker)[0] == first)
        cut.finish(because: .deadline)
        #expect(sink.ends == [.deadline] && exchange(stage, worker) != first)
    }

    @Test("the first reply too many ends reuse for its endpoint, here and on the other reactors")
    func distrust() throws {
        let stage = try stage(reactors: 2, reusing)
        let worker = try worker(of: stage)
        let first = exchange(stage, worker)
        worker.send(first, "[\"too many\"]")
        #expect(stage.run { stage.drops(.late) == 1 })
        #expect(stage.state.trouble?.contains("`identities.reuse` is off") == true)
        let letters = stage.host.posted.compactMap { $0 as? RouterLetter }
        try #require(letters.count == 1)
        guard case .distrusted(endpoint: 0) = letters[0] else { return #expect(Bool(false), "\(letters)") }
        let others = (0..<3).map { _ in exchange(stage, worker) }
        #expect(Set(others + [first]).count == 4)
    }

    @Test("another reactor's distrust retires what has served here")
    func distrusted() throws {
        let stage = try stage(reusing)
        let worker = try worker(of: stage)
        let first = exchange(stage, worker)
        stage.service.receivedLetter(RouterLetter.distrusted(endpoint: 0))
        #expect(exchange(stage, worker) != first)
    }

    @Test("with all identities in use a request is refused, and served when one is free")
    func exhausted() throws {
        let stage = try stage { ($0.identities.max, $0.identities.spare) = (2, 1) }
        let worker = try worker(of: stage)
        let open = ["1", "2"].map { stage.open($0) }
        #expect(stage.run { stage.state.identitiesLeased == 2 })
        #expect(stage.ask("3").ends == [.overloaded])
        for _ in open { _ = stage.next(worker) }
        open[0].exchange.finish(because: .cancelled)
        let sink = stage.ask("4")
        #expect(stage.next(worker).last == "4" && sink.ends.isEmpty)
    }

    @Test("what waits for an identity is sent when one is there, and not if its client has left")
    func waiting() throws {
        let stage = try stage { $0.identities.spare = 1 }
        let worker = try worker(of: stage)
        #expect(stage.run { stage.state.identitiesReady == 1 })
        let all = ["1", "2", "3"].map { stage.open($0) }
        #expect(stage.state.waiting == 2)
        all[1].exchange.finish(because: .clientLeft)
        #expect(stage.state.waiting == 1)
        #expect(Set([stage.next(worker)[1], stage.next(worker)[1]]) == ["1", "3"])
        stage.settle()
        #expect(worker.heard().isEmpty)
    }

    @Test("without a worker a request is refused at once; with `queue_while_down` it waits for one")
    func noWorker() throws {
        #expect(try stage().ask("[1]").ends == [.noWorker])
        let patient = try stage { $0.socket.queueWhileDown = true }
        let sink = patient.ask("[1]")
        #expect(sink.ends.isEmpty)
        let worker = try Peer<Router>(patient.host.context, bind: there)
        #expect(patient.next(worker).last == "[1]")
    }

    @Test("a worker that goes ends its exchanges after its last replies, those that are paused when they go on")
    func lost() throws {
        let stage = try stage()
        var worker: Peer<Router>? = try worker(of: stage)
        let (one, paused) = (stage.open("1"), stage.open("2"))
        let requests = [stage.next(worker!), stage.next(worker!)].sorted { $0[1] < $1[1] }
        paused.exchange.pause(by: paused.sink)
        for request in requests { worker?.send(request[0], "[\(request[1])]") }
        #expect(stage.run { one.sink.replies == ["[1]"] })
        worker = nil
        #expect(stage.run { one.sink.ends == [.workerLost] })
        #expect(paused.sink.ends.isEmpty && paused.sink.replies.isEmpty)
        paused.exchange.resume(by: paused.sink)
        #expect(stage.run { paused.sink.ends == [.workerLost] })
        #expect(paused.sink.replies == ["[2]"] && stage.ask("3").ends == [.noWorker])
    }

    @Test("the cancel frame goes out under the identity that asked")
    func cancel() throws {
        let stage = try stage { $0.cancel = "\"stop\"" }
        let worker = try worker(of: stage)
        let (exchange, _) = stage.open("[1]")
        let request = stage.next(worker)
        exchange.finish(because: .cancelled)
        #expect(stage.next(worker) == [request[0], "\"stop\""])
    }

    @Test("with a delimiter requests have one, and a reply without it cannot be used")
    func delimiter() throws {
        let stage = try stage { $0.delimiter = true }
        let worker = try worker(of: stage)
        for (frames, end) in [(["", "[2]"], EndReason.count), (["[2]"], .badReply)] {
            let sink = stage.ask("[1]", EndRules(count: 1))
            let request = stage.next(worker)
            #expect(request.dropFirst() == ["", "[1]"])
            worker.send(([request[0]] + frames).map { Array($0.utf8) })
            #expect(stage.run { sink.ends == [end] })
        }
    }

    @Test("a reply above the bound closes the connection, and the exchange says why")
    func oversize() throws {
        let stage = try stage { $0.socket.maxReplyBytes = 100 }
        let worker = try worker(of: stage)
        let sink = stage.ask("[1]")
        worker.send(stage.next(worker)[0], String(repeating: "1", count: 200))
        #expect(stage.run { sink.ends == [.limit] })
        #expect(sink.fault?.contains("socket.max_reply_bytes") == true && sink.replies.isEmpty)
        #expect(stage.state.trouble?.contains("more than 100 bytes") == true)
        stage.pass(seconds: 61)
        #expect(stage.state.trouble == nil)
    }

    @Test("several routers take turns, and one that goes takes only its own exchanges with it")
    func turns() throws {
        let other = Endpoints.fresh()
        let stage = try stage { $0.connect.append(other) }
        var first: Peer<Router>? = try Peer<Router>(stage.host.context, bind: there)
        let second = try Peer<Router>(stage.host.context, bind: other)
        #expect(stage.run { stage.state.workers == 2 })
        var (atFirst, atSecond): ([FakeSink], [FakeSink]) = ([], [])
        for number in 1...12 {
            let sink = stage.ask("\(number)")
            #expect(
                stage.run {
                    if first?.heard().isEmpty == false { atFirst.append(sink) }
                    if !second.heard().isEmpty { atSecond.append(sink) }
                    return atFirst.count + atSecond.count == number
                })
        }
        #expect(atFirst.count >= 2 && atSecond.count >= 2)
        first = nil
        #expect(stage.run { atFirst.allSatisfy { $0.ends == [.workerLost] } })
        #expect(atSecond.allSatisfy { $0.ends.isEmpty } && stage.state.workers == 1)
    }

    @Test("a one-way request is over when it is sent")
    func oneWay() throws {
        let stage = try stage()
        let worker = try worker(of: stage)
        let sink = stage.ask("[1]", EndRules(count: 0))
        #expect(stage.next(worker).last == "[1]")
        #expect(stage.run { sink.ends == [.count] })
        #expect(stage.run { stage.state.identitiesLeased == 0 })
    }

    @Test("without a descriptor for an identity a request is refused, and the trouble says why")
    func noDescriptor() throws {
        let stage = try stage { $0.identities.spare = 1 }
        let places = stage.host.bounds.places.identities
        while places.take(1) {}
        let worker = try Peer<Router>(stage.host.context, bind: there)
        #expect(stage.run { stage.state.isReady && stage.state.trouble != nil })
        #expect(stage.state.trouble?.contains("cannot open another identity") == true)
        let sink = stage.ask("[1]")
        #expect(stage.run { sink.ends == [.overloaded] })
        places.give(2)
        #expect(stage.run { stage.state.identitiesReady == 1 && stage.state.trouble == nil })
        _ = stage.ask("[2]")
        #expect(stage.next(worker).last == "[2]")
    }
}
