// The frames of a service's messages, fixed by its configuration. Nothing a client sends adds, splits or reorders
// frames.
//
//     template            we send                    we receive                 the worker
//     body                [body]                     [body]                     a ROUTER that echoes its identity
//     delimited           [""][body]                 [""][body]                 a ROUTER written for REQ clients
//     ticket              [ticket][body]             [ticket][body]             a DEALER behind a proxy
//     ticketDelimited     [ticket][""][body]         [ticket][""][body]         a REP, which restores the envelope

/// The frames around the one body frame.
public enum FrameTemplate: Sendable {
    case body, delimited, ticket, ticketDelimited

    public var hasTicket: Bool { self == .ticket || self == .ticketDelimited }
    public var hasDelimiter: Bool { self == .delimited || self == .ticketDelimited }
}

/// The role of one frame in an incoming message.
public enum FrameRole: Sendable {
    case ticket, delimiter, body
    /// A frame behind the body.
    case surplus
}

/// Checks an incoming message against the template, frame by frame.
///
/// Feed all of its frames, even after a fault: they must not run into the next message.
public struct ReplyShape: Sendable {
    private let template: FrameTemplate
    private var position: Int
    /// What is wrong with the message; nil if its shape is right so far.
    public private(set) var fault: Mismatch?
    /// More frames of this message follow.
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
            case .delimiterNotEmpty: "the frame before the body must be empty"
            case .tooShort: "the message ends before its body frame"
            case .tooLong: "frames follow the body frame"
            }
        }
    }

    public init(_ template: FrameTemplate) {
        self.template = template
        position = template.hasTicket ? 0 : (template.hasDelimiter ? 1 : 2)
    }

    /// Takes the next frame.
    /// - Returns: its role.
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
