// `peer: ready`: workers that announce when they are ready.

import Bridge
package import Configuration
package import Contract

package enum ReadyKind: ServiceKind {
    package static func traits(of configuration: ServiceConfiguration) -> ServiceTraits {
        ServiceTraits(template: .delimited, reportsPools: true, hasHome: true)
    }

    package static func make(_ host: any ServiceHost, _ plan: ServicePlan) throws -> any Service {
        try ReadyService(host, plan)
    }
}
