// Host names in endpoints: what is looked up, and what identities connect to then.

import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("A named endpoint")
struct EndpointAddressTests {
    @Test(
        "has the address in place of the name, and keeps the rest",
        arguments: [
            ("tcp://worker:5570", "10.0.0.5", "tcp://10.0.0.5:5570"),
            ("tcp://worker.example:5570", "::ffff:10.0.0.5", "tcp://[::ffff:10.0.0.5]:5570"),
            ("tcp://10.0.0.1:0;worker:5570", "10.0.0.5", "tcp://10.0.0.1:0;10.0.0.5:5570"),
        ])
    func text(_ endpoint: String, _ address: String, _ expected: String) throws {
        #expect(try #require(NamedEndpoint(endpoint)).text(at: address) == expected)
    }

    @Test(
        "is nil if there is no name to look up",
        arguments: [
            "tcp://127.0.0.1:5570", "tcp://[::1]:5570", "ipc:///run/worker:1", "inproc://worker", "tcp://:5570",
        ])
    func none(_ endpoint: String) {
        #expect(NamedEndpoint(endpoint) == nil)
    }
}
