// A broker's names: those that workers offer, and those that only clients have requested so far. Each has a pool.
//
//     READY echo  --> there: pool "echo"    made if necessary
//                     notAllowed, noName    ignored, and reported in the log and at /readyz
//                     full                  names without a worker are dropped first; else as above
//
// A name that has lost its workers is remembered for a while, so that web clients get "no worker" and not "no such
// service".

package import Bridge
import Contract

/// The pools of one broker, on its home reactor.
package final class MajordomoNames {
    /// The result of looking up a name that a worker offers or a client requests.
    package enum Lookup {
        case there(Pool)
        /// Not a valid service name.
        case noName
        /// `allow` does not include it.
        case notAllowed
        /// The limit of names is reached.
        case full
    }

    /// The most names at a time, those that only clients requested included.
    package static let most = 10_000
    /// Names dropped at a time when there is no room: finding them costs more than dropping them.
    private static let batch = 64
    /// The most pools that one tick handles without splitting them up.
    private static let perTick = 500
    /// How long a name without workers is remembered.
    private static let memory: Nanoseconds = 60_000_000_000

    package private(set) var pools = NameTable<Pool>()
    private let host: any ServiceHost
    private let plan: ServicePlan
    private unowned let dialect: any PoolDialect
    private let places: NativePlaces
    private let owned = OwnedRequests()
    private var registeredService: [String: RegisteredService] = [:]
    private var round = 0
    /// All names are in use. Not checked again for each client before the next tick.
    private var isKnownToBeFull = false

    init(_ host: any ServiceHost, _ plan: ServicePlan, _ dialect: any PoolDialect) {
        self.host = host
        self.plan = plan
        self.dialect = dialect
        places = NativePlaces(host, plan)
    }

    package func find(_ name: String) -> Pool? { pools.find(name.utf8.span) }

    /// The pool of a name, made if the name is allowed and there is room.
    /// - Parameter byWorker: a worker offers the name; one that only clients request then makes room for it.
    package func pool(_ bytes: Span<UInt8>, byWorker: Bool) -> Lookup {
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

    /// Ticks the pools (if there are many, a part of them each time), and forgets names that were unused for a minute.
    package func tick(silence: Nanoseconds) {
        isKnownToBeFull = false
        let parts = min(pools.count / Self.perTick + 1, 4)
        round += 1
        for (index, pool) in pools.values.enumerated() where index % parts == round % parts {
            pool.tick(silence: silence)
            if pool.isIdle, host.now.since(pool.usedAt) > Self.memory { forget(pool) }
        }
    }

    /// Announces to every reactor what web clients can request, if that has changed.
    package func registered(_ pool: Pool) {
        let versions = pool.workers.all.compactMap { MajordomoVersion(rawValue: $0.spelling) }
        // A name whose workers are gone is remembered as it was.
        if versions.isEmpty && registeredService[pool.name] != nil { return }
        let registered = RegisteredService(name: pool.name, streams: versions.contains(where: \.isTwo))
        guard registeredService[pool.name] != registered else { return }
        registeredService[pool.name] = registered
        host.announce(registered, of: pool.name, by: plan)
    }

    package func stop() { pools = NameTable() }

    // MARK: Internals

    private func forget(_ pool: Pool) {
        pools.remove(pool.nameBytes)
        guard registeredService.removeValue(forKey: pool.name) != nil else { return }
        host.announce(nil, of: pool.name, by: plan)
    }

    /// Drops names without a worker: first those without waiting requests, in order of their last use.
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
