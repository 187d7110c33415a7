// `peer: majordomo`: with `bind` a broker whose workers register services; with `connect` a client of an external
// broker, which is a ROUTER like any other.

import Bridge
package import Configuration
package import Contract

package enum MajordomoKind: ServiceKind {
    package static func traits(of configuration: ServiceConfiguration) -> ServiceTraits {
        if configuration.bind != nil {
            return ServiceTraits(
                template: .delimited, listsRegisteredNames: true, reportsPools: true, marksLastReply: true,
                hasHome: true)
        }
        return ServiceTraits(
            template: .delimited, leasesIdentities: true, marksLastReply: true, asksBroker: true,
            head: version(of: configuration).request(for: configuration.brokered.name ?? configuration.name))
    }

    /// The version that we use as a broker's client.
    fileprivate static func version(of configuration: ServiceConfiguration) -> MajordomoVersion {
        configuration.brokered.version == .one ? .one : .two
    }

    package static func make(_ host: any ServiceHost, _ plan: ServicePlan) throws -> any Service {
        if plan.traits.asksBroker { return try RouterKind.make(host, plan) }
        return try MajordomoService(host, plan)
    }
}

extension ServicePlan {
    /// The version that we use as a broker's client; nil if the service is not one.
    var brokerVersion: MajordomoVersion? { traits.asksBroker ? MajordomoKind.version(of: configuration) : nil }
}
