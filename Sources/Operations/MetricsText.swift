// The metrics in Prometheus's text exposition format 0.0.4.

import Bridge
package import Contract
import HTTP

/// Writes the metrics page.
package struct MetricsText {
    private var text = ""

    package static func make(_ reports: [CoreReport], _ plans: [ServicePlan]) -> String {
        var total = MetricsSnapshot()
        for report in reports { total.add(report.metrics) }
        let states = plans.indices.map { index in ServiceState.sum(reports.map { $0.states[index] }) }
        var page = MetricsText()
        page.exchanges(total, plans)
        page.replies(total, plans)
        page.workers(states, plans)
        page.topics(total, plans)
        page.histograms(total, plans)
        page.process(total, reactors: reports.count)
        total.memory.write(into: &page)
        return page.text
    }

    private mutating func exchanges(_ total: MetricsSnapshot, _ plans: [ServicePlan]) {
        head("zmq_gateway_exchanges_total", "counter", "Exchanges that ended, by service and reason.")
        for (plan, counts) in zip(plans, total.services) {
            for reason in EndReason.allCases where counts.ends[Int(reason.rawValue)] > 0 {
                line(
                    "zmq_gateway_exchanges_total", "service=\"\(plan.name)\",reason=\"\(reason.word)\"",
                    counts.ends[Int(reason.rawValue)])
            }
        }
        perService("zmq_gateway_exchanges_open", "gauge", "Open exchanges.", total, plans) {
            UInt64(max(0, $0.open))
        }
        perService(
            "zmq_gateway_request_bytes_total", "counter", "Bytes of request frames sent to workers.", total, plans
        ) {
            $0.bytesSent
        }
    }

    private mutating func replies(_ total: MetricsSnapshot, _ plans: [ServicePlan]) {
        perService("zmq_gateway_replies_total", "counter", "Replies delivered to clients.", total, plans) { $0.replies }
        perService("zmq_gateway_reply_bytes_total", "counter", "Bytes of reply frames received.", total, plans) {
            $0.bytesReceived
        }
        head("zmq_gateway_replies_dropped_total", "counter", "Replies dropped, by service and reason.")
        for (plan, counts) in zip(plans, total.services) {
            for reason in DropReason.allCases {
                line(
                    "zmq_gateway_replies_dropped_total", "service=\"\(plan.name)\",reason=\"\(reason.word)\"",
                    counts.drops[reason.rawValue])
            }
        }
    }

    private mutating func workers(_ states: [ServiceState], _ plans: [ServicePlan]) {
        head("zmq_gateway_workers", "gauge", "Connected workers (for router services: endpoints).")
        for (plan, state) in zip(plans, states) {
            line("zmq_gateway_workers", "service=\"\(plan.name)\"", UInt64(state.workers))
        }
        head("zmq_gateway_identities", "gauge", "Identities of router services, by state.")
        for (plan, state) in zip(plans, states) where plan.traits.leasesIdentities {
            let counts = [
                ("ready", state.identitiesReady),
                ("leased", state.identitiesLeased),
            ]
            for (word, count) in counts {
                line("zmq_gateway_identities", "service=\"\(plan.name)\",state=\"\(word)\"", UInt64(count))
            }
        }
        head("zmq_gateway_exchanges_waiting", "gauge", "Exchanges waiting for an identity or for a ready worker.")
        for (plan, state) in zip(plans, states) where plan.traits.leasesIdentities || plan.traits.reportsPools {
            line("zmq_gateway_exchanges_waiting", "service=\"\(plan.name)\"", UInt64(state.waiting))
        }
        pools(states, plans)
        let native = zip(plans, states).filter { $0.0.configuration.clients != nil }
        if !native.isEmpty {
            head("zmq_gateway_native_clients", "gauge", "Native clients of a service.")
            for (plan, state) in native {
                line("zmq_gateway_native_clients", "service=\"\(plan.name)\"", UInt64(state.natives))
            }
        }
    }

    private mutating func pools(_ states: [ServiceState], _ plans: [ServicePlan]) {
        let pooled = zip(plans, states).filter(\.0.traits.reportsPools)
        guard !pooled.isEmpty else { return }
        head("zmq_gateway_pool_workers", "gauge", "Registered workers, by state.")
        for (plan, state) in pooled {
            let counts = [
                ("ready", state.pools.reduce(0) { $0 + $1.ready }), ("busy", state.pools.reduce(0) { $0 + $1.busy }),
                ("draining", state.pools.reduce(0) { $0 + $1.draining }),
            ]
            for (word, count) in counts {
                line("zmq_gateway_pool_workers", "service=\"\(plan.name)\",state=\"\(word)\"", UInt64(count))
            }
        }
        head("zmq_gateway_queue_bytes", "gauge", "Bytes of requests waiting for a ready worker.")
        for (plan, state) in pooled {
            let bytes = state.pools.reduce(0) { $0 + $1.queuedBytes }
            line("zmq_gateway_queue_bytes", "service=\"\(plan.name)\"", UInt64(bytes))
        }
    }

    private mutating func histograms(_ total: MetricsSnapshot, _ plans: [ServicePlan]) {
        natives(total, plans)
        let pooled = plans.filter(\.traits.reportsPools)
        if !pooled.isEmpty {
            perService("zmq_gateway_workers_lost_total", "counter", "Registered workers lost.", total, pooled) {
                $0.workersLost
            }
            let brokers = plans.filter(\.traits.listsRegisteredNames)
            if !brokers.isEmpty {
                perService(
                    "zmq_gateway_violations_total", "counter", "Workers disconnected for breaking the protocol.", total,
                    brokers
                ) {
                    $0.violations
                }
            }
            perService(
                "zmq_gateway_requests_retried_total", "counter", "Requests given to another worker.", total, pooled
            ) {
                $0.retried
            }
            histogram("zmq_gateway_queue_seconds", "Time a request waited for a ready worker.", total, pooled, \.queue)
        }
        // A subscription lasts as long as its client likes. That is not a latency, and would drown the real ones.
        let answering = plans.filter { !$0.traits.takesSubscriptions }
        histogram(
            "zmq_gateway_first_reply_seconds", "Time from the complete request to the first reply; no subscriptions.",
            total, answering, \.firstReply)
        histogram(
            "zmq_gateway_exchange_seconds", "Time from the complete request to the end; no subscriptions.", total,
            answering, \.exchange)
    }

    private mutating func natives(_ total: MetricsSnapshot, _ plans: [ServicePlan]) {
        let native = plans.filter(\.configuration.takesNativeClients)
        guard !native.isEmpty else { return }
        perService("zmq_gateway_native_requests_total", "counter", "Requests of native clients.", total, native) {
            $0.nativeRequests
        }
        perService("zmq_gateway_native_requests_open", "gauge", "Open requests of native clients.", total, native) {
            UInt64($0.nativeOpen)
        }
        head("zmq_gateway_native_refused_total", "counter", "Requests of native clients that got no reply, by reason.")
        for plan in native {
            for reason in EndReason.allCases {
                let count = total.services[plan.index].nativeRejections[Int(reason.rawValue)]
                guard count > 0 || reason == .overloaded else { continue }
                line(
                    "zmq_gateway_native_refused_total", "service=\"\(plan.name)\",reason=\"\(reason.word)\"", count)
            }
        }
        perService(
            "zmq_gateway_native_held_total", "counter", "Requests of native clients that were held back.", total, native
        ) {
            $0.nativeHeld
        }
        perService("zmq_gateway_native_replies_total", "counter", "Replies sent to native clients.", total, native) {
            $0.nativeReplies
        }
    }

    private mutating func process(_ total: MetricsSnapshot, reactors: Int) {
        single(
            "zmq_gateway_connections", "gauge", "Open client connections.", UInt64(max(0, total.connections)))
        single(
            "zmq_gateway_connections_accepted_total", "counter", "Client connections accepted.",
            total.connectionsAccepted)
        single(
            "zmq_gateway_connections_refused_total", "counter", "Client connections refused.", total.connectionsRejected
        )
        single(
            "zmq_gateway_connections_evicted_total", "counter", "Idle client connections closed to make room.",
            total.connectionsEvicted)
        single(
            "zmq_gateway_accept_failures_total", "counter", "Accepts that failed for lack of descriptors or memory.",
            total.acceptsFailed)
        single(
            "zmq_gateway_peers", "gauge", "ZeroMQ connections to endpoints that the gateway binds.",
            UInt64(max(0, total.peers)))
        single(
            "zmq_gateway_peers_refused_total", "counter", "ZeroMQ connections closed because an endpoint had too many.",
            total.peersRejected)
        rejections(total)
        responses(total)
        single(
            "zmq_gateway_parser_spins_total", "counter", "Busy loops of the HTTP parser that were caught.",
            total.spinsCaught)
        single(
            "zmq_gateway_log_lines_dropped_total", "counter", "Log lines that could not be written.",
            total.logLinesDropped)
        single("zmq_gateway_reactors", "gauge", "Reactor threads.", UInt64(reactors))
    }

    private mutating func responses(_ total: MetricsSnapshot) {
        head("zmq_gateway_responses_total", "counter", "HTTP responses, by status.")
        for (status, count) in total.responses.sorted(by: { $0.key < $1.key }) {
            line("zmq_gateway_responses_total", "status=\"\(status)\"", count)
        }
        single(
            "zmq_gateway_buffered_bytes", "gauge", "Bytes of replies waiting for slow clients.",
            UInt64(max(0, total.bufferedBytes)))
        single(
            "zmq_gateway_slow_clients_total", "counter", "Streams and sessions that filled their buffer.",
            total.slowClients)
        single("zmq_gateway_sessions_open", "gauge", "Open WebSocket sessions.", UInt64(max(0, total.sessionsOpen)))
        single("zmq_gateway_sessions_total", "counter", "Sessions opened.", total.sessionsOpened)
        single(
            "zmq_gateway_sessions_resumed_total", "counter", "Sessions resumed by their client.",
            total.sessionsResumed)
        single(
            "zmq_gateway_sessions_away", "gauge", "Sessions waiting for their client to come back.",
            UInt64(max(0, total.sessionsAway)))
        single(
            "zmq_gateway_sessions_evicted_total", "counter", "Lost sessions ended to make room.",
            total.sessionsEvicted)
        single("zmq_gateway_messages_received_total", "counter", "WebSocket messages received.", total.messagesReceived)
        single("zmq_gateway_messages_sent_total", "counter", "WebSocket messages sent.", total.messagesSent)
    }

    /// Rejected requests. Those that the HTTP room rejected are in both metrics, by kind and by problem code.
    private mutating func rejections(_ total: MetricsSnapshot) {
        head(
            "zmq_gateway_requests_rejected_total", "counter",
            "Requests rejected while being read, before a handler saw them, by reason.")
        for (kind, count) in zip(RejectionKind.allCases, total.rejectionsByKind) {
            line("zmq_gateway_requests_rejected_total", "reason=\"\(kind.word)\"", count)
        }
        head(
            "zmq_gateway_requests_refused_total", "counter",
            "Requests rejected before they reached a service, by problem code.")
        for (code, count) in total.rejectionsByCode.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            line("zmq_gateway_requests_refused_total", "reason=\"\(code.rawValue)\"", count)
        }
    }

    private mutating func histogram(
        _ name: String, _ help: String, _ total: MetricsSnapshot, _ plans: [ServicePlan],
        _ key: KeyPath<ServiceCounts, Histogram>
    ) {
        head(name, "histogram", help)
        for plan in plans {
            let histogram = total.services[plan.index][keyPath: key]
            var cumulative: UInt64 = 0
            for (bound, count) in zip(Histogram.bounds, histogram.buckets) {
                cumulative += count
                line("\(name)_bucket", "service=\"\(plan.name)\",le=\"\(bound.label)\"", cumulative)
            }
            line("\(name)_bucket", "service=\"\(plan.name)\",le=\"+Inf\"", histogram.count)
            text += "\(name)_sum{service=\"\(plan.name)\"} \(Double(histogram.sum) / 1e9)\n"
            line("\(name)_count", "service=\"\(plan.name)\"", histogram.count)
        }
    }

    private mutating func perService(
        _ name: String, _ type: String, _ help: String, _ total: MetricsSnapshot, _ plans: [ServicePlan],
        _ value: (ServiceCounts) -> UInt64
    ) {
        head(name, type, help)
        for plan in plans { line(name, "service=\"\(plan.name)\"", value(total.services[plan.index])) }
    }

    package mutating func single(_ name: String, _ type: String, _ help: String, _ value: UInt64) {
        head(name, type, help)
        text += "\(name) \(value)\n"
    }

    package mutating func head(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    package mutating func line(_ name: String, _ labels: String, _ value: UInt64) {
        text += "\(name){\(labels)} \(value)\n"
    }
}

extension ServiceState {
    /// One service over all reactors. It is ready if it is ready on every reactor. A worker counts once, however many
    /// reactors are connected to it.
    package static func sum(_ states: [ServiceState]) -> ServiceState {
        var sum = ServiceState(isReady: true)
        for state in states where state.isHere {
            sum.isReady = sum.isReady && state.isReady
            sum.workers = max(sum.workers, state.workers)
            sum.identitiesReady += state.identitiesReady
            sum.identitiesLeased += state.identitiesLeased
            sum.waiting += state.waiting
            sum.pools += state.pools
            sum.natives += state.natives
            sum.trouble = sum.trouble ?? state.trouble
        }
        return sum
    }
}
