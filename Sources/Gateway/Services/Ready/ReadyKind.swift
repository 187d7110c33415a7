// `peer: ready`: workers that announce when they are ready.

import Bridge
import Configuration

enum ReadyKind: ServiceKind {
    static func traits(of configuration: ServiceConfiguration) -> ServiceTraits {
        ServiceTraits(template: .delimited, reportsPools: true, hasHome: true)
    }

    static func make(_ host: any ServiceHost, _ plan: ServicePlan) throws -> any Service {
        try ReadyService(host, plan)
    }
}
