// Back-pressure for one client: when to pause its producer, when to resume, and when to give up.
//
//     0 ------- low water ------------- high water -------------- bound
//               resume when drained     pause when filled          the stream is ended
//               down to here            up to here
//
// Pure: it counts bytes; its owner pauses and resumes.

/// Limits the unsent replies of one client, in bytes.
public struct Credit: Sendable {
    public enum Change: Equatable, Sendable {
        case none
        /// The buffer has risen above the high-water mark: stop reading from its producer, if the producer can be
        /// stopped.
        case pause
        /// The buffer has fallen to the low-water mark: resume reading.
        case resume
        /// The buffer is above the bound: the client loses its stream.
        case overrun
    }

    /// Unsent bytes.
    public private(set) var buffered = 0
    public private(set) var isPaused = false
    private let lowWater: Int
    private let highWater: Int
    private let bound: Int

    /// - Parameter bound: maximum number of unsent bytes; only a single reply may be larger. The high-water mark is a
    ///   quarter of it, the low-water mark a sixteenth.
    public init(bound: Int) {
        self.bound = bound
        highWater = bound / 4
        lowWater = bound / 16
    }

    public mutating func fill(_ bytes: Int) -> Change {
        let wasEmpty = buffered == 0
        buffered += bytes
        // A single reply larger than the bound does not show that the client is slow.
        if buffered > bound && !wasEmpty { return .overrun }
        guard buffered > highWater, !isPaused else { return .none }
        isPaused = true
        return .pause
    }

    public mutating func drain(_ bytes: Int) -> Change {
        buffered -= bytes
        guard isPaused, buffered <= lowWater else { return .none }
        isPaused = false
        return .resume
    }
}
