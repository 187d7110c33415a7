// The beginning of what a peer sent, for a log line: short, and printable, because it may reach a terminal.

import Contract
package import ZeroMQ

/// Excerpts of bytes, readable for people.
package enum Excerpt {
    /// The most bytes that are shown.
    package static let most = 64

    /// `"{\"n\":1}"`, `"\x00\x01abc"... (70000 bytes)` or `an empty frame`.
    package static func text(_ bytes: Span<UInt8>) -> String {
        guard !bytes.isEmpty else { return "an empty frame" }
        var text = "\""
        for position in 0..<min(most, bytes.count) {
            switch bytes[position] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += "\\\(Character(UnicodeScalar(bytes[position])))"
            case 0x20...0x7E: text.unicodeScalars.append(UnicodeScalar(bytes[position]))
            default: text += "\\x\(digit(bytes[position] >> 4))\(digit(bytes[position] & 15))"
            }
        }
        return text + (bytes.count > most ? "\"... (\(bytes.count) bytes)" : "\"")
    }

    /// A message that arrived at a ROUTER: its sender, the number of frames, and their first bytes.
    package static func text(_ message: borrowing Message) -> String {
        let from = "from \(WorkerState.id(of: [UInt8](copying: message.bytes(0))))"
        guard message.count > 1 else { return "\(from): no frame" }
        var frames: [String] = []
        var room = most
        for index in 1..<message.count where room > 0 {
            let bytes = message.bytes(index)
            frames.append(bytes.isEmpty ? "\"\"" : text(bytes.extracting(0..<min(room, bytes.count))))
            room -= bytes.count
        }
        return "\(from): \(count(message.count - 1)): \(frames.joined(separator: " "))\(room < 0 ? "..." : "")"
    }

    /// `1 frame`, `3 frames`.
    package static func count(_ frames: Int) -> String { frames == 1 ? "1 frame" : "\(frames) frames" }

    private static func digit(_ value: UInt8) -> Character {
        Character(UnicodeScalar(value < 10 ? 0x30 + value : 0x57 + value))
    }
}
