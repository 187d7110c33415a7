// Makes the services of a reactor, and tells where those live that have one home.

extension Core {
    func makeService(_ plan: ServicePlan) throws -> any Service {
        if plan.traits.hasHome, home(of: plan) != index { return RemoteService(self, plan, home: home(of: plan)) }
        return try plan.configuration.peer.kind.make(self, plan)
    }

    /// The reactor where a service that binds lives.
    func home(of plan: ServicePlan) -> Int { plan.index % shared.reactorCount }

    func freeIdentity() -> Bool { sessions.endLongestAway() }

    /// Tells every reactor that a broker's workers offer a name, or that it is forgotten.
    func announce(_ registered: RegisteredService?, of name: String, by plan: ServicePlan) {
        registeredServices.update(plan, name, registered)
        for other in 0..<shared.reactorCount where other != index {
            post(.registered(service: plan.index, name: name, registered), to: other)
        }
    }

    /// Tells the home of a service that a worker is to get no new work, or work again.
    func order(_ isDraining: Bool, worker: String, of plan: ServicePlan, _ pool: String) {
        post(.order(service: plan.index, pool: pool, worker: worker, isDraining: isDraining), to: home(of: plan))
    }
}
