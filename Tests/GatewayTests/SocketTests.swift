// What every socket of a service has, whatever is configured.

import Configuration
import Testing
import ZeroMQ

@testable import Contract
@testable import Operations
@testable import Services
@testable import Web
@testable import Gateway

@Suite("Sockets of services")
struct SocketTests {
    @Test("libzmq's own clock for handshakes is off: it would drop peers of ZMTP 2.0 every time it runs out")
    func handshakes() {
        #expect(SocketOptions(SocketSettings()).handshakeInterval == .zero)
    }

    @Test("a ping may stay unanswered for three intervals unless it is configured otherwise")
    func heartbeats() {
        var settings = SocketSettings()
        #expect(SocketOptions(settings).heartbeatTimeout == .seconds(3))
        settings.heartbeatInterval = .milliseconds(200)
        #expect(SocketOptions(settings).heartbeatTimeout == .milliseconds(600))
        settings.heartbeatTimeout = .seconds(9)
        #expect(SocketOptions(settings).heartbeatTimeout == .seconds(9))
        (settings.heartbeatInterval, settings.heartbeatTimeout) = (nil, nil)
        #expect(SocketOptions(settings).heartbeatTimeout == nil)
    }
}
