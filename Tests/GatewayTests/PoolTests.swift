// A pool of workers that say when they are ready, without a socket: who gets which request, and what becomes of those
// whose worker goes.

import Bridge
import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

/// A service whose pool gives requests to this object in place of sockets.
private final class PooledService: Service, PoolDialect {
    let plan: ServicePlan
    var state: ServiceState { ServiceState() }
    private(set) var pool: Pool!
    /// What workers were given: name and body.
    private(set) var given: [String] = []
    private(set) var removed: [String] = []
    private(set) var tickets: [Ticket] = []

    init(_ plan: ServicePlan) { self.plan = plan }

    func begin(_ host: FakeHost) { pool = Pool(host, plan, self, NativePlaces(host, plan), OwnedRequests()) }

    func start() {}
    func tick() {}
    func stop() { pool = nil }
    func drain() -> Bool { false }
    func pause(_ exchange: any Requester) {}
    func resume(_ exchange: any Requester) {}
    func ended(_ exchange: any Requester, _ end: End) { pool.withdraw(exchange.ticket) }
    func sendToWorker(_ request: inout Frame, for exchange: any Requester) -> SendResult {
        pool.submit(&request, [], exchange.metadata)
    }

    func give(_ request: QueuedRequest, to worker: Worker) -> SendOutcome {
        given.append("\(String(decoding: worker.name, as: UTF8.self)):\(String(copying: request.body.bytes))")
        tickets.append(request.ticket)
        return .sent
    }
    func removed(_ worker: Worker) { removed.append(String(decoding: worker.name, as: UTF8.self)) }
}

@Suite("A pool of workers")
struct PoolTests {
    private let service: PooledService
    private let host: FakeHost

    /// - Parameter replies: how many a request gets.
    private init(replies: Int? = nil, _ adjust: (inout PoolSettings) -> Void) throws {
        var configuration = ServiceConfiguration(name: "s", peer: .ready)
        configuration.replies.count = replies
        configuration.bind = "inproc://s"
        adjust(&configuration.pool)
        service = PooledService(ServicePlan(index: 0, configuration))
        host = try FakeHost([service.plan])
        service.begin(host)
    }

    init() throws { try self.init { _ in } }

    private func worker(_ name: String) -> WorkerID {
        let id = service.pool.register(
            Array(name.utf8), connection: nil, origin: 0, anchor: FrameBox(Frame()), spelling: 0)
        service.pool.ready(id)
        return id
    }

    private func ask(_ text: String) -> FakeSink { ask(text, service.plan.rules) }

    private func ask(_ text: String, _ rules: EndRules) -> FakeSink {
        let sink = FakeSink()
        let exchange = Exchange(host, service, rules, fairnessKey: 1, takesEnvelopes: false)
        var frame = Frame(text)
        exchange.open(&frame, sink)
        return sink
    }

    /// The worker that has the `number`th request that was given out answers it.
    private func response(_ text: String, _ number: Int, _ id: WorkerID) {
        var frame = Frame(text)
        service.pool.replied(&frame, service.tickets[number], of: id, ReplyMetadata())
    }

    @Test("the worker that has been ready longest is next, and without one a request waits")
    func order() {
        #expect(ask("0").ends == [.noWorker])
        let (a, b) = (worker("a"), worker("b"))
        let sinks = ["1", "2", "3", "4"].map(ask)
        #expect(service.given == ["a:1", "b:2"] && service.pool.queue.count == 2)
        response("[2]", 1, b)
        response("[1]", 0, a)
        #expect(service.given == ["a:1", "b:2", "b:3", "a:4"])
        #expect(sinks[0].replies == ["[1]"] && sinks[1].replies == ["[2]"] && sinks[2].replies.isEmpty)
        #expect(sinks[0].ends == [.count])
    }

    @Test(
        "a lost worker ends its request, unless it may be retried at another one", arguments: [0, 1])
    func lost(_ retries: Int) throws {
        let test = try PoolTests { $0.retries = retries }
        let a = test.worker("a")
        let sink = test.ask("1")
        _ = test.worker("b")
        test.service.pool.lost(a)
        #expect(test.service.removed == ["a"])
        #expect(test.service.given == (retries == 0 ? ["a:1"] : ["a:1", "b:1"]))
        #expect(sink.ends == (retries == 0 ? [.workerLost] : []))
        #expect(test.host.metrics.services[0].counts.retried == UInt64(retries))
    }

    @Test("a request is retried up to its limit, and waits if no worker is left")
    func retries() throws {
        let test = try PoolTests { $0.retries = 1 }
        let a = test.worker("a")
        let sink = test.ask("1")
        test.service.pool.lost(a)
        #expect(sink.ends.isEmpty && test.service.pool.queue.count == 1)
        let b = test.worker("b")
        #expect(test.service.given == ["a:1", "b:1"])
        test.service.pool.lost(b)
        #expect(sink.ends == [.workerLost])
    }

    @Test("what has been answered in part is not tried again, and neither is a one-way request")
    func notAgain() throws {
        let test = try PoolTests(replies: 2) { $0.retries = 3 }
        let a = test.worker("a")
        let sink = test.ask("1")
        test.response("[1]", 0, a)
        #expect(sink.replies == ["[1]"])
        _ = test.worker("b")
        test.service.pool.lost(a)
        #expect(sink.ends == [.workerLost] && test.service.given == ["a:1"])
        let oneWay = test.ask("2", EndRules(count: 0))
        #expect(oneWay.ends == [.count] && test.service.given == ["a:1", "b:2"])
        let c = test.worker("c")
        for worker in test.service.pool.workers.all where worker.id != c { test.service.pool.lost(worker.id) }
        #expect(test.service.given == ["a:1", "b:2"] && test.host.open.isEmpty)
    }

    @Test("a request that has waited too long is rejected")
    func age() throws {
        let test = try PoolTests { $0.queueAge = .seconds(2) }
        _ = test.worker("a")
        let sinks = ["1", "2"].map(test.ask)
        test.host.advance(by: 1_900_000_000)
        test.service.pool.tick(silence: nil)
        #expect(sinks[1].ends.isEmpty)
        test.host.advance(by: 200_000_000)
        test.service.pool.tick(silence: nil)
        #expect(sinks[0].ends.isEmpty && sinks[1].ends == [.overloaded])
    }

    @Test("a full queue rejects requests")
    func full() throws {
        let test = try PoolTests { $0.queueLength = 1 }
        _ = test.worker("a")
        let ends = ["1", "2", "3"].map { test.ask($0).ends }
        #expect(ends == [[], [], [.overloaded]])
    }

    @Test("a silent worker is lost, one that sends something is not")
    func silence() {
        let (a, _) = (worker("a"), worker("b"))
        host.advance(by: 3_000_000_000)
        service.pool.heard(a)
        service.pool.tick(silence: 2_000_000_000)
        #expect(service.removed == ["b"] && service.pool.workers.count == 1)
        #expect(host.metrics.services[0].counts.workersLost == 1)
    }

    @Test("a drained worker finishes what it has, and gets nothing new until it is resumed")
    func draining() {
        let a = worker("a")
        let sinks = ["1", "2"].map(ask)
        service.pool.setDraining(true, "a")
        response("[1]", 0, a)
        #expect(sinks[0].replies == ["[1]"] && service.given == ["a:1"])
        service.pool.setDraining(false, "a")
        #expect(service.given == ["a:1", "a:2"])
    }

    @Test("a reply to a client that has left is counted, and its worker is ready again")
    func orphans() {
        let a = worker("a")
        _ = ask("1")
        _ = ask("2")
        host.open[0].finish(because: .clientLeft)
        response("[1]", 0, a)
        #expect(service.given == ["a:1", "a:2"])
        #expect(host.metrics.services[0].counts.drops[DropReason.late.rawValue] == 1)
        host.open[0].finish(because: .clientLeft)
        #expect(host.open.isEmpty)
    }

    @Test("a pool whose queue was large is gone when its service is done with it")
    func forgotten() {
        weak let pool = service.pool
        _ = worker("a")
        let long = String(repeating: "x", count: 2 * MemoryLedger.grain)
        _ = [long, long].map(ask)
        #expect(host.memory.bytes[MemoryKind.queues.rawValue] > MemoryLedger.grain)
        for exchange in host.open { exchange.finish(because: .clientLeft) }
        #expect(host.memory.bytes[MemoryKind.queues.rawValue] == 0)
        service.stop()
        #expect(pool == nil)
    }

    @Test("a worker can only answer the requests that it was given")
    func foreign() {
        let (a, b) = (worker("a"), worker("b"))
        let sinks = ["1", "2"].map(ask)
        response("[x]", 0, b)
        #expect(sinks.allSatisfy { $0.replies.isEmpty })
        response("[1]", 0, a)
        #expect(sinks[0].replies == ["[1]"])
    }
}
