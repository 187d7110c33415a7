// The peer kinds. A new one is a folder here with its service and a ServiceKind, a case of `ServiceConfiguration.Peer`
// with its line in `kind`, and its page of the documents.

import Bridge
package import Configuration
package import Contract

/// A peer kind: what the other code needs to know about it.
package protocol ServiceKind {
    static func traits(of configuration: ServiceConfiguration) -> ServiceTraits
    /// Makes the service on this reactor, which is the home of a service that has one.
    static func make(_ host: any ServiceHost, _ plan: ServicePlan) throws -> any Service
}

extension ServiceConfiguration.Peer {
    /// The only place that lists all kinds.
    package var kind: any ServiceKind.Type {
        switch self {
        case .dealer, .rep: DealerKind.self
        case .router: RouterKind.self
        case .ready: ReadyKind.self
        case .majordomo: MajordomoKind.self
        case .publisher: PublisherKind.self
        }
    }
}

/// A letter between the parts of one service on different reactors. Each kind defines its own.
package protocol ServiceLetter: Sendable {}

/// A service that web clients subscribe to.
package protocol TopicSource: Service {
    var subscribers: Subscribers { get }
    /// Why the process cannot subscribe to these topics as well, or nil.
    func problem(of topics: [[UInt8]]) -> Problem?
}

extension ServicePlan {
    /// The plans of all services, in the order of the configuration.
    package static func all(of configuration: Configuration) -> [ServicePlan] {
        configuration.services.enumerated().map {
            ServicePlan(
                index: $0.offset, $0.element, exposure: configuration.exposure(of: $0.element),
                maxBodyBytes: configuration.limits.maxBodyBytes)
        }
    }

    /// - Parameter maxBodyBytes: the default for a service without a bound of its own.
    convenience init(
        index: Int, _ configuration: ServiceConfiguration, exposure: Exposure = Exposure(),
        maxBodyBytes: Int = Limits().maxBodyBytes
    ) {
        self.init(
            index: index, configuration, configuration.peer.kind.traits(of: configuration), exposure, maxBodyBytes)
    }
}
