// `peer: dealer` and `peer: rep`: workers that accept requests at any time.

import Bridge
import Configuration

enum DealerKind: ServiceKind {
    static func traits(of configuration: ServiceConfiguration) -> ServiceTraits {
        ServiceTraits(
            template: configuration.peer == .rep ? .ticketDelimited : .ticket, hasHome: configuration.bind != nil)
    }

    static func make(_ host: any ServiceHost, _ plan: ServicePlan) throws -> any Service {
        try DealerService(host, plan)
    }
}
