// A service's configuration, compiled: everything that is known before the first request.
//
// There is one plan for each service. It is made at startup, shared by all reactors, and never changes. State (sockets,
// identities, counts) lives in the `Service` that each reactor makes from the plan.

package import Bridge
package import Configuration
import JSON

/// A service's configuration in the form that the request path needs.
package final class ServicePlan: Sendable {
    /// Its position in the configuration, the same on every reactor.
    package let index: Int
    package let configuration: ServiceConfiguration
    /// What clients may call by name.
    package let exposure: Exposure
    /// The most bytes of a request's body.
    package let maxBodyBytes: Int
    /// What its peer kind says about it.
    package let traits: ServiceTraits
    package let bounds: OverrideBounds
    package let inspector: ReplyInspector
    /// The service's own end rules.
    package let rules: EndRules
    /// How its replies are written into responses.
    package let replyText: ReplyText
    /// What is sent to the worker when the client no longer waits for replies; nil for nothing.
    package let cancel: [UInt8]?

    package var name: String { configuration.name }

    /// The frames of a message, and those before its body when we are the client of a ROUTER.
    package var template: FrameTemplate { traits.template }
    package var head: [[UInt8]] { traits.head }

    /// - Parameter maxBodyBytes: the default for a service without a bound of its own.
    package init(
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
        // A publication is already JSON, whatever the format of the body in it.
        replyText = ReplyText(
            body: isHeard ? .json : configuration.body, isEnvelope: configuration.reply == .envelope)
        inspector = ReplyInspector(configuration)
        cancel = configuration.cancel.map { Array($0.utf8) }
    }

    /// Whether the reply marks itself as the last one by the service's end rules.
    package func saysItself(_ reply: Span<UInt8>) -> Bool {
        guard configuration.replies.final != nil || configuration.replies.error != nil else { return false }
        let facts = inspector.inspect(reply).facts
        return facts.isFinal || facts.isError
    }

    /// The rules for one request. If the service defines no end, a JSON response ends after one reply.
    package func rules(asking format: ReplyFormat, on base: EndRules) -> EndRules {
        let isTold = configuration.replies.namesAnEnd || traits.marksLastReply
        guard !isTold, base.count == nil, format.isSingle else { return base }
        var rules = base
        rules.count = 1
        return rules
    }
}

extension EndRules {
    /// The end rules that a configuration declares. A count in the configuration is the service's own, and thus exact.
    /// - Parameter impliedCount: the count of a peer kind that always replies that many times.
    package init(_ replies: ReplyRules, impliedCount: Int? = nil) {
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
    /// These rules for Majordomo workers. Those of MDP/0.1 reply once.
    package func ofWorkers(streaming: Bool) -> EndRules {
        var rules = self
        rules.count = streaming ? nil : 1
        rules.countIsExact = !streaming
        return rules
    }
}

extension OverrideBounds {
    /// For exchanges that may go on forever anyway.
    package static let none = OverrideBounds(count: .max, first: .max, idle: .max, deadline: .max)

    package init(_ limits: OverrideLimits) {
        self.init(
            count: limits.count, first: limits.first.inNanoseconds, idle: limits.idle.inNanoseconds,
            deadline: limits.deadline.inNanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds; zero for a negative duration.
    package var inNanoseconds: Nanoseconds {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
