// What the metrics page says of requests that the HTTP front rejects.

import HTTP
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("The metrics page")
struct MetricsTextTests {
    @Test("counts rejected requests by kind, over all reactors")
    func rejections() {
        var (one, two) = (MetricsSnapshot(), MetricsSnapshot())
        one.rejectionsByKind[RejectionKind.headerTimeout.rawValue] = 2
        two.rejectionsByKind[RejectionKind.headerTimeout.rawValue] = 3
        two.rejectionsByKind[RejectionKind.tooManyConnections.rawValue] = 1
        let reports = [one, two].map { CoreReport(metrics: $0, states: [], isDraining: false) }
        let lines = MetricsText.make(reports, []).split(separator: "\n")
        let rejected = lines.filter { $0.hasPrefix("zmq_gateway_requests_rejected_total{") }
        #expect(rejected.count == RejectionKind.allCases.count)
        #expect(rejected.filter { !$0.hasSuffix(" 0") } == [
            "zmq_gateway_requests_rejected_total{reason=\"header_timeout\"} 5",
            "zmq_gateway_requests_rejected_total{reason=\"too_many_connections\"} 1",
        ])
    }

    @Test("has one word in snake case for each kind of rejection")
    func words() {
        let words = RejectionKind.allCases.map { String(describing: $0.word) }
        #expect(Set(words).count == words.count)
        #expect(words.allSatisfy { word in word.utf8.allSatisfy { $0 == 0x5F || (0x61...0x7A).contains($0) } })
    }
}
