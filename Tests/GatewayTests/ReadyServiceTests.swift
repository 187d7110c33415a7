// Workers that say when they are ready, over real sockets: the dialects they speak, and what becomes of those that go.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Ready workers", .timeLimit(.minutes(1)))
struct ReadyServiceTests {
    private let there = Endpoints.fresh()

    private func stage(
        _ dialect: PoolSettings.Dialect, _ adjust: (inout ServiceConfiguration) -> Void = { _ in }
    ) throws -> ServiceStage {
        try ServiceStage(.ready) {
            $0.bind = there
            $0.pool.dialect = dialect
            adjust(&$0)
        }
    }

    /// A worker that has said `words` and is known.
    private func worker(_ stage: ServiceStage, _ name: String = "w", _ words: String...) throws -> Peer<Dealer> {
        let worker = try Peer<Dealer>(stage.host.context, connect: there, identity: name)
        let before = stage.state.workers
        worker.send(words.map { Array($0.utf8) })
        #expect(stage.run { stage.state.workers == before + 1 })
        return worker
    }

    @Test("a bare worker's reply says that it is ready again")
    func bare() throws {
        let stage = try stage(.bare)
        let worker = try worker(stage, "w", "", "hello")
        let sinks = ["[1]", "[2]"].map { stage.ask($0) }
        for (number, sink) in sinks.enumerated() {
            #expect(stage.next(worker) == ["", "[\(number + 1)]"])
            stage.settle()
            #expect(worker.heard().isEmpty)
            worker.send("", "\"\(number)\"")
            #expect(stage.run { sink.ends == [.count] })
            #expect(sink.replies == ["\"\(number)\""])
        }
    }

    @Test("where it carries no reply, the word after the work only ends the exchange")
    func marker() throws {
        let stage = try stage(.bare) { $0.pool.readyCarriesReply = false }
        let worker = try worker(stage, "w", "", "ready")
        let sink = stage.ask("[1]")
        #expect(stage.next(worker) == ["", "[1]"])
        worker.send("", "ready")
        #expect(stage.run { sink.ends == [.final] })
        #expect(sink.replies.isEmpty && stage.state.pools[0].ready == 1)
    }

    @Test("an addressed worker says which request it answers, and READY forgets what it had")
    func addressed() throws {
        let stage = try stage(.addressed)
        let worker = try worker(stage, "w", "", "READY")
        let first = stage.ask("[1]")
        let request = stage.next(worker)
        try #require(request.count == 4 && request[0] == "" && request[2] == "" && request[3] == "[1]")
        worker.send("", request[1], "", "\"a\"")
        #expect(stage.run { first.replies == ["\"a\""] })
        let second = stage.ask("[2]")
        _ = stage.next(worker)
        worker.send("", "READY")
        #expect(stage.run { second.ends == [.workerLost] })
        #expect(stage.state.pools[0].ready == 1)
    }

    @Test("a pirate is answered as it spells its protocol", arguments: [["\u{1}", "\u{2}"], ["READY", "HEARTBEAT"]])
    func pirates(_ words: [String]) throws {
        let stage = try stage(.paranoidPirate) {
            ($0.pool.heartbeatInterval, $0.pool.liveness) = (.milliseconds(5), 1_000)
        }
        let worker = try worker(stage, "w", words[0])
        for _ in 0..<2 { #expect(stage.next(worker) == [words[1]]) }
        let sink = stage.ask("[1]")
        var request: [String] = []
        #expect(
            stage.run {
                let message = worker.heard()
                worker.send(words[1])
                if message.count > 1 { request = message }
                return !request.isEmpty
            })
        try #require(request.count == 3 && request[1] == "" && request[2] == "[1]")
        worker.send(request[0], "", "\"a\"")
        #expect(stage.run { sink.replies == ["\"a\""] })
    }

    @Test("a pirate that is silent for all of its lives is gone, one that gives a sign of life is not")
    func silence() throws {
        let stage = try stage(.paranoidPirate) { ($0.pool.heartbeatInterval, $0.pool.liveness) = (.seconds(2), 3) }
        let lively = try worker(stage, "lively", "\u{1}")
        let quiet = try worker(stage, "quiet", "\u{1}")
        stage.pass(seconds: 5)
        #expect(stage.state.workers == 2)
        lively.send("\u{2}")
        #expect(stage.run { stage.state.pools[0].workers[0].heardMilliseconds < 1_000 })
        stage.pass(seconds: 1.5)
        #expect(stage.state.pools[0].workers.map(\.id) == ["lively"] && stage.counts.workersLost == 1)
        withExtendedLifetime(quiet) {}
    }

    @Test("a pirate that is not known and gives a sign of life is ready")
    func back() throws {
        let stage = try stage(.paranoidPirate)
        let worker = try worker(stage, "w", "\u{2}")
        _ = stage.ask("[1]")
        #expect(stage.next(worker).last == "[1]")
    }

    @Test(
        "a malformed message is counted and makes no worker ready",
        arguments: [
            (PoolSettings.Dialect.bare, ["x"]), (.bare, ["x", "y"]), (.bare, ["", "a", "b"]), (.bare, [""]),
            (.bare, Array(repeating: "", count: 40)), (.addressed, [""]),
            (.addressed, ["", "a", "x", "b", "c", "d"]), (.paranoidPirate, [""]),
            (.paranoidPirate, ["a", "b", "c", "d", "e", "f"]),
            (.addressed, ["", "ready"]),
            (.addressed, ["READY"]), (.addressed, ["", "a", "b", "c"]), (.paranoidPirate, ["\u{3}"]),
            (.paranoidPirate, ["a", "b"]), (.paranoidPirate, ["a", "b", "c"]),
        ])
    func malformed(_ dialect: PoolSettings.Dialect, _ words: [String]) throws {
        let stage = try stage(dialect)
        let worker = try Peer<Dealer>(stage.host.context, connect: there)
        worker.send(words.map { Array($0.utf8) })
        #expect(stage.run { stage.drops(.malformed) == 1 })
        #expect(stage.state.workers == 0)
    }

    @Test("a reply to no request of ours is dropped, and one to another's request leaves its worker ready")
    func foreign() throws {
        let stage = try stage(.addressed)
        let worker = try worker(stage, "w", "", "READY")
        worker.send("", "what", "", "[1]")
        #expect(stage.run { stage.drops(.unknown) == 1 })
        let (exchange, sink) = stage.open("[1]")
        let request = stage.next(worker)
        exchange.finish(because: .cancelled)
        worker.send("", request[1], "", "[1]")
        #expect(stage.run { stage.drops(.late) == 1 })
        #expect(sink.replies.isEmpty && stage.state.pools[0].ready == 1)
    }

    @Test("a worker whose connection is gone takes its request with it, or another gets it", arguments: [0, 1])
    func lost(_ retries: Int) throws {
        let stage = try stage(.bare) { $0.pool.retries = retries }
        var first: Peer<Dealer>? = try worker(stage, "a", "", "ready")
        let sink = stage.ask("[1]")
        _ = stage.next(first!)
        let second = try worker(stage, "b", "", "ready")
        first = nil
        #expect(stage.run { stage.state.workers == 1 })
        if retries == 0 {
            #expect(sink.ends == [.workerLost])
        } else {
            #expect(sink.ends.isEmpty && stage.next(second) == ["", "[1]"] && stage.counts.retried == 1)
            second.send("", "[2]")
            #expect(stage.run { sink.replies == ["[2]"] })
        }
    }

    @Test("a worker that comes back under its name is a new one, and the former's request is lost")
    func again() throws {
        let stage = try stage(.bare) { $0.pool.handover = true }
        let former = try worker(stage, "w", "", "ready")
        let sink = stage.ask("[1]")
        _ = stage.next(former)
        let next = try Peer<Dealer>(stage.host.context, connect: there, identity: "w")
        next.send("", "ready")
        #expect(stage.run { sink.ends == [.workerLost] })
        #expect(sink.replies.isEmpty && stage.state.workers == 1)
        _ = stage.ask("[2]")
        #expect(stage.next(next) == ["", "[2]"])
    }

    @Test("a message of several frames is no reply of the web's")
    func frames() throws {
        let stage = try stage(.bare)
        let worker = try worker(stage, "w", "", "ready")
        let sink = stage.ask("[1]")
        _ = stage.next(worker)
        worker.send("", "[1]", "[2]")
        #expect(stage.run { sink.ends == [.badReply] })
    }

    @Test("a worker with room for several gets as many at a time")
    func capacity() throws {
        let stage = try stage(.addressed) { $0.pool.capacity = 2 }
        let worker = try worker(stage, "w", "", "READY")
        let sinks = ["1", "2", "3"].map { stage.ask($0) }
        let requests = [stage.next(worker), stage.next(worker)]
        stage.settle()
        #expect(worker.heard().isEmpty && stage.state.waiting == 1)
        worker.send("", requests[1][1], "", "[2]")
        #expect(stage.run { sinks[1].replies == ["[2]"] && stage.state.waiting == 0 })
        #expect(stage.next(worker)[3] == "3" && sinks[0].replies.isEmpty)
    }
}
