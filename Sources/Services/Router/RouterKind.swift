// `peer: router`: the peer is a ROUTER, and each exchange is an identity that it addresses.

import Bridge
package import Configuration
package import Contract

/// The letters to a part of a service from its other parts, and from the thread that looks names up.
package enum RouterLetter: ServiceLetter {
    /// That endpoint sent an unexpected reply: its identities are not reused any more.
    case distrusted(endpoint: Int)
    /// The result of looking up the name in that endpoint; nil if it has no address now.
    case resolved(endpoint: Int, epoch: Int, String?)
}

package enum RouterKind: ServiceKind {
    package static func traits(of configuration: ServiceConfiguration) -> ServiceTraits {
        let isDelimited = configuration.delimiter
        return ServiceTraits(
            template: isDelimited ? .delimited : .body, leasesIdentities: true, head: isDelimited ? [[]] : [])
    }

    package static func make(_ host: any ServiceHost, _ plan: ServicePlan) throws -> any Service {
        let reactors = host.reactorCount
        return RouterService(host, plan, share: (plan.configuration.identities.max + reactors - 1) / reactors)
    }
}
