// The header of an upgrade request, for the envelopes of the session's messages. It stays with the connection: a
// session that is resumed gets the header of the new one. It is kept only if a service of the session takes envelopes,
// because idle sessions cost memory and most do not need it.

package import Contract
package import HTTP

/// The parts of an upgrade request that envelopes repeat.
package final class UpgradeHead: Sendable {
    /// As the client sent it, without the query.
    package let path: [UInt8]
    package let query: [(name: String, value: String)]
    /// The fields that the services list in `headers`.
    package let headers: [String: [UInt8]]
    package let traceparent: [UInt8]?

    /// - Parameter plan: the service of a raw session; nil for a multiplexed one.
    /// - Returns: nil if no message of the session needs an envelope.
    package static func kept(of request: Request, for plan: ServicePlan?, _ host: any WebHost) -> UpgradeHead? {
        let plans = plan.map { [$0] } ?? host.site.plans
        let names = plans.lazy.filter { $0.configuration.request == .envelope }.map(\.configuration.headers)
        guard !names.isEmpty else { return nil }
        return UpgradeHead(request, fields: Set(names.joined()))
    }

    private init(_ request: Request, fields: Set<String>) {
        path = [UInt8](copying: request.path)
        let parameters = RequestParameters()
        query = parameters.readQuery(request.query, isForGateway: false) == nil ? parameters.query : []
        var headers: [String: [UInt8]] = [:]
        for name in fields { headers[name] = request.values(named: Array(name.utf8).span) }
        self.headers = headers
        traceparent = request.values(named: Array("traceparent".utf8).span)
    }
}
