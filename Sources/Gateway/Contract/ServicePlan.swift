// What is known of a service before the first request: the configuration, compiled.
//
// One plan a service, made at the start, shared by all reactors, never changed. What lives (sockets, identities,
// counts) is in the `Service` that each reactor makes from it.

import Bridge
import Configuration
import JSON

/// A service's configuration in the shape the hot path wants.
final class ServicePlan: Sendable {
    /// Its place in the configuration; the same on every reactor.
    let index: Int
    let configuration: ServiceConfiguration
    /// What clients may call by name.
    let exposure: Exposure
    /// Of a request's body.
    let maxBodyBytes: Int
    /// What its kind of peer says of it.
    let traits: ServiceTraits
    let bounds: OverrideBounds
    let inspector: ReplyInspector
    /// The service's own end rules.
    let rules: EndRules
    /// How its replies are written.
    let replyText: ReplyText
    /// What is sent when nobody waits for the replies any more.
    let cancel: [UInt8]?

    var name: String { configuration.name }

    /// The frames of a message, and those that precede its body where we are a client of a ROUTER.
    var template: FrameTemplate { traits.template }
    var head: [[UInt8]] { traits.head }

    /// - Parameter maxBodyBytes: of a service that has no bound of its own.
    init(
        index: Int, _ configuration: ServiceConfiguration, _ traits: ServiceTraits, _ exposure: Exposure,
        _ maxBodyBytes: Int
    ) {
        self.index = index
        self.configuration = configuration
        self.exposure = exposure
        self.maxBodyBytes = configuration.maxBodyBytes ?? maxBodyBytes
        self.traits = traits
        let isHeard = traits.takesSubscriptions
        rules = isHeard ? .listening : EndRules(configuration.replies, impliedCount: configuration.impliedCount)
        bounds = isHeard ? .none : OverrideBounds(configuration.overrides)
        // A publication is JSON already, whatever the body in it is.
        replyText = ReplyText(
            body: isHeard ? .json : configuration.body, isEnvelope: configuration.reply == .envelope)
        inspector = ReplyInspector(configuration)
        cancel = configuration.cancel.map { Array($0.utf8) }
    }

    /// The reply says itself that it is the last one, by the service's end rules.
    func saysItself(_ reply: Span<UInt8>) -> Bool {
        guard configuration.replies.final != nil || configuration.replies.error != nil else { return false }
        let facts = inspector.inspect(reply).facts
        return facts.isFinal || facts.isError
    }

    /// The rules for one request: where the service names no end of its own, one reply is what JSON can carry.
    func rules(asking format: ReplyFormat, on base: EndRules) -> EndRules {
        let isTold = configuration.replies.namesAnEnd || traits.marksLastReply
        guard !isTold, base.count == nil, format.isSingle else { return base }
        var rules = base
        rules.count = 1
        return rules
    }
}

extension EndRules {
    /// The end rules that a configuration declares. A count in the configuration is the service's own word, thus exact.
    /// - Parameter impliedCount: the count of a kind of worker that always answers so often.
    init(_ replies: ReplyRules, impliedCount: Int? = nil) {
        let count = replies.count ?? impliedCount
        self.init(
            count: count,
            countIsExact: count != nil,
            deliversFinal: replies.final?.deliver != .marker,
            first: replies.first.map(\.inNanoseconds),
            idle: replies.idle.map(\.inNanoseconds),
            idleMeans: replies.idleMeans == .complete ? .complete : .incomplete,
            deadline: replies.deadline.inNanoseconds,
            maxReplies: replies.maxReplies,
            maxBytes: replies.maxBytes)
        firstMeans = replies.firstMeans == .complete ? .complete : .incomplete
    }
}

extension EndRules {
    /// These rules for Majordomo workers: those of 0.1 answer once.
    func ofWorkers(streaming: Bool) -> EndRules {
        var rules = self
        rules.count = streaming ? nil : 1
        rules.countIsExact = !streaming
        return rules
    }
}

extension OverrideBounds {
    /// For what may go on for ever anyway.
    static let none = OverrideBounds(count: .max, first: .max, idle: .max, deadline: .max)

    init(_ limits: OverrideLimits) {
        self.init(
            count: limits.count, first: limits.first.inNanoseconds, idle: limits.idle.inNanoseconds,
            deadline: limits.deadline.inNanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds; zero for what is negative.
    var inNanoseconds: Nanoseconds {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
