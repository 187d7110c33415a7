// `peer: publisher`: web clients subscribe to its topics. Each reactor has a part of it, with or without sockets.

import Bridge
package import Configuration
package import Contract

package enum PublisherKind: ServiceKind {
    package static func traits(of configuration: ServiceConfiguration) -> ServiceTraits {
        // Nothing is sent to a publisher.
        ServiceTraits(template: .body, takesSubscriptions: true)
    }

    package static func make(_ host: any ServiceHost, _ plan: ServicePlan) throws -> any Service {
        try PublisherService(host, plan)
    }
}
