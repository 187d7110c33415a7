// Bounded permission to buffer: when to pause a producer, when to let it go on, when it was too much.
//
//   0 ------- low water ------------- high water -------------- bound
//             resume when drained     pause when filled          the stream is ended
//             down to here            up to here

/// How much one client's unsent replies may pile up, in bytes.
public struct Credit: Sendable {
    public enum Change: Equatable, Sendable {
        case none
        /// The high water mark was passed upwards: stop reading from whoever can be stopped.
        case pause
        /// The low water mark was passed downwards: go on.
        case resume
        /// The bound is passed: the client loses its stream.
        case overrun
    }

    /// Unsent bytes.
    public private(set) var buffered = 0
    public private(set) var isPaused = false
    private let lowWater: Int
    private let highWater: Int
    private let bound: Int

    /// - Parameter bound: the most bytes that may wait, beyond which only a single reply may go; the marks lie at a
    /// quarter and a sixteenth of it.
    public init(bound: Int) {
        self.bound = bound
        highWater = bound / 4
        lowWater = bound / 16
    }

    public mutating func fill(_ bytes: Int) -> Change {
        let wasEmpty = buffered == 0
        buffered += bytes
        // A single reply larger than the bound is no sign of a slow client.
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
