// A reactor's gateway without listeners, threads and time of its own; a service without a worker; a client.

import Bridge
import Configuration
import JSON
import Logging
import Reactors
import ZeroMQ

@testable import Gateway

/// A host whose clock the test turns.
final class FakeHost: ServiceHost {
    var now = Instant(nanoseconds: 1_000)
    let reactor: Reactor
    let metrics: Metrics
    /// Exchanges that may be open at once.
    var most = 10
    private(set) var open: [Exchange] = []
    private var issued: UInt64 = 0

    init(_ plans: [ServicePlan]) throws {
        reactor = try Reactor()
        metrics = Metrics(plans, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, isFirst: true)
    }

    func advance(by time: Nanoseconds) { now = now + time }

    func admit(_ exchange: Exchange) -> Bool {
        guard open.count < most else { return false }
        issued += 1
        exchange.ticket = Ticket(reactor: 0, number: issued)
        open.append(exchange)
        return true
    }

    func closed(_ exchange: Exchange) { open.removeAll { $0 === exchange } }
    func drainNow(_ service: any Service) { _ = service.drain() }
}

/// A service that keeps what it is asked to do.
final class FakeService: Service {
    let plan: ServicePlan
    var state = ServiceState()
    var handover = Handover.taken
    /// Handed in when it is drained.
    var waiting: [() -> Void] = []
    private(set) var requests: [String] = []
    private(set) var ends: [EndReason] = []
    private(set) var pauses: [Bool] = []

    init(_ plan: ServicePlan) { self.plan = plan }

    func start() {}
    func tick() {}
    func stop() {}
    func send(_ request: inout Frame, for exchange: any Requester) -> Handover {
        requests.append(String(copying: request.bytes))
        return handover
    }
    func ended(_ exchange: any Requester, _ end: End) { ends.append(end.reason) }
    func pause(_ exchange: any Requester) { pauses.append(true) }
    func resume(_ exchange: any Requester) { pauses.append(false) }
    func drain() -> Bool {
        let batch = waiting
        waiting = []
        for reply in batch { reply() }
        return false
    }
}

/// A sink that keeps what it is given.
final class FakeSink: ReplySink {
    let memoryKey: UInt64
    var nextLook = Instant.distantFuture
    private(set) var replies: [String] = []
    private(set) var ends: [EndReason] = []
    private(set) var lastReply = ""
    private(set) var fault: String?
    private(set) var looks = 0
    /// Called with each reply.
    var onReply: () -> Void = {}

    init(memoryKey: UInt64 = 1) { self.memoryKey = memoryKey }

    func look() {
        looks += 1
        nextLook = .distantFuture
    }
    func deliver(_ body: Span<UInt8>, _ inspection: Inspection) {
        replies.append(String(copying: body))
        onReply()
    }
    func requestWasSent() {}
    func ended(_ end: End, _ reply: Span<UInt8>, _ fault: String?) {
        ends.append(end.reason)
        lastReply = String(copying: reply)
        self.fault = fault
    }
}
