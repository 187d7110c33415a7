// A client's side of the wire, made by hand, and a record of what the codec said.

@testable import WebSocket

/// What a codec told, in order.
final class Record: CodecDelegate {
    enum Event: Equatable {
        case text(String), binary([UInt8]), pong([UInt8])
        case ended(UInt16, isFault: Bool)
    }

    var events: [Event] = []
    /// Is set aside at the first message.
    weak var setsAside: Codec?

    func receivedMessage(_ kind: MessageKind, _ payload: Span<UInt8>) {
        let bytes = payload.indices.map { payload[$0] }
        events.append(kind == .text ? .text(String(decoding: bytes, as: UTF8.self)) : .binary(bytes))
        setsAside?.setAside()
    }

    func receivedPong(_ payload: Span<UInt8>) { events.append(.pong(payload.indices.map { payload[$0] })) }

    func ended(_ code: CloseCode, fault: String?) { events.append(.ended(code.rawValue, isFault: fault != nil)) }
}

/// A codec, its record and what it wants to send.
struct Wire {
    let codec: Codec
    let record = Record()

    init(_ limits: CodecLimits = CodecLimits(), deflate: DeflateParameters? = nil) {
        codec = Codec(limits, deflate: deflate)
    }

    /// Feeds `bytes`, cut into pieces of `size`.
    func feed(_ bytes: [UInt8], by size: Int = .max) {
        var start = 0
        while start < bytes.count {
            let end = size < bytes.count - start ? start + size : bytes.count
            var piece = Array(bytes[start..<end])
            let count = piece.count
            var span = piece.mutableSpan
            codec.receive(&span, count: count, record)
            start = end
        }
    }

    /// Everything that waits to be sent.
    func output() -> [UInt8] {
        var bytes: [UInt8] = []
        while codec.pending > 0 {
            codec.drain { span in
                for index in span.indices { bytes.append(span[index]) }
                return span.count
            }
        }
        return bytes
    }
}

/// A frame as a client sends it.
func frame(
    _ opcode: UInt8, _ payload: [UInt8] = [], final: Bool = true, reserved: UInt8 = 0,
    mask: [UInt8]? = [7, 77, 177, 211],
    lengthBytes: Int? = nil, announcing: UInt64? = nil
) -> [UInt8] {
    var bytes = [(final ? 0x80 : 0) | reserved | opcode]
    let length = announcing ?? UInt64(payload.count)
    let extra = lengthBytes ?? (length <= 125 ? 0 : length <= 65_535 ? 2 : 8)
    let masked: UInt8 = mask == nil ? 0 : 0x80
    bytes.append(masked | (extra == 0 ? UInt8(length) : extra == 2 ? 126 : 127))
    for index in (0..<extra).reversed() { bytes.append(UInt8(truncatingIfNeeded: length >> UInt64(8 * index))) }
    guard let mask else { return bytes + payload }
    return bytes + mask + payload.enumerated().map { $0.element ^ mask[$0.offset % 4] }
}

func text(_ string: String) -> [UInt8] { frame(1, Array(string.utf8)) }

/// A close frame of ours.
func close(_ code: UInt16) -> [UInt8] { [UInt8(code >> 8), UInt8(code & 0xFF)] }
