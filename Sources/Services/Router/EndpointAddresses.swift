// The addresses of a router service's endpoints, with host names resolved.
//
//     link is up --look up--> connect by name ... answer --> connect by address ... link is down --> forget
//
// libzmq looks a host name up for each connection, in its I/O thread, which does nothing else meanwhile; and each fresh
// identity is a connection. So the gateway looks a name up once each time the link to its endpoint comes up, on a
// thread of its own. A worker that moves to another address loses its link first.

import Configuration
import Contract
import Reactors

/// An endpoint `tcp://host:port` whose host is a name.
package struct NamedEndpoint: Equatable {
    package let host: String
    private let head: String
    private let tail: String

    /// Nil for another transport, or if the host is already an address.
    init?(_ endpoint: String) {
        guard endpoint.hasPrefix("tcp://") else { return nil }
        // The part before a semicolon is our own address, zmq_tcp(7).
        let semicolon = endpoint.lastIndex(of: ";").map { endpoint.index(after: $0) }
        let begin = semicolon ?? endpoint.index(endpoint.startIndex, offsetBy: "tcp://".count)
        let (host, port) = HostAndPort.parts(String(endpoint[begin...]))
        guard let port, !host.isEmpty else { return nil }
        self.host = host
        head = String(endpoint[..<begin])
        tail = ":" + port
        let isAddress = host.hasPrefix("[") || host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
        if isAddress { return nil }
    }

    /// The endpoint with `address` in place of the name.
    package func text(at address: String) -> String {
        head + (address.contains(":") ? "[\(address)]" : address) + tail
    }
}

/// The endpoints of one service on one reactor, as identities connect to them.
package struct EndpointAddresses {
    private struct Entry {
        let configured: String
        let name: NamedEndpoint?
        var address: String?
        /// Counts changes of the link. The result of an older lookup is dropped.
        var epoch = 0
    }

    private let plan: ServicePlan
    private var entries: [Entry]

    init(_ plan: ServicePlan) {
        self.plan = plan
        entries = plan.configuration.connect.map { Entry(configured: $0, name: NamedEndpoint($0)) }
    }

    /// The endpoint to connect to.
    subscript(endpoint: Int) -> String { entries[endpoint].address ?? entries[endpoint].configured }

    /// The link to the endpoint came up or went down.
    mutating func linkChanged(_ endpoint: Int, isUp: Bool, _ host: any ServiceHost) {
        guard let name = entries[endpoint].name else { return }
        entries[endpoint].epoch += 1
        entries[endpoint].address = nil
        guard isUp else { return }
        let (epoch, post) = (entries[endpoint].epoch, host.letterBox(of: plan))
        NameLookup.start(name.host, ipv6: plan.configuration.socket.ipv6) { address in
            post(RouterLetter.resolved(endpoint: endpoint, epoch: epoch, address))
        }
    }

    /// The result of a lookup; nil if the name has no address.
    package mutating func resolved(_ endpoint: Int, epoch: Int, _ address: String?) {
        guard entries[endpoint].epoch == epoch, let name = entries[endpoint].name else { return }
        entries[endpoint].address = address.map(name.text)
    }
}
