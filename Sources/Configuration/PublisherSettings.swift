// What only a publisher has: what its messages look like, and how much of them and of their topics is kept.

/// The keys of a service with `peer: publisher` alone.
public struct PublisherSettings: Sendable, Equatable {
    /// What a message is made of.
    public enum Frames: String, Sendable, CaseIterable {
        /// Two frames, the topic and the body.
        case topicAndBody = "topic_body"
        /// One frame, which is the body and begins with the topic.
        case single
    }

    /// `frames`: messages of another shape are counted and dropped. Default: `topic_body`.
    public var frames = Frames.topicAndBody

    /// `cache`: topics whose last message is kept for those who come later, 0 to 100,000, on each reactor; 0: none.
    /// Above 0 the gateway subscribes to everything, for good. Default: 0.
    public var cache = 0

    /// `max_topics`: topics that all clients together listen to, 1 to 1,000,000; a topic counts once on each reactor
    /// where somebody listens to it. Above: 503. Default: 1,000.
    public var maxTopics = 1_000

    /// The defaults.
    public init() {}
}
