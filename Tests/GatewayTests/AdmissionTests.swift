// The steps before a request: their order, and what waits at one of them.

import Bridge
import Configuration
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

/// Decides as the test says.
private final class ScriptedStep: AdmissionStep {
    private(set) var asked = 0
    private(set) var tickets: [Ticket] = []
    private(set) var targets: [String] = []
    private let decision: AdmissionDecision?

    /// - Parameter decision: nil: it waits.
    init(_ decision: AdmissionDecision? = nil) { self.decision = decision }

    func decide(_ response: Response) -> AdmissionDecision {
        asked += 1
        switch response.target {
        case .exchange(let route): targets.append(route.name)
        case .options: targets.append("options \(response.allow ?? "")")
        default: break
        }
        return decision ?? .wait { self.tickets.append($0) }
    }
}

@Suite("Admission", .timeLimit(.minutes(1)))
struct AdmissionTests {
    private static let page = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    private static let exchange =
        "POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n[1]"
    private static let session =
        "GET /v1/socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Protocol: zmq-gateway.v1\r\n\r\n"

    private func house(_ steps: [ScriptedStep]) throws -> CoreHouse {
        let house = try CoreHouse { configuration in
            var service = ServiceConfiguration(name: "s", peer: .dealer)
            service.bind = "tcp://127.0.0.1:*"
            configuration.services = [service]
        }
        admission(house).steps += steps
        return house
    }

    private func admission(_ house: CoreHouse) -> Admission { house.core.handler!.admission }

    /// A client whose request waits at `step`, which has had `count` before.
    private func waiting(_ text: String, _ house: CoreHouse, at step: ScriptedStep) -> CoreClient {
        let count = step.tickets.count
        let client = house.connect()
        client.send(text)
        #expect(house.run { step.tickets.count == count + 1 })
        house.settle()
        #expect(client.text.isEmpty && admission(house).waitingCount == 1)
        return client
    }

    private func post(_ verdict: AdmissionVerdict, _ ticket: Ticket?, to house: CoreHouse) throws {
        house.core.shared.mailboxes[0].post(.admission(try #require(ticket), verdict))
    }

    @Test("the first step that rejects is the last one that runs")
    func order() throws {
        let steps = [
            ScriptedStep(.proceed), ScriptedStep(.reject(Problem(.hostRejected, "no"))), ScriptedStep(.proceed),
        ]
        let house = try house(steps)
        defer { house.stop() }
        let client = house.connect()
        client.send(Self.page)
        #expect(house.run { client.text.contains("\"host_refused\"") })
        #expect(steps.map(\.asked) == [1, 1, 0])
        let stranger = house.connect()
        stranger.send("GET /v1/services HTTP/1.1\r\nHost: elsewhere\r\n\r\n")
        #expect(house.run { stranger.text.contains("\"host_refused\"") })
        #expect(steps.map(\.asked) == [1, 1, 0])
    }

    @Test(
        "a path or method that leads nowhere is rejected before the steps behind the route",
        arguments: [
            ("GET /nothing", "404"), ("GET /v1/services/nothing", "404"), ("DELETE /v1/services/s", "405"),
            ("GET /%zz", "400"),
        ])
    func nowhere(_ line: String, _ status: String) throws {
        let step = ScriptedStep(.proceed)
        let house = try house([step])
        defer { house.stop() }
        #expect(house.ask("\(line) HTTP/1.1").hasPrefix("HTTP/1.1 \(status)"))
        #expect(step.asked == 0)
    }

    @Test("the steps behind the route see what the request leads to")
    func target() throws {
        let step = ScriptedStep(.proceed)
        let house = try house([step])
        defer { house.stop() }
        _ = house.ask("POST /v1/services/s HTTP/1.1", "[1]")
        _ = house.ask("POST /v1/services/s HTTP/1.1", "[2]")
        _ = house.ask("OPTIONS /v1/services/s HTTP/1.1")
        #expect(step.targets == ["s", "s", "options POST, GET, HEAD, OPTIONS"])
    }

    @Test("a 405 lists methods, that of a handshake by HEAD too; a later rejection of OPTIONS does not")
    func allow() throws {
        let house = try house([])
        defer { house.stop() }
        let client = house.connect()
        client.send("HEAD" + Self.session.dropFirst(3))
        #expect(house.run { client.text.hasPrefix("HTTP/1.1 405") && client.text.contains("\r\nAllow: GET\r\n") })
        admission(house).steps.append(ScriptedStep(.reject(Problem(.originRejected, "no"))))
        let options = house.ask("OPTIONS /v1/services/s HTTP/1.1")
        #expect(options.hasPrefix("HTTP/1.1 403") && !options.contains("Allow:"))
    }

    @Test(
        "a page, an exchange and a session wait until a letter releases them",
        arguments: zip([page, exchange, session], ["200 OK", "503 Service", "101 Switching"]))
    func released(_ text: String, _ status: String) throws {
        let step = ScriptedStep()
        let house = try house([step])
        defer { house.stop() }
        let client = waiting(text, house, at: step)
        try post(.proceed, step.tickets.last, to: house)
        #expect(house.run { client.text.hasPrefix("HTTP/1.1 \(status)") })
        #expect(admission(house).waitingCount == 0 && step.asked == 1)
    }

    @Test("a letter may reject a waiting request", arguments: [page, exchange, session])
    func rejected(_ text: String) throws {
        let step = ScriptedStep()
        let house = try house([step])
        defer { house.stop() }
        let client = waiting(text, house, at: step)
        try post(.reject(.originRejected, detail: "not you"), step.tickets.last, to: house)
        #expect(house.run { client.text.hasPrefix("HTTP/1.1 403") && client.text.contains("not you") })
        #expect(admission(house).waitingCount == 0)
    }

    @Test("it may wait at several steps, and a letter for the first is stale at the second")
    func twice() throws {
        let steps = [ScriptedStep(), ScriptedStep()]
        let house = try house(steps)
        defer { house.stop() }
        let client = waiting(Self.exchange, house, at: steps[0])
        try post(.proceed, steps[0].tickets.last, to: house)
        #expect(house.run { steps[1].tickets.count == 1 })
        try post(.reject(.originRejected, detail: "late"), steps[0].tickets.last, to: house)
        house.settle()
        #expect(client.text.isEmpty && admission(house).waitingCount == 1)
        try post(.proceed, steps[1].tickets.last, to: house)
        #expect(house.run { client.text.contains("\"no_worker\"") })
    }

    @Test("the request of a client that leaves stops waiting, and its letter is dropped", arguments: [page, exchange])
    func left(_ text: String) throws {
        let step = ScriptedStep()
        let house = try house([step])
        defer { house.stop() }
        waiting(text, house, at: step).leave()
        #expect(house.run { admission(house).waitingCount == 0 && house.core.handler!.openRequests == 0 })
        try post(.proceed, step.tickets.last, to: house)
        house.settle()
        _ = waiting(text, house, at: step)
    }

    @Test("a request that waits too long is rejected with a reason")
    func timedOut() throws {
        let step = ScriptedStep()
        let house = try house([step])
        defer { house.stop() }
        let client = waiting(Self.exchange, house, at: step)
        #expect(admission(house).patience == 10_000_000_000)
        admission(house).patience = 1_000_000
        let second = house.connect()
        second.send(Self.exchange)
        #expect(house.run { second.text.hasPrefix("HTTP/1.1 503") && second.text.contains("too long") })
        #expect(client.text.isEmpty && admission(house).waitingCount == 1)
    }

    @Test("a gateway that stops rejects them with a reason")
    func stopped() throws {
        let step = ScriptedStep()
        let house = try house([step])
        let client = waiting(Self.page, house, at: step)
        house.stop()
        #expect(client.text.hasPrefix("HTTP/1.1 503") && client.text.contains("\"shutdown\"") && client.isAtEnd)
    }
}
