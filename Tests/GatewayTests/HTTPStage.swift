// A reactor with one `dealer` service and a worker that answers as it is told.

import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

final class HTTPStage {
    let house: CoreHouse
    private(set) var worker: Peer<Dealer>?
    /// What the worker was asked, and by which tickets.
    private(set) var requests: [String] = []
    private(set) var tickets: [[UInt8]] = []
    /// What it answers.
    var replies: (String) -> [String] = { [$0] }

    /// - Parameters:
    ///   - keys: of the service `s`, as lines of YAML.
    ///   - more: what follows in the configuration.
    ///   - drain: how long a drain waits for what is open.
    init(_ keys: String = "", _ more: String = "", drain: Duration = .zero) throws {
        let there = Endpoints.fresh()
        let indented = keys.split(separator: "\n").map { "    \($0)\n" }.joined()
        house = try CoreHouse(
            "services:\n  s:\n    peer: dealer\n    bind: \(there)\n\(indented)\(more)", drain: drain)
        worker = try Peer<Dealer>(house.core.context, connect: there)
        house.work = { [unowned self] in answer() }
        #expect(house.run { house.core.services[0].state.isReady })
    }

    deinit { house.stop() }

    /// The worker goes.
    func dismissWorker() { worker = nil }

    /// The worker says something by the ticket of an earlier request.
    func reply(_ text: String, to number: Int) { worker?.send([tickets[number], Array(text.utf8)]) }

    private func answer() {
        while let worker, case let message = worker.receive(), message.count == 2 {
            let request = String(decoding: message[1], as: UTF8.self)
            requests.append(request)
            tickets.append(message[0])
            for reply in replies(request) { worker.send([message[0], Array(reply.utf8)]) }
        }
    }
}
