// The letters that a core receives and posts. Letter.swift lists them.

import Bridge
import Configuration
import Contract
import HTTP
import Operations
import Services
import Web
import ZeroMQ

extension Core {
    /// Queues a letter to a reactor, which may be this one. It leaves at the end of the turn.
    func post(_ letter: Letter, to core: Int) { outbox.add(letter, to: core) }

    func post(_ transfer: SessionTransfer, to reactor: Int) { post(.adopt(transfer), to: reactor) }

    func post(_ letter: any ServiceLetter, of plan: ServicePlan, to reactor: Int) {
        post(.service(plan.index, letter), to: reactor)
    }

    func postRequest(_ metadata: RequestMetadata, _ body: FrameBox, of plan: ServicePlan, to home: Int) {
        post(.request(service: plan.index, metadata, body), to: home)
    }

    func postWithdrawal(_ metadata: RequestMetadata, of plan: ServicePlan, to home: Int) {
        post(.withdraw(service: plan.index, metadata), to: home)
    }

    func letterBox(of plan: ServicePlan) -> @Sendable (any ServiceLetter) -> Void {
        let (mailbox, service) = (shared.mailboxes[index], plan.index)
        return { mailbox.post(.service(service, $0)) }
    }

    func receivedLetter(_ letter: Letter) {
        switch letter {
        case .request(let service, let metadata, let box):
            if case .rejected(let reason) = services[service].submit(&box.frame, [], metadata) {
                finish(metadata.owner, because: reason)
            }
        case .withdraw(let service, let metadata): services[service].withdraw(metadata)
        case .rejected(let ticket, let reason, let queueTiming): finish(ticket, because: reason, queueTiming)
        case .handed(let ticket): handed(ticket)
        case .reply(let service, let ticket, let box, let note):
            memory.budget.arrived(box.frame.count)
            route(&box.frame, note, to: ticket, shared.plans[service])
        case .workersLost(let service, let reason): endExchanges(of: shared.plans[service], because: reason)
        case .service(let service, let letter): services[service].receivedLetter(letter)
        case .order(let service, let pool, let worker, let isDraining):
            services[service].setDraining(isDraining, worker: worker, pool)
        case .registered(let service, let name, let registered):
            registeredServices.update(shared.plans[service], name, registered)
        case .admission(let ticket, let verdict): handler?.admission.decided(ticket, verdict)
        case .report(let asker, let inquiry): post(.reported(inquiry: inquiry, report()), to: asker)
        case .reported(let inquiry, let report): inquiries.receivedReport(report, for: inquiry)?()
        case .drain: beginDrain()
        case .idle: idlePeers += 1
        case .adopt(let transfer): sessions.adopt(transfer)
        case .makeRoom: memory.asked()
        }
    }

    /// A worker has received the one-way request of `ticket`.
    func handed(_ ticket: Ticket) {
        guard ticket.reactor == UInt8(index) else { return post(.handed(ticket), to: Int(ticket.reactor)) }
        requesters[ticket]?.requestWasTaken()
    }

    /// Asks every reactor for its report, and calls back on this one with all of them.
    func inquire(_ completion: @escaping ([CoreReport]) -> Void) {
        let inquiry = inquiries.open(expecting: shared.reactorCount, completion)
        for other in 0..<shared.reactorCount where other != index {
            post(.report(to: index, inquiry: inquiry), to: other)
        }
        inquiries.receivedReport(report(), for: inquiry)?()
    }

    private func report() -> CoreReport {
        var snapshot = metrics.snapshot
        snapshot.responses = metrics.responses
        snapshot.services = metrics.services.map(\.counts)
        snapshot.rejectionsByCode = metrics.rejections.all(listeners.map(\.listener.counters))
        snapshot.memory = MemoryCounts(memory)
        for watch in listeners {
            let counters = watch.listener.counters
            snapshot.connections += counters.connectionsOpen
            snapshot.connectionsAccepted += counters.connectionsAccepted
            snapshot.connectionsRejected += counters.connectionsRejected
            snapshot.connectionsEvicted += counters.connectionsEvicted
            snapshot.acceptsFailed += counters.acceptsFailed
            for kind in RejectionKind.allCases {
                snapshot.rejectionsByKind[kind.rawValue] += UInt64(counters.rejected(kind))
            }
            snapshot.spinsCaught += counters.spinsCaught
        }
        snapshot.sessionsAway = sessions.awayCount
        snapshot.logLinesDropped = shared.output.lostLines
        return CoreReport(
            metrics: snapshot, states: services.map(\.state), isDraining: !drainState.acceptsRequests)
    }
}
