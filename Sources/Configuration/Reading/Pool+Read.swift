// The keys of services whose workers announce when they are ready, and the checks between those keys.

extension PoolSettings {
    mutating func read(_ section: Section) {
        section.read("dialect", into: &dialect, .word)
        section.read("ready_carries_reply", into: &readyCarriesReply, .boolean)
        section.read("capacity", into: &capacity, .integer(1...1_000))
        section.section("heartbeat") { section in
            let times = Duration.milliseconds(250)...Duration.seconds(3_600)
            if let interval = section.value("interval", .duration(times)) { heartbeatInterval = interval }
            section.read("liveness", into: &liveness, .integer(2...100))
        }
        section.section("queue") { section in
            section.read("max", into: &queueLength, .integer(0...1_000_000))
            section.read("max_bytes", into: &queueBytes, .bytes(1...1 << 40))
            section.read("max_age", into: &queueAge, .duration(.milliseconds(1) ... .seconds(86_400)))
        }
        section.read("retries", into: &retries, .integer(0...10))
        section.read("handover", into: &handover, .boolean)
        section.list("allow", into: &allow, of: .text(1...255), 0...1_000)
    }
}

/// The checks for one service; `report` takes a key and a sentence.
struct PoolRules {
    let service: ServiceConfiguration
    let has: (String) -> Bool
    let report: (String, String) -> Void

    func check() {
        checkKeys()
        switch service.peer {
        case .ready: checkReady()
        case .majordomo: checkMajordomo()
        default: break
        }
        if service.hasPool { checkEnds() }
        checkClients()
    }

    /// Reports keys that have no meaning for this peer.
    private func checkKeys() {
        let pools = ["capacity", "heartbeat", "queue", "retries", "handover"]
        for key in pools where has(key) && !service.hasPool {
            report(key, "is for peer: ready, and for peer: majordomo with bind")
        }
        for key in ["dialect", "ready_carries_reply"] where has(key) && service.peer != .ready {
            report(key, "is for peer: ready")
        }
        if has("allow") && !(service.peer == .majordomo && service.bind != nil) {
            report("allow", "is for peer: majordomo with bind")
        }
        for key in ["service", "version"] where has(key) && !(service.peer == .majordomo && service.bind == nil) {
            report(key, "is for peer: majordomo with connect")
        }
    }

    private func checkReady() {
        if service.bind == nil { report("", "needs bind: the endpoint that workers connect to") }
        if !service.connect.isEmpty {
            report("connect", "is not for peer: ready; workers connect to the gateway, write bind")
        }
        let pool = service.pool
        if pool.dialect == .bare && pool.capacity > 1 {
            report("capacity", "above 1 needs replies that name their request: dialect addressed or paranoid-pirate")
        }
        if !pool.readyCarriesReply && pool.dialect != .bare {
            report("ready_carries_reply", "false is for dialect: bare")
        }
        if has("heartbeat") && pool.dialect != .paranoidPirate {
            report("heartbeat", "is for dialect: paranoid-pirate; for others write socket.heartbeat_interval")
        }
    }

    private func checkMajordomo() {
        if (service.bind != nil) == !service.connect.isEmpty {
            report("", "needs exactly one of bind (the gateway is the broker) and connect (to an existing broker)")
        }
        for (key, isThere) in [
            ("final", service.replies.final != nil), ("count", service.replies.count != nil),
            ("idle", service.replies.idle != nil),
        ] where isThere {
            report("replies.\(key)", "is not for peer: majordomo; the protocol says which reply is the last")
        }
        if service.cancel != nil && service.bind == nil { report("cancel", "is not for peer: majordomo") }
        for (index, pattern) in service.pool.allow.enumerated() where pattern.dropLast().contains("*") {
            report("allow[\(index)]", "has a * before its last character")
        }
    }

    /// A pool must know when a worker is done; otherwise the worker never gets another request.
    private func checkEnds() {
        let saysWhen = service.replies.final != nil || service.replies.count != nil
        if service.replies.idle != nil && service.replies.idleMeans == .complete && !saysWhen {
            report("replies.idle", "does not say when a worker is done; write count or final")
        }
        if service.cancel != nil { report("cancel", "is not for workers that take one request at a time") }
        if service.delimiter { report("delimiter", "is for peer: router only; the dialect defines it") }
    }

    private func checkClients() {
        guard service.clients != nil else { return }
        guard [.dealer, .rep, .ready].contains(service.peer), service.bind != nil else {
            return report("clients", "is for peer: dealer, rep and ready with bind")
        }
    }
}
