// A broker over real sockets: what native clients get, and what becomes of workers that break the protocol.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A broker", .timeLimit(.minutes(1)))
struct MajordomoTests {
    private let there = Endpoints.fresh()

    private func stage(_ adjust: (inout ServiceConfiguration) -> Void = { _ in }) throws -> ServiceStage {
        try ServiceStage(.majordomo) {
            $0.bind = there
            adjust(&$0)
        }
    }

    private func peer(_ stage: ServiceStage) throws -> Peer<Dealer> {
        try Peer<Dealer>(stage.host.context, connect: there)
    }

    /// A worker of 0.1 that offers `name`.
    private func worker(_ stage: ServiceStage, _ name: String = "echo") throws -> Peer<Dealer> {
        let worker = try peer(stage)
        let before = stage.state.workers
        worker.send("", "MDPW01", "\u{1}", name)
        #expect(stage.run { stage.state.workers == before + 1 })
        return worker
    }

    @Test("a client of 0.1 waits for a worker that is yet to come, and gets its reply")
    func client() throws {
        let stage = try stage()
        let client = try peer(stage)
        client.send("", "MDPC01", "echo", "hello", "world")
        #expect(stage.run { stage.state.waiting == 1 })
        let worker = try worker(stage)
        let request = stage.next(worker)
        try #require(request.count == 7 && request[1...2] == ["MDPW01", "\u{2}"] && request[4] == "")
        #expect(request[5...] == ["hello", "world"])
        worker.send("", "MDPW01", "\u{3}", request[3], "", "HELLO", "WORLD")
        #expect(stage.next(client) == ["", "MDPC01", "echo", "HELLO", "WORLD"])
        #expect(stage.counts.nativeOpen == 0 && stage.counts.nativeReplies == 1)
    }

    @Test("a client of 0.2 gets parts as they come, one of 0.1 gets them together with the last")
    func parts() throws {
        let stage = try stage()
        let worker = try peer(stage)
        worker.send("MDPW02", "\u{1}", "echo")
        #expect(stage.run { stage.state.workers == 1 })
        #expect(stage.host.registeredServices.last?.registered?.streams == true)
        let (old, new) = (try peer(stage), try peer(stage))
        new.send("MDPC02", "\u{1}", "echo", "1")
        let first = stage.next(worker)
        try #require(first.count == 5 && first[0...1] == ["MDPW02", "\u{2}"])
        worker.send("MDPW02", "\u{3}", first[2], "", "a")
        #expect(stage.next(new) == ["MDPC02", "\u{2}", "echo", "a"])
        worker.send("MDPW02", "\u{4}", first[2], "", "b")
        #expect(stage.next(new) == ["MDPC02", "\u{3}", "echo", "b"])
        old.send("", "MDPC01", "echo", "2")
        let second = stage.next(worker)
        worker.send("MDPW02", "\u{3}", second[2], "", "a")
        stage.settle()
        #expect(old.heard().isEmpty)
        worker.send("MDPW02", "\u{4}", second[2], "", "b")
        #expect(stage.next(old) == ["", "MDPC01", "echo", "a", "b"])
    }

    @Test("a peer of 0.2 that sends an empty frame in front is answered as it speaks")
    func delimiters() throws {
        let stage = try stage()
        let (worker, client) = (try peer(stage), try peer(stage))
        worker.send("", "MDPW02", "\u{1}", "echo")
        client.send("", "MDPC02", "\u{1}", "echo", "1")
        let request = stage.next(worker)
        try #require(request.count == 6 && request[0...2] == ["", "MDPW02", "\u{2}"])
        worker.send("", "MDPW02", "\u{4}", request[3], "", "2")
        #expect(stage.next(client) == ["", "MDPC02", "\u{3}", "echo", "2"])
    }

    @Test(
        "the broker itself answers whether a name has workers, and knows no other question",
        arguments: [("mmi.service", "echo", "200"), ("mmi.service", "none", "404"), ("mmi.what", "echo", "501")])
    func management(_ service: String, _ name: String, _ answer: String) throws {
        let stage = try stage()
        let worker = try worker(stage)
        defer { withExtendedLifetime(worker) {} }
        let client = try peer(stage)
        client.send("", "MDPC01", service, name)
        #expect(stage.next(client) == ["", "MDPC01", service, answer])
    }

    @Test(
        "a malformed message is counted and dropped",
        arguments: [
            ["x"], Array(repeating: "", count: 40), ["", "MDPW01"], ["", "MDPW01", ""], ["", "MDPC01"], ["MDPC02"],
            ["MDPC02", "\u{9}", "echo", "x"], ["MDPW02", "\u{1}"], ["", "MDPX01", "a"], ["", "MDPC03", "a", "b"],
            ["MDPC01", "a", "b"], ["", "MDPC01", "echo"],
            ["MDPC02", "\u{2}", "echo", "1"], ["MDPC02", "\u{1}", "echo"], ["", "MDPW01", "\u{9}"],
            ["", "MDPW01", "ready"],
            ["", "MDPW01", "\u{1}"],
        ])
    func malformed(_ words: [String]) throws {
        let stage = try stage()
        let stranger = try peer(stage)
        stranger.send(words.map { Array($0.utf8) })
        #expect(stage.run { stage.drops(.malformed) == 1 })
        #expect(stage.state.workers == 0 && stage.counts.nativeRequests == 0)
    }

    @Test(
        "a worker that offers a refused name gets no DISCONNECT, and the trouble says why",
        arguments: [
            ("other", "not allowed"), ("e/cho", "which is not a valid name"), ("", "which is not a valid name"),
            ("mmi.x", "which is not a valid name"),
        ])
    func names(_ name: String, _ words: String) throws {
        let stage = try stage { $0.pool.allow = ["e*", "mmi.*"] }
        let stranger = try peer(stage)
        stranger.send("", "MDPW01", "\u{1}", name)
        #expect(stage.run { stage.state.trouble?.contains(words) == true })
        stranger.send("", "MDPW01", "\u{4}")
        stage.settle()
        #expect(stranger.heard().isEmpty && stage.host.registeredServices.isEmpty)
        stage.pass(seconds: 61)
        #expect(stage.state.trouble == nil)
        let client = try peer(stage)
        client.send("", "MDPC01", "other", "1")
        #expect(stage.run { stage.nativeRejections(.noWorker) == 1 })
    }

    @Test("one connection offers one name: a second one gets DISCONNECT")
    func oneName() throws {
        let stage = try stage()
        let worker = try worker(stage, "a")
        worker.send("", "MDPW01", "\u{5}")
        #expect(stage.run { stage.state.workers == 0 })
        worker.send("", "MDPW01", "\u{1}", "b")
        #expect(stage.next(worker) == ["", "MDPW01", "\u{5}"])
        #expect(stage.counts.violations == 1 && stage.state.workers == 0)
        worker.send("", "MDPW01", "\u{1}", "a")
        #expect(stage.run { stage.state.workers == 1 })
    }

    @Test(
        "a worker that speaks before READY gets one DISCONNECT",
        arguments: [
            ["\u{4}"], ["\u{3}"], ["\u{3}", "nobody", "", "x"], ["\u{3}", "c", "x", "y"], ["\u{2}", "c", "", "x"],
        ])
    func unknown(_ words: [String]) throws {
        let stage = try stage()
        let worker = try peer(stage)
        for _ in 0..<3 { worker.send((["", "MDPW01"] + words).map { Array($0.utf8) }) }
        #expect(stage.next(worker) == ["", "MDPW01", "\u{5}"])
        stage.settle()
        #expect(worker.heard().isEmpty)
        #expect(stage.drops(.late) == (words[0] == "\u{3}" ? 3 : 0) && stage.state.workers == 0)
    }

    @Test(
        "a worker that breaks the protocol gets DISCONNECT, and its request is lost",
        arguments: [["\u{1}", "echo"], ["\u{2}", "client", "", "x"], ["\u{3}", "what", "", "x"]])
    func broken(_ words: [String]) throws {
        let stage = try stage()
        let worker = try worker(stage)
        let sink = stage.ask("[1]", subject: "echo")
        _ = stage.next(worker)
        worker.send((["", "MDPW01"] + words).map { Array($0.utf8) })
        #expect(stage.run { sink.ends == [.workerLost] })
        #expect(stage.next(worker) == ["", "MDPW01", "\u{5}"] && stage.state.workers == 0)
    }

    @Test("who breaks the protocol again is let in again later, and gets no work before")
    func offences() throws {
        let stage = try stage { $0.pool.heartbeatInterval = .seconds(2) }
        let worker = try worker(stage)
        for offence in 1...2 {
            worker.send("", "MDPW01", "\u{1}", "echo")
            #expect(stage.run { stage.counts.violations == UInt64(offence) })
            #expect(stage.next(worker) == ["", "MDPW01", "\u{5}"])
            worker.send("", "MDPW01", "\u{1}", "echo")
            if offence == 1 { #expect(stage.run { stage.state.workers == 1 }) }
        }
        stage.settle()
        let broker = try #require(stage.service as? MajordomoService)
        broker.timerFired(0)
        #expect(stage.state.workers == 0 && stage.next(worker) == ["", "MDPW01", "\u{4}"])
        stage.host.advance(by: 2_000_000_000)
        broker.timerFired(0)
        #expect(stage.state.workers == 1)
    }

    @Test("a reply to a request that was taken from its worker is late, and breaks nothing")
    func owed() throws {
        let stage = try stage()
        let worker = try worker(stage)
        let sink = stage.ask("[1]", subject: "echo")
        let request = stage.next(worker)
        worker.send("", "MDPW01", "\u{5}")
        #expect(stage.run { sink.ends == [.workerLost] })
        worker.send("", "MDPW01", "\u{1}", "echo")
        worker.send("", "MDPW01", "\u{3}", request[3], "", "[1]")
        #expect(stage.run { stage.drops(.late) == 1 && stage.state.workers == 1 })
        #expect(stage.counts.violations == 0 && sink.replies.isEmpty)
        worker.send("", "MDPW01", "\u{3}", request[3], "", "[1]")
        #expect(stage.run { stage.counts.violations == 1 })
    }

    @Test("heartbeats go to the workers at their interval, and the silent are gone after all of their lives")
    func heartbeats() throws {
        let stage = try stage { ($0.pool.heartbeatInterval, $0.pool.liveness) = (.milliseconds(5), 1_000_000) }
        let worker = try worker(stage)
        for _ in 0..<2 { #expect(stage.next(worker) == ["", "MDPW01", "\u{4}"]) }
        stage.pass(seconds: 4_000)
        #expect(stage.state.workers == 1)
        worker.send("", "MDPW01", "\u{4}")
        stage.settle()
        stage.pass(seconds: 4_000)
        #expect(stage.state.workers == 1)
        stage.pass(seconds: 1_001)
        #expect(stage.state.workers == 0 && stage.counts.workersLost == 1)
    }

    @Test("a name without workers is remembered for a minute, and then forgotten on every reactor")
    func forgotten() throws {
        let stage = try stage()
        let worker = try worker(stage)
        worker.send("", "MDPW01", "\u{5}")
        #expect(stage.run { stage.state.workers == 0 })
        #expect(stage.host.registeredServices.count == 1 && stage.service.isReady(for: "echo") == false)
        stage.pass(seconds: 59)
        #expect(stage.host.registeredServices.count == 1)
        stage.pass(seconds: 2)
        #expect(
            stage.host.registeredServices.count == 2 && stage.host.registeredServices[1].name == "echo"
                && stage.host.registeredServices[1].registered == nil)
    }

    @Test("a reply without a body is no reply; one of several frames is none for the web")
    func shapes() throws {
        let stage = try stage()
        let worker = try worker(stage)
        for frames in [[], ["[1]", "[2]"]] {
            let sink = stage.ask("[1]", subject: "echo")
            let request = stage.next(worker)
            worker.send((["", "MDPW01", "\u{3}", request[3], ""] + frames).map { Array($0.utf8) })
            #expect(stage.run { sink.ends == [.badReply] })
        }
        #expect(stage.state.workers == 1)
    }

    @Test("a worker that is drained gets nothing new, by the name of its pool")
    func drained() throws {
        let stage = try stage()
        let worker = try worker(stage)
        defer { withExtendedLifetime(worker) {} }
        let id = stage.state.pools[0].workers[0].id
        stage.service.setDraining(true, worker: id, "other")
        #expect(stage.state.pools[0].draining == 0)
        stage.service.setDraining(true, worker: id, "echo")
        #expect(stage.state.pools[0].draining == 1)
        let (exchange, sink) = stage.open("[1]", subject: "echo")
        #expect(sink.ends.isEmpty && stage.state.waiting == 1)
        exchange.finish(because: .cancelled)
        #expect(stage.state.waiting == 0)
    }
}
