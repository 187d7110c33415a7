// The frames of a service's messages, fixed by its configuration: nothing that a client sends adds, splits or reorders
// any.
//
//   template            we send                    we receive                 the worker
//   body                [body]                     [body]                     a ROUTER that echoes its identity
//   delimited           [""][body]                 [""][body]                 a ROUTER written for REQ clients
//   ticket              [ticket][body]             [ticket][body]             a DEALER behind a proxy
//   ticketDelimited     [ticket][""][body]         [ticket][""][body]         a REP, which restores the envelope

/// Which frames stand around the one body frame.
public enum FrameTemplate: Sendable {
    case body, delimited, ticket, ticketDelimited

    public var hasTicket: Bool { self == .ticket || self == .ticketDelimited }
    public var hasDelimiter: Bool { self == .delimited || self == .ticketDelimited }
}

/// What the next frame of an incoming message is.
public enum FrameRole: Sendable {
    case ticket, delimiter, body
    /// A frame behind the body.
    case surplus
}

/// Reads one incoming message frame by frame and says whether its shape is the template's.
///
/// A message with a wrong shape is read to its end all the same: its frames must not run into the next message.
public struct ReplyShape: Sendable {
    private let template: FrameTemplate
    private var position: Int
    /// What is wrong with the message, if anything is; nil for a message of the right shape.
    public private(set) var fault: Mismatch?
    /// Another frame of the same message follows.
    public private(set) var expectsMore = true

    public enum Mismatch: Sendable {
        /// A frame that should be the empty delimiter is not empty.
        case delimiterNotEmpty
        /// The message ended before its body.
        case tooShort
        /// Frames follow the body.
        case tooLong

        /// A sentence for the operator of the worker.
        public var sentence: StaticString {
            switch self {
            case .delimiterNotEmpty: "the frame before the body should be empty and is not"
            case .tooShort: "the message ends before its body frame"
            case .tooLong: "frames follow the body frame"
            }
        }
    }

    public init(_ template: FrameTemplate) {
        self.template = template
        position = template.hasTicket ? 0 : (template.hasDelimiter ? 1 : 2)
    }

    /// Takes the next frame in. - Returns: what it is.
    public mutating func next(isEmpty: Bool, hasMore: Bool) -> FrameRole {
        defer { advance() }
        expectsMore = hasMore
        switch position {
        case 0:
            if !hasMore { fault = .tooShort }
            return .ticket
        case 1:
            if !hasMore {
                fault = .tooShort
            } else if !isEmpty {
                fault = .delimiterNotEmpty
            }
            return .delimiter
        case 2:
            if hasMore && fault == nil { fault = .tooLong }
            return .body
        default: return .surplus
        }
    }

    private mutating func advance() {
        position += position == 0 && !template.hasDelimiter ? 2 : 1
    }
}
