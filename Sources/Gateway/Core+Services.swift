// Makes the services of a reactor, and finds the home reactor of a service that binds.

import Contract
import Services

extension Core {
    func makeService(_ plan: ServicePlan) throws -> any Service {
        if plan.traits.hasHome, home(of: plan) != index { return RemoteService(self, plan, home: home(of: plan)) }
        return try plan.configuration.peer.kind.make(self, plan)
    }

    /// The home reactor of a service that binds.
    func home(of plan: ServicePlan) -> Int { plan.index % shared.reactorCount }

    func freeIdentity() -> Bool { sessions.endLongestAway() }

    /// Announces to every reactor that a broker's workers offer a name, or that the name is forgotten.
    func announce(_ registered: RegisteredService?, of name: String, by plan: ServicePlan) {
        registeredServices.update(plan, name, registered)
        for other in 0..<shared.reactorCount where other != index {
            post(.registered(service: plan.index, name: name, registered), to: other)
        }
    }

    /// Sends the home of a service an order for a worker: no new work, or work again.
    func order(_ isDraining: Bool, worker: String, of plan: ServicePlan, _ pool: String) {
        post(.order(service: plan.index, pool: pool, worker: worker, isDraining: isDraining), to: home(of: plan))
    }
}
