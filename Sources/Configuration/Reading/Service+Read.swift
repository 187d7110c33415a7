// The tables of keys for a service and for a route.

extension ServiceConfiguration {
    /// Reads one service; nil if its peer is missing or invalid.
    static func read(_ name: String, _ section: Section) -> ServiceConfiguration? {
        if !isName(name) {
            section.diagnostics.error(
                section.place,
                "is not a service name; write 1 to 63 of a-z, 0-9, _, - and single dots, first a letter or digit")
        }
        guard let peer = section.value("peer", ScalarReader<Peer>.word) else {
            if !section.has("peer") {
                section.report("peer", "is missing; write \(Suggestions.choice(Peer.allCases.map(\.rawValue)))")
            }
            var ignored = ServiceConfiguration(name: name, peer: .dealer)
            ignored.fill(section)
            return nil
        }
        var service = ServiceConfiguration(name: name, peer: peer)
        service.fill(section)
        return service
    }

    private mutating func fill(_ section: Section) {
        section.read("description", into: &description, .text(0...1_000))
        section.list("connect", into: &connect, of: .connectEndpoint, 1...64)
        section.read("bind", into: &bind, .bindEndpoint)
        section.read("delimiter", into: &delimiter, .boolean)
        section.read("body", into: &body, .word)
        section.read("require", into: &require, .word)
        section.read("request", into: &request, .word)
        section.list("headers", into: &headers, of: .headerName, 0...64)
        section.read("reply", into: &reply, .word)
        section.read("expose", into: &expose, .boolean)
        section.read("optional", into: &isOptional, .boolean)
        section.section("replies") { replies.read($0) }
        overrides = OverrideLimits(for: replies)
        section.section("overrides") { section in
            let times = Duration.milliseconds(1)...Duration.seconds(86_400)
            section.read("deadline", into: &overrides.deadline, .duration(times))
            overrides = OverrideLimits(for: replies, deadline: overrides.deadline)
            section.read("first", into: &overrides.first, .duration(times))
            section.read("idle", into: &overrides.idle, .duration(times))
            section.read("count", into: &overrides.count, .integer(1...1_000_000))
        }
        section.read("cancel", into: &cancel, .text(1...65_536))
        section.section("identities") { section in
            section.read("spare", into: &identities.spare, .integer(0...1_000))
            section.read("reuse", into: &identities.reuse, .boolean)
            section.read("max", into: &identities.max, .integer(1...30_000))
            section.read("prefix", into: &identities.prefix, .text(0...32))
        }
        publisher.read(section, peer)
        if peer == .majordomo { pool.queueLength = 100_000 }
        pool.read(section)
        section.read("service", into: &brokered.name, .text(1...255))
        section.read("version", into: &brokered.version, .word)
        section.read("clients", into: &clients, .bindEndpoint)
        section.section("socket") { socket.read($0) }
        section.read("max_body_bytes", into: &maxBodyBytes, .bytes(1...1 << 30))
        section.read("max_exchanges", into: &maxExchanges, .integer(1...1_000_000))
        section.read("retry_after", into: &retryAfter, .wholeSeconds(.seconds(1) ... .seconds(3_600)))
    }

    /// The service's dotted key.
    var key: String { "services.\(Section.written(name))" }

    private static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, bytes.count <= 63, first != 0x5F, first != 0x2D else { return false }
        // Dots as in `math.add`: a path has no segment that begins or ends with one.
        let isDotted = name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
        return isDotted
            && bytes.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E
            }
    }
}

extension ReplyRules {
    static let times = Duration.milliseconds(1)...Duration.seconds(86_400)

    fileprivate mutating func read(_ section: Section) {
        section.section("final") { section in
            let deliver = section.value("deliver", ScalarReader<FinalRule.Delivery>.word)
            guard let predicate = Predicate.read(section) else { return }
            final = FinalRule(predicate, deliver: deliver ?? (predicate == .emptyFrame ? .marker : .data))
        }
        section.section("error") { section in
            // Read even without a condition, so that these keys are known.
            let status = section.value("status", .integer(400...599))
            let pointer = section.value("status_pointer", .pointer)
            if section.has("status") && section.has("status_pointer") {
                section.report("status_pointer", "excludes status; keep one of the two")
            }
            guard let predicate = Predicate.read(section) else { return }
            var rule = ErrorRule(predicate)
            if let status { rule.status = .fixed(status) }
            if let pointer { rule.status = .pointer(pointer) }
            error = rule
        }
        section.section("keepalive") { keepalive = Predicate.read($0) }
        readClocks(section)
    }

    /// The rules that a route may change.
    fileprivate mutating func readClocks(_ section: Section) {
        section.read("count", into: &count, .integer(0...1_000_000))
        section.read("first", into: &first, .duration(Self.times))
        section.read("first_means", into: &firstMeans, .word)
        section.read("idle", into: &idle, .duration(Self.times))
        section.read("idle_means", into: &idleMeans, .word)
        section.read("deadline", into: &deadline, .duration(Self.times))
        section.read("max_replies", into: &maxReplies, .integer(1...1_000_000_000))
        section.read("max_bytes", into: &maxBytes, .bytes(1...1 << 40))
        if section.has("idle_means") && idle == nil {
            section.report("idle_means", "needs idle; add that, or leave this out")
        }
        if section.has("first_means") && first == nil {
            section.report("first_means", "needs first; add that, or leave this out")
        }
        for (key, time) in [("first", first), ("idle", idle)] {
            if let time, section.has(key), time > deadline {
                section.report(
                    key, "is longer than the deadline, \(Units.text(deadline)); shorten it, or raise deadline")
            }
        }
    }
}

extension Predicate {
    /// Reads `{pointer, equals}`, `{pointer, exists: true}` or `{empty: true}`.
    fileprivate static func read(_ section: Section) -> Predicate? {
        let isEmpty = section.value("empty", .boolean)
        let pointer = section.value("pointer", .pointer)
        let literal = section.value("equals", .literal)
        let exists = section.value("exists", .boolean)
        if isEmpty == true, pointer == nil { return .emptyFrame }
        if let pointer, let literal, exists == nil { return .equals(pointer: pointer, literal) }
        if let pointer, exists == true, literal == nil { return .exists(pointer: pointer) }
        if section.has("pointer") && pointer == nil || section.has("equals") && literal == nil { return nil }
        section.diagnostics.error(section.place, missing(section))
        return nil
    }

    /// The message for a section without a complete condition.
    private static func missing(_ section: Section) -> String {
        let hasComparison = section.has("equals") || section.has("exists")
        if section.has("pointer") && !hasComparison {
            return "has a pointer but no test; add exists: true, or equals with a value"
        }
        if section.has("status_pointer") && !section.has("pointer") && !section.has("empty") {
            let example = "pointer: /error" + (hasComparison ? "" : ", exists: true")
            return "has a status_pointer but no condition; add \(example)"
        }
        return "is not a condition; write {pointer: /done, equals: 1}, {pointer: /error, exists: true} or {empty: true}"
    }
}

extension SocketSettings {
    fileprivate mutating func read(_ section: Section) {
        let hour = Duration.seconds(3_600)
        section.read("send_high_water_mark", into: &sendHighWaterMark, .integer(1...1_000_000))
        section.read("receive_high_water_mark", into: &receiveHighWaterMark, .integer(1...1_000_000))
        section.read("linger", into: &linger, .duration(.zero...hour))
        section.read("queue_while_down", into: &queueWhileDown, .boolean)
        section.read("reconnect_interval", into: &reconnectInterval, .duration(.milliseconds(1)...hour))
        section.read("reconnect_interval_max", into: &reconnectIntervalMax, .duration(.zero...hour))
        section.read("heartbeat_interval", into: &heartbeatInterval, .durationOrNone(.milliseconds(10)...hour))
        section.read("heartbeat_timeout", into: &heartbeatTimeout, .durationOrNone(.milliseconds(10)...hour))
        section.read("tcp_keepalive", into: &tcpKeepAlive, .keepAlive)
        section.read("tcp_keepalive_idle", into: &tcpKeepAliveIdle, .wholeSeconds(.seconds(1) ... .seconds(32_400)))
        section.read(
            "tcp_keepalive_interval", into: &tcpKeepAliveInterval, .wholeSeconds(.seconds(1) ... .seconds(32_400)))
        section.read("tcp_keepalive_count", into: &tcpKeepAliveCount, .integer(1...127))
        section.read("ipv6", into: &ipv6, .boolean)
        section.read("connect_timeout", into: &connectTimeout, .durationOrNone(.milliseconds(1)...hour))
        section.read("max_reply_bytes", into: &maxReplyBytes, .bytes(1...1 << 40))
        if heartbeatTimeout != nil && heartbeatInterval == nil {
            section.report("heartbeat_timeout", "has no heartbeat to wait for; add heartbeat_interval")
        }
        if reconnectIntervalMax > .zero && reconnectIntervalMax < reconnectInterval {
            section.report("reconnect_interval_max", "is below reconnect_interval; raise it, or write 0")
        }
    }
}

extension RouteConfiguration {
    /// Reads one route; nil if its match or its service is invalid.
    static func read(_ section: Section, _ services: [ServiceConfiguration]) -> RouteConfiguration? {
        let match = section.value("match", ScalarReader<RouteMatch>.match)
        let name = section.value("service", .text(1...63))
        for (key, value) in [("match", match == nil), ("service", name == nil)] where value && !section.has(key) {
            section.report(key, "is missing")
        }
        let service = services.first { $0.name == name }
        var route = RouteConfiguration(
            method: match?.method, path: match?.path ?? PathTemplate(segments: []), service: name ?? "",
            replies: service?.replies ?? ReplyRules())
        route.reply = service?.reply ?? .body
        route.headers = service?.headers ?? []
        section.read("registered", into: &route.registered, .text(1...255))
        if let service, (service.peer == .majordomo && service.bind != nil) != (route.registered != nil) {
            section.report("registered", "is required for a Majordomo broker, and not allowed for other services")
        }
        section.read("request", into: &route.request, .word)
        section.read("reply", into: &route.reply, .word)
        section.list("headers", into: &route.headers, of: .headerName, 0...64)
        section.section("replies") { route.replies.readClocks($0) }
        if let name, service == nil {
            let guess = Suggestions.closest(to: name, among: services.map(\.name)).map { "; did you mean \($0)?" } ?? ""
            section.report("service", "\(Units.quoted(name)) is not a service\(guess)")
        }
        return match == nil || service == nil ? nil : route
    }
}
