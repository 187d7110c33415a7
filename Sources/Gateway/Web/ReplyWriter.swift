// Turns the replies of one exchange into one response. Two kinds:
//
//   UnaryWriter    waits for the end, then gives one body with a length
//   StreamWriter   gives each reply as it comes

import Bridge

/// What is to be known of an exchange that ended, besides its end.
struct Conclusion {
    let record: EndRecord
    /// A worker's error reply, as JSON, where that ended it.
    let errorReply: [UInt8]?
}

/// The way replies take to the client.
protocol ReplyWriter: AnyObject {
    /// A reply to deliver.
    func reply(_ body: Span<UInt8>, _ inspection: Inspection)
    /// The exchange is over; the response is given or ended now.
    func end(_ conclusion: Conclusion)
    /// The response has begun: from now on problems go into the stream.
    var hasBegun: Bool { get }
    /// Begins the response although there is no reply yet, so that nobody between takes it for dead.
    func begin()
    /// Where the time went so far; said in the header, if that is not given yet.
    func note(_ timing: ServerTiming)
    /// Says something that means nothing, for whoever closes quiet connections.
    func sayNothing()
}
