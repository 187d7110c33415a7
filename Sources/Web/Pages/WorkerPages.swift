// An operator's orders to a worker of a pool: no new work (`drain`), or work again (`resume`). From this machine only.

package import Bridge
import Configuration
import Contract
import HTTP
import JSON
import Operations

/// `POST /v1/services/{service}/workers/{worker}/{drain|resume}`.
package enum WorkerPages {
    package static func order(_ response: Response, _ host: any WebHost, _ path: PathParameters) {
        let (service, id, verb) = (path["service"] ?? "", path["worker"] ?? "", path["order"] ?? "")
        guard response.isForOperator else {
            let detail = "workers can only be drained from the gateway's own machine, and not through a proxy"
            return response.send(Problem(.operatorOnly, detail))
        }
        guard verb == "drain" || verb == "resume" else {
            return response.send(Problem(.notFound, "the order to a worker must be drain or resume"))
        }
        let request = response.request
        let number = request.id
        host.inquire { reports in
            guard request.id == number && !request.isAnswered else { return }
            guard let (plan, pool) = find(service, reports, host) else {
                return response.send(Problem(.unknownService, "\"\(service.prefix(64))\" has no workers that register"))
            }
            guard pool.workers.contains(where: { $0.id == id }) else {
                return response.send(Problem(.notFound, "\"\(service)\" has no worker named \"\(id.prefix(600))\""))
            }
            host.order(verb == "drain", worker: id, of: plan, pool.name)
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("worker", id)
            writer.member("draining", verb == "drain")
            writer.endObject()
            writer.newline()
            response.send(200, "application/json", writer.bytes)
        }
    }

    private static func find(
        _ service: String, _ reports: [CoreReport], _ host: any WebHost
    ) -> (ServicePlan, PoolState)? {
        for plan in host.site.plans where plan.traits.reportsPools {
            let pools = reports.flatMap { $0.states[plan.index].pools }
            let name = plan.traits.listsRegisteredNames ? service : ""
            guard plan.traits.listsRegisteredNames || plan.name == service else { continue }
            if let pool = pools.first(where: { $0.name == name }) { return (plan, pool) }
        }
        return nil
    }
}
