// The names at a broker: those that workers offer, and those that only clients have asked for so far. Each has a pool.
//
//     READY echo  --> there: pool "echo"    made if need be
//                     notAllowed, noName    left alone, and said in the log and at /readyz
//                     full                  names without a worker go first, then nothing can be done
//
// A name that has lost its workers is remembered for a while, so that the web hears "no worker" and not "no such
// service".

import Bridge

/// The pools of one broker, on its home reactor.
final class MajordomoNames {
    /// What became of a name that a worker offers, or a client asks for.
    enum Lookup {
        case there(Pool)
        /// No name for a service.
        case noName
        /// `allow` does not have it.
        case notAllowed
        /// There are as many names as there may be.
        case full
    }

    /// Names at a time, those that only clients asked for among them.
    static let most = 10_000
    /// Names that go at a time when there is no room: to look for them costs more than to drop them.
    private static let batch = 64
    /// Pools that are looked after in one tick without cutting them into parts.
    private static let perTick = 500
    /// How long a name without workers is remembered.
    private static let memory: Nanoseconds = 60_000_000_000

    private(set) var pools = NameTable<Pool>()
    private let host: any ServiceHost
    private let plan: ServicePlan
    private unowned let dialect: any PoolDialect
    private let places: NativePlaces
    private let owned = OwnedRequests()
    private var registeredService: [String: RegisteredService] = [:]
    private var round = 0
    /// All are in use: that is not looked at again for each client before the next tick.
    private var isKnownToBeFull = false

    init(_ host: any ServiceHost, _ plan: ServicePlan, _ dialect: any PoolDialect) {
        self.host = host
        self.plan = plan
        self.dialect = dialect
        places = NativePlaces(host, plan)
    }

    func find(_ name: String) -> Pool? { pools.find(name.utf8.span) }

    /// The pool of that name, made if it is allowed and there is room.
    /// - Parameter byWorker: a worker offers it. Then a name that only clients ask for makes room.
    func pool(_ bytes: Span<UInt8>, byWorker: Bool) -> Lookup {
        if let pool = pools.find(bytes) { return .there(pool) }
        let name = String(copying: bytes)
        let isName =
            !name.isEmpty && name.utf8.count <= 255 && !name.hasPrefix("mmi.")
            && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
        guard isName else { return .noName }
        guard plan.configuration.pool.allows(name) else { return .notAllowed }
        guard pools.count < Self.most || makeRoom(byWorker: byWorker) else { return .full }
        let pool = Pool(host, plan, dialect, places, owned, name: name)
        pools.insert(pool, as: pool.nameBytes)
        return .there(pool)
    }

    /// Looks after the pools, of many only after a part of them each time, and forgets names that were not in use for a
    /// minute.
    func tick(silence: Nanoseconds) {
        isKnownToBeFull = false
        let parts = min(pools.count / Self.perTick + 1, 4)
        round += 1
        for (index, pool) in pools.values.enumerated() where index % parts == round % parts {
            pool.tick(silence: silence)
            if pool.isIdle, host.now.since(pool.usedAt) > Self.memory { forget(pool) }
        }
    }

    /// Tells every reactor what the web may ask for, when that has changed.
    func registered(_ pool: Pool) {
        let versions = pool.workers.all.compactMap { MajordomoVersion(rawValue: $0.spelling) }
        // A name whose workers have gone is remembered as it was.
        if versions.isEmpty && registeredService[pool.name] != nil { return }
        let registered = RegisteredService(name: pool.name, streams: versions.contains(where: \.isTwo))
        guard registeredService[pool.name] != registered else { return }
        registeredService[pool.name] = registered
        host.announce(registered, of: pool.name, by: plan)
    }

    func stop() { pools = NameTable() }

    // MARK: Inside

    private func forget(_ pool: Pool) {
        pools.remove(pool.nameBytes)
        guard registeredService.removeValue(forKey: pool.name) != nil else { return }
        host.announce(nil, of: pool.name, by: plan)
    }

    /// Names without a worker go, those first that nothing waits for, the longest unused first.
    private func makeRoom(byWorker: Bool) -> Bool {
        guard byWorker || !isKnownToBeFull else { return false }
        let all = pools.values.filter { $0.workers.count == 0 }.sorted { $0.usedAt < $1.usedAt }
        let idle = all.filter(\.isIdle)
        for pool in idle.prefix(Self.batch) { forget(pool) }
        if idle.isEmpty, byWorker, let pool = all.first {
            pool.rejectAll()
            forget(pool)
        }
        isKnownToBeFull = pools.count >= Self.most
        return !isKnownToBeFull
    }
}
