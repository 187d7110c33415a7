// The log behind swift-log: one line for each event, text or JSON, through the same writer as the access log.

package import Configuration
import JSON
package import Logging

/// A swift-log handler that writes lines.
package struct LogLine: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let isJSON: Bool
    private let output: LineWriter

    package static func logger(_ configuration: LogConfiguration, _ output: LineWriter) -> Logger {
        Logger(label: "zmq-gateway") { _ in
            LogLine(
                logLevel: Logger.Level(rawValue: configuration.level.rawValue) ?? .info,
                isJSON: configuration.format == .json, output: output)
        }
    }

    private init(logLevel: Logger.Level, isJSON: Bool, output: LineWriter) {
        self.logLevel = logLevel
        self.isJSON = isJSON
        self.output = output
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Messages contain names that workers choose. Such a name must not start a new line or send codes to a terminal.
    private static func oneLine(_ message: String) -> String {
        guard message.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            return message
        }
        return message.unicodeScalars.reduce(into: "") { text, scalar in
            let isControl = scalar.properties.generalCategory == .control
            text += isControl ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }

    package func log(event: LogEvent) { output.write(Self.text(event.level, "\(event.message)", isJSON)) }

    /// One line of the log.
    package static func text(_ level: Logger.Level, _ message: String, _ isJSON: Bool) -> [UInt8] {
        var text = LogText(isJSON: isJSON)
        text.begin()
        text.bare("level", level.rawValue.utf8.span)
        text.bare("message", (isJSON ? message : oneLine(message)).utf8.span)
        text.end()
        return text.take()
    }
}
