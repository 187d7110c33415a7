// Writes a reply into a response: as JSON inside JSON, or as its own bytes.

package import Configuration
import JSON

/// How one service's replies are written.
package struct ReplyText {
    package let body: ServiceConfiguration.BodyFormat
    package let isEnvelope: Bool

    package init(body: ServiceConfiguration.BodyFormat, isEnvelope: Bool) {
        self.body = body
        self.isEnvelope = isEnvelope
    }

    /// Appends the reply as one JSON value on one line. `bytes` must have passed inspection.
    package func appendJSON(_ bytes: Span<UInt8>, hasLineBreak: Bool, to output: inout [UInt8]) {
        if isEnvelope {
            guard let range = ReplyEnvelope.read(bytes).envelope?.body else {
                return output.append(contentsOf: "null".utf8)
            }
            return Self.append(bytes.extracting(range), hasLineBreak: hasLineBreak, to: &output)
        }
        switch body {
        case .json: Self.append(bytes, hasLineBreak: hasLineBreak, to: &output)
        case .text:
            var writer = JSONWriter()
            writer.string(bytes)
            output.append(contentsOf: writer.bytes)
        case .binary:
            output.append(0x22)
            Base64.encode(bytes, into: &output)
            output.append(0x22)
        }
    }

    /// The reply's own bytes, or the body of its envelope; nil for a body that is not base64.
    package func plain(_ bytes: Span<UInt8>) -> [UInt8]? {
        var copy: [UInt8] = []
        guard isEnvelope else {
            Self.append(bytes, hasLineBreak: false, to: &copy)
            return copy
        }
        guard let range = ReplyEnvelope.read(bytes).envelope?.body, let text = JSONText.string(bytes, range) else {
            return nil
        }
        return body == .binary ? Base64.decode(text.span) : text
    }

    /// Copies valid JSON. A raw line break in it can only be white space; it becomes a space.
    private static func append(_ bytes: Span<UInt8>, hasLineBreak: Bool, to output: inout [UInt8]) {
        let start = output.count
        output.append(copying: bytes)
        guard hasLineBreak else { return }
        for position in start..<output.count where output[position] == 0x0A || output[position] == 0x0D {
            output[position] = 0x20
        }
    }
}
