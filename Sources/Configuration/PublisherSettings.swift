// The settings of a publisher only: the shape of its messages, and how many messages and topics are kept.

/// The keys for services with `peer: publisher` only.
public struct PublisherSettings: Sendable, Equatable {
    /// The frames of a message.
    public enum Frames: String, Sendable, CaseIterable {
        /// Two frames, the topic and the body.
        case topicAndBody = "topic_body"
        /// One frame: the body, which begins with the topic.
        case single
    }

    /// `frames`: the shape of messages; others are counted and dropped. Default: `topic_body`.
    public var frames = Frames.topicAndBody

    /// `cache`: topics whose last message is kept for later subscribers, 0 to 100,000 per reactor; 0 for none. Above 0
    /// the gateway subscribes to every topic permanently. Default: 0.
    public var cache = 0

    /// `max_topics`: topics that clients subscribe to, in total, 1 to 1,000,000; a topic counts once on each reactor
    /// with a subscriber. More: 503. Default: 1,000.
    public var maxTopics = 1_000

    /// The defaults.
    public init() {}
}
