// `peer: dealer` and `peer: rep`: workers that accept requests at any time.

import Bridge
package import Configuration
package import Contract

package enum DealerKind: ServiceKind {
    package static func traits(of configuration: ServiceConfiguration) -> ServiceTraits {
        ServiceTraits(
            template: configuration.peer == .rep ? .ticketDelimited : .ticket, hasHome: configuration.bind != nil)
    }

    package static func make(_ host: any ServiceHost, _ plan: ServicePlan) throws -> any Service {
        try DealerService(host, plan)
    }
}
