// One WebSocket as a codec: bytes in and messages out, messages in and bytes out. It has no descriptor and no clock.
//
//     open --close sent--> closing --close received--> closed
//       |---- close received (answered) -------------> closed
//       +---- protocol violation (close sent) -------> failed       closed and failed ignore further bytes
//
// Received bytes stay in the caller's buffer, which all its connections share: they are unmasked in place, and a
// message that is complete there is delivered from there. A partial message is copied; the copy grows with the bytes
// received, not with the length announced. An idle codec owns no memory besides itself, no buffer and no zlib stream.

/// The type of a message (RFC 6455, section 5.6).
public enum MessageKind: Sendable { case text, binary }

/// Receives the messages of a codec. Every span is valid only during the call.
public protocol CodecDelegate: AnyObject {
    /// A message; text is valid UTF-8.
    func receivedMessage(_ kind: MessageKind, _ payload: Span<UInt8>)
    func receivedPong(_ payload: Span<UInt8>)
    /// The last call: the client closed, or violated the protocol as `fault` says. Send the rest of the output, then
    /// close the connection.
    func ended(_ code: CloseCode, fault: String?)
}

/// Limits, checked before memory is allocated.
public struct CodecLimits: Sendable {
    /// Maximum size of a message, also after decompression. More is 1009.
    public var maxMessageBytes = 1 << 20
    /// Maximum number of frames per message. More is 1009.
    public var maxFragments = 4096
    /// Shorter messages are sent uncompressed.
    public var compressFromBytes = 256
    /// Maximum number of queued pongs; beyond it only the latest is kept (section 5.5.3).
    public var maxPongs = 16

    public init() {}
}

/// The server's end of one WebSocket.
public final class Codec {
    enum State { case open, closing, closed, failed }

    /// The bytes that a sender omits (RFC 7692, section 7.2.1).
    private static let tail: [UInt8] = [0, 0, 0xFF, 0xFF]

    // One codec of thousands is cold when its turn comes: fields that every message touches come first, together.

    private(set) var state = State.open
    private let deflate: DeflateParameters?

    // MARK: going out

    private var bytes: [UInt8] = []
    private var sent = 0
    private var pongs = 0
    private var latestPong: [UInt8]?

    // MARK: coming in

    private var controlFrameCount: UInt64 = 0
    private var reader = FrameHeaderReader()
    private var header: FrameHeader?
    private var taken = 0
    /// The type of the message in progress.
    private var kind: MessageKind?
    private var isCompressed = false
    private var text = UTF8Check()
    private var fragments = 0
    private var message: [UInt8] = []
    private let limits: CodecLimits

    private var control: [UInt8] = []
    private var isAside = false
    /// Bytes received after the message at which the codec was set aside.
    private var rest: [UInt8] = []
    private var inflater: Inflater?
    private var deflater: Deflater?

    public init(_ limits: CodecLimits = CodecLimits(), deflate: DeflateParameters? = nil) {
        self.limits = limits
        self.deflate = deflate
    }

    /// Control frames received.
    public var controlFrames: UInt64 { controlFrameCount }
    /// Whether messages are received and may be sent.
    public var isOpen: Bool { state == .open }
    /// Whether input has ended: send the output, then close the connection.
    public var isOver: Bool { state == .closed || state == .failed }

    /// Takes the first `count` bytes, unmasks them in place, and calls `delegate`.
    public func receive(_ bytes: inout MutableSpan<UInt8>, count: Int, _ delegate: any CodecDelegate) {
        var position = 0
        while !isOver {
            if header == nil {
                var reader = reader
                let outcome = reader.read(bytes.span, upTo: count, &position, allowsCompression: deflate != nil)
                self.reader = reader
                switch outcome {
                case .incomplete: return
                case .wrong(let fault): return fail(.protocolError, String(describing: fault), delegate)
                case .header(let next): guard begin(next, delegate) else { return }
                }
            }
            guard let header else { return }
            let size = min(header.length - taken, count - position)
            let range = position..<position + size
            Masking.remove(header.mask, offset: taken, from: &bytes, range)
            position += size
            taken += size
            let isWhole = taken == header.length
            if isWhole { self.header = nil }
            let isFirst = taken == size
            let piece = bytes.span.extracting(range)
            if header.opcode.isControl {
                takeControl(header.opcode, piece, isFirst: isFirst, isWhole: isWhole, delegate)
            } else {
                takeData(header, piece, isOnly: isFirst && isWhole, isWhole: isWhole, delegate)
            }
            if isAside { return keepRest(bytes.span.extracting(position..<count)) }
            if !isWhole { return }
        }
    }

    /// Call it from inside of `receivedMessage` to hand what follows to another delegate: it is kept as received until
    /// `goOn`.
    public func setAside() { isAside = true }

    /// Bytes kept of incomplete messages.
    public var unfinished: Int { message.count + control.count + rest.count }

    /// Drops what has been received, as if it violated the protocol, and ignores further bytes.
    public func reject(_ code: CloseCode, _ reason: String, _ delegate: any CodecDelegate) {
        guard !isOver else { return }
        rest = []
        fail(code, reason, delegate)
    }

    /// Processes the bytes kept since `setAside`.
    public func goOn(_ delegate: any CodecDelegate) {
        isAside = false
        guard !rest.isEmpty else { return }
        var kept: [UInt8] = []
        swap(&kept, &rest)
        let count = kept.count
        var span = kept.mutableSpan
        receive(&span, count: count, delegate)
    }

    private func keepRest(_ piece: Span<UInt8>) {
        var whole: [UInt8] = []
        whole.append(copying: piece)
        rest = whole
    }

    /// Takes a complete frame header and checks its length before any payload is kept.
    private func begin(_ next: FrameHeader, _ delegate: any CodecDelegate) -> Bool {
        header = next
        taken = 0
        if next.opcode.isControl { return true }
        if next.opcode == .continuation {
            guard kind != nil else {
                return fails(.protocolError, "a continuation frame outside of a message", delegate)
            }
        } else {
            guard kind == nil else {
                return fails(.protocolError, "a new message before the end of the last one", delegate)
            }
            kind = next.opcode == .text ? .text : .binary
            isCompressed = next.isCompressed
            text = UTF8Check()
            fragments = 0
        }
        fragments += 1
        guard fragments <= limits.maxFragments else { return fails(.messageTooBig, "too many fragments", delegate) }
        guard next.length <= limits.maxMessageBytes - (isCompressed ? 0 : message.count) else {
            return fails(.messageTooBig, "a message has more than \(limits.maxMessageBytes) bytes", delegate)
        }
        return true
    }

    private func takeData(
        _ header: FrameHeader, _ piece: Span<UInt8>, isOnly: Bool, isWhole: Bool, _ delegate: any CodecDelegate
    ) {
        guard let kind else { return }
        if isCompressed {
            guard inflate(piece, delegate) else { return }
        } else {
            guard kind == .binary || isText(piece) else {
                return fail(.invalidPayload, "text is not UTF-8", delegate)
            }
            if isOnly && header.isFinal && fragments == 1 {
                guard kind == .binary || text.isComplete else {
                    return fail(.invalidPayload, "text is not UTF-8", delegate)
                }
                self.kind = nil
                return delegate.receivedMessage(kind, piece)
            }
            keep(piece)
        }
        if isWhole && header.isFinal { endMessage(kind, delegate) }
    }

    private func endMessage(_ kind: MessageKind, _ delegate: any CodecDelegate) {
        if isCompressed {
            guard inflate(Self.tail.span, delegate) else { return }
            if deflate?.clientResets ?? true { inflater = nil }
        }
        guard kind == .binary || text.isComplete else { return fail(.invalidPayload, "text is not UTF-8", delegate) }
        self.kind = nil
        let whole = message
        message = []
        delegate.receivedMessage(kind, whole.span)
    }

    private func inflate(_ piece: Span<UInt8>, _ delegate: any CodecDelegate) -> Bool {
        if inflater == nil { inflater = Inflater() }
        guard let inflater else { return fails(.internalError, "no memory to inflate a message", delegate) }
        var whole: [UInt8] = []
        swap(&whole, &message)
        let before = whole.count
        switch inflater.feed(piece, into: &whole, limit: limits.maxMessageBytes) {
        case .taken: break
        case .tooLarge:
            return fails(.messageTooBig, "a message has more than \(limits.maxMessageBytes) bytes", delegate)
        case .corrupt: return fails(.invalidPayload, "a compressed message cannot be inflated", delegate)
        }
        let isSound = kind == .binary || isText(whole.span.extracting(before..<whole.count))
        swap(&whole, &message)
        return isSound || fails(.invalidPayload, "text is not UTF-8", delegate)
    }

    // Values that a message touches are taken out of the codec and put back: each use of a property that is passed on
    // in place is checked for exclusive access, which cost a fifth of a message's instructions.

    /// Whether the text is valid so far.
    private func isText(_ piece: Span<UInt8>) -> Bool {
        var check = text
        defer { text = check }
        return check.feed(piece)
    }

    private func keep(_ piece: Span<UInt8>) {
        var whole: [UInt8] = []
        swap(&whole, &message)
        whole.append(copying: piece)
        swap(&whole, &message)
    }

    // MARK: control frames

    private func takeControl(
        _ opcode: Opcode, _ piece: Span<UInt8>, isFirst: Bool, isWhole: Bool, _ delegate: any CodecDelegate
    ) {
        if isFirst && isWhole { return obey(opcode, piece, delegate) }
        var whole: [UInt8] = []
        swap(&whole, &control)
        whole.append(copying: piece)
        guard isWhole else { return swap(&whole, &control) }
        obey(opcode, whole.span, delegate)
    }

    private func obey(_ opcode: Opcode, _ payload: Span<UInt8>, _ delegate: any CodecDelegate) {
        controlFrameCount += 1
        switch opcode {
        case .ping: pong(payload)
        case .pong: delegate.receivedPong(payload)
        default: closed(payload, delegate)
        }
    }

    /// Up to `maxPongs` pongs are queued; beyond that only the latest ping is answered (section 5.5.3).
    private func pong(_ payload: Span<UInt8>) {
        guard state == .open else { return }
        if pongs < limits.maxPongs {
            pongs += 1
            append(.pong, payload)
        } else {
            var latest: [UInt8] = []
            latest.append(copying: payload)
            latestPong = latest
        }
    }

    private func closed(_ payload: Span<UInt8>, _ delegate: any CodecDelegate) {
        var code = CloseCode.noStatus
        if payload.count == 1 { return fail(.protocolError, "a close code must have two bytes", delegate) }
        if payload.count >= 2 {
            code = CloseCode(UInt16(payload[0]) << 8 | UInt16(payload[1]))
            guard code.mayBeSent else {
                return fail(.protocolError, "\(code.rawValue) is not a valid close code", delegate)
            }
            var reason = UTF8Check()
            guard reason.feed(payload.extracting(2..<payload.count)), reason.isComplete else {
                return fail(.invalidPayload, "the close reason is not UTF-8", delegate)
            }
        }
        if state == .open { appendClose(code == .noStatus ? .normal : code, "") }
        state = .closed
        delegate.ended(code, fault: nil)
    }

    private func fails(_ code: CloseCode, _ fault: String, _ delegate: any CodecDelegate) -> Bool {
        fail(code, fault, delegate)
        return false
    }

    private func fail(_ code: CloseCode, _ fault: String, _ delegate: any CodecDelegate) {
        if state == .open { appendClose(code, fault) }
        state = .failed
        header = nil
        message = []
        control = []
        inflater = nil
        delegate.ended(code, fault: fault)
    }
}

// MARK: going out

extension Codec {
    /// Queues a message. Does nothing after a close was sent.
    public func send(_ kind: MessageKind, _ payload: Span<UInt8>) {
        guard state == .open else { return }
        let opcode: Opcode = kind == .text ? .text : .binary
        guard let deflate, payload.count >= limits.compressFromBytes else { return append(opcode, payload) }
        if deflater == nil { deflater = Deflater(windowBits: deflate.serverWindowBits, level: 1) }
        guard let deflater else { return append(opcode, payload) }
        var packed: [UInt8] = []
        deflater.message(payload, into: &packed)
        if deflate.serverResets { self.deflater = nil }
        append(opcode, packed.span, isCompressed: true)
    }

    /// Queues a ping; `payload` (at most 125 bytes) comes back in a pong.
    public func ping(_ payload: Span<UInt8>) {
        precondition(payload.count <= 125)
        if state == .open { append(.ping, payload) }
    }

    /// Queues a close after everything else. The client's close ends the codec.
    /// - Parameter reason: for people; cut to what a frame holds.
    public func close(_ code: CloseCode, _ reason: String = "") {
        guard state == .open else { return }
        appendClose(code, reason)
        state = .closing
    }

    /// Unsent bytes.
    public var pending: Int { bytes.count - sent }

    /// Lends the unsent bytes to `body`, which returns how many of them it sent. `body` must not send on this codec.
    public func drain(_ body: (Span<UInt8>) -> Int) {
        guard pending > 0 else { return }
        var waiting: [UInt8] = []
        swap(&waiting, &bytes)
        sent += body(waiting.span.extracting(sent..<waiting.count))
        guard sent == waiting.count else {
            // Sent bytes are removed from the front once they are the larger part.
            if sent > 65_536, sent > waiting.count / 2 {
                waiting.removeFirst(sent)
                sent = 0
            }
            assert(bytes.isEmpty, "something was sent from inside drain")
            return swap(&waiting, &bytes)
        }
        sent = 0
        pongs = 0
        if let latestPong {
            self.latestPong = nil
            append(.pong, latestPong.span)
        }
    }

    private func append(_ opcode: Opcode, _ payload: Span<UInt8>, isCompressed: Bool = false) {
        var waiting: [UInt8] = []
        swap(&waiting, &bytes)
        // One allocation for the first message; after that the array grows on its own.
        if waiting.isEmpty { waiting.reserveCapacity(FrameHeader.mostBytes + payload.count) }
        waiting.appendFrameHeader(opcode, payload.count, isCompressed: isCompressed)
        waiting.append(copying: payload)
        swap(&waiting, &bytes)
    }

    private func appendClose(_ code: CloseCode, _ reason: String) {
        var text = reason.utf8.prefix(123)[...]
        while String(text) == nil { text = text.dropLast() }
        var payload = [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)]
        payload.append(contentsOf: text)
        append(.close, payload.span)
    }
}

@available(*, unavailable)
extension Codec: Sendable {}
