// `peer: majordomo`: bound, a broker whose workers register services; connected, a client of a broker that exists,
// which is a ROUTER like any other.

import Bridge
import Configuration

enum MajordomoKind: ServiceKind {
    static func traits(of configuration: ServiceConfiguration) -> ServiceTraits {
        if configuration.bind != nil {
            return ServiceTraits(
                template: .delimited, listsRegisteredNames: true, reportsPools: true, marksLastReply: true,
                hasHome: true)
        }
        return ServiceTraits(
            template: .delimited, leasesIdentities: true, marksLastReply: true,
            brokerVersion: configuration.brokered.version == .one ? .one : .two)
    }

    static func make(_ core: any ServiceHost, _ plan: ServicePlan) throws -> any Service {
        guard plan.traits.brokerVersion == nil else { return try RouterKind.make(core, plan) }
        return try MajordomoService(core, plan)
    }
}
