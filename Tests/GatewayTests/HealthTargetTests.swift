// The target of `zmq-gateway health`, from the command line or the configuration.

import Configuration
import Testing

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("The target of the health command")
struct HealthTargetTests {
    @Test(
        "an address is read as a person writes it",
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1:8080 /healthz"), ("http://127.0.0.1:8080/", "127.0.0.1:8080 /healthz"),
            ("http://gateway/readyz?service=s", "gateway:80 /readyz?service=s"),
            ("localhost:81", "localhost:81 /healthz"),
            ("http://[::1]/readyz", "[::1]:80 /readyz"), ("[::1]:9", "[::1]:9 /healthz"),
            ("unix:/run/gateway.sock", "unix:/run/gateway.sock /healthz"), ("0.0.0.0:80", "127.0.0.1:80 /healthz"),
        ])
    func reads(text: String, target: String) { #expect(HealthTarget(text)?.description == target) }

    @Test(
        "an invalid address is rejected",
        arguments: ["", "8080", "https://host", "ftp://host:1", "host:0", "host:99999", "http://host:1/a b", "unix:"])
    func rejects(text: String) { #expect(HealthTarget(text) == nil) }

    @Test(
        "a configuration's target is its listening address",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1:8080 /healthz"), ("0.0.0.0:1", "127.0.0.1:1 /healthz"),
            ("'[::]:2'", "[::1]:2 /healthz"), ("unix:/a", "unix:/a /healthz"),
            ("[127.0.0.1:3, '0.0.0.0:4']", "127.0.0.1:3 /healthz"),
        ])
    func followsTheConfiguration(listen: String, target: String) {
        let loaded = Configuration.load(text: "listen: \(listen)", file: "f", environment: [:])
        #expect(HealthTarget(loaded.configuration)?.description == target)
    }

    @Test("a port that the system chooses gives no target")
    func knowsNoChosenPort() {
        let loaded = Configuration.load(text: "listen: 127.0.0.1:0", file: "f", environment: [:])
        #expect(HealthTarget(loaded.configuration) == nil)
    }
}
