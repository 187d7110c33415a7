// `peer: router`: at the other end is a ROUTER, and each exchange an identity that it addresses.

import Bridge
import Configuration

/// What the reactors' parts of a service, and the thread that looks names up, tell one.
enum RouterLetter: ServiceLetter {
    /// A reply too many came from that endpoint: its identities are not reused any more.
    case distrusted(endpoint: Int)
    /// The name in that endpoint was looked up; nil: it has no address now.
    case resolved(endpoint: Int, epoch: Int, String?)
}

enum RouterKind: ServiceKind {
    static func traits(of configuration: ServiceConfiguration) -> ServiceTraits {
        let isDelimited = configuration.delimiter
        return ServiceTraits(
            template: isDelimited ? .delimited : .body, leasesIdentities: true, head: isDelimited ? [[]] : [])
    }

    static func make(_ host: any ServiceHost, _ plan: ServicePlan) throws -> any Service {
        let reactors = host.reactorCount
        return RouterService(host, plan, share: (plan.configuration.identities.max + reactors - 1) / reactors)
    }
}
