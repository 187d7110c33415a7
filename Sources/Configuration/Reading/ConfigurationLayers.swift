// Environment variables override the file, and the command line overrides both. Values have the same forms and the same
// error messages everywhere.

/// The settings from the command line; nil keeps the value of the file and the environment.
public struct ConfigurationOverrides: Sendable, Equatable {
    public var listen: [String] = []
    public var reactors: String?
    public var publicFolder: String?
    public var logLevel: String?
    public var logFormat: String?
    public var access: String?
    public var drain: String?

    public init() {}
}

/// Applies the layers above the file.
enum ConfigurationLayers {
    private static let prefix = "ZMQ_GATEWAY_"

    static func apply(environment: [String: String], to configuration: inout Configuration, _ diagnostics: Diagnostics)
    {
        var known: [String: String] = [:]
        for (name, value) in environment where name.hasPrefix(prefix) {
            known[String(name.dropFirst(prefix.count))] = value
        }
        var overrides = ConfigurationOverrides()
        overrides.listen = known.removeValue(forKey: "LISTEN").map { $0.split(separator: ",").map(String.init) } ?? []
        overrides.reactors = known.removeValue(forKey: "REACTORS")
        overrides.publicFolder = known.removeValue(forKey: "PUBLIC")
        overrides.logLevel = known.removeValue(forKey: "LOG_LEVEL")
        overrides.logFormat = known.removeValue(forKey: "LOG_FORMAT")
        overrides.access = known.removeValue(forKey: "LOG_ACCESS")
        overrides.drain = known.removeValue(forKey: "DRAIN")
        apply(overrides, to: &configuration, diagnostics, from: "environment") {
            prefix + $0.uppercased().split(separator: "-").joined(separator: "_")
        }
        for name in known.keys.sorted() where name != "CONFIG" && !isServiceLink(name, known[name] ?? "") {
            let place = Place(file: "environment", key: prefix + name)
            if let advice = RenamedKey.advice(outsideFile: name) {
                diagnostics.error(place, advice)
                continue
            }
            let words = ["LISTEN", "REACTORS", "PUBLIC", "LOG_LEVEL", "LOG_FORMAT", "LOG_ACCESS", "DRAIN", "CONFIG"]
            let guess = Suggestions.closest(to: name.lowercased(), among: words.map { $0.lowercased() })
            let advice =
                guess.map { "; did you mean \(prefix)\($0.uppercased())?" }
                ?? "; the known ones are \(prefix) followed by \(words.joined(separator: ", "))"
            diagnostics.error(place, "is not a known variable\(advice)")
        }
    }

    /// Whether the variable, without our prefix, is one that Kubernetes sets for a Service called `zmq-gateway` or
    /// `zmq-gateway-admin`: `PORT` (a URL), `PORT_8080_TCP_ADDR`, `SERVICE_HOST`, `ADMIN_SERVICE_PORT_HTTP`
    /// (Kubernetes, "Service", environment variables). None of our own variables looks like that.
    static func isServiceLink(_ name: String, _ value: String) -> Bool {
        var words = name.split(separator: "_", omittingEmptySubsequences: false)[...]
        while let word = words.first {
            switch word {
            case "SERVICE":
                let next = words.dropFirst().first
                if next == "HOST" && words.count == 2 || next == "PORT" { return true }
            case "PORT":
                let rest = words.dropFirst()
                if rest.isEmpty { return value.contains("://") }
                let isPort = rest.first.map { !$0.isEmpty && $0.allSatisfy(\.isNumber) } ?? false
                let protocols: Set<Substring> = ["TCP", "UDP", "SCTP"]
                guard isPort, let transport = rest.dropFirst().first, protocols.contains(transport) else { break }
                let last = rest.dropFirst(2)
                let isPart = last.count == 1 && ["PROTO", "PORT", "ADDR"].contains(last.first)
                if last.isEmpty || isPart { return true }
            default: break
            }
            words = words.dropFirst()
        }
        return false
    }

    static func apply(
        _ overrides: ConfigurationOverrides, to configuration: inout Configuration, _ diagnostics: Diagnostics
    ) {
        apply(overrides, to: &configuration, diagnostics, from: "command line") { "--\($0)" }
    }

    private static func apply(
        _ overrides: ConfigurationOverrides, to configuration: inout Configuration, _ diagnostics: Diagnostics,
        from file: String,
        naming: (String) -> String
    ) {
        func set<Value>(_ text: String?, _ name: String, _ target: inout Value, _ reader: ScalarReader<Value>) {
            guard let text else { return }
            let place = Place(file: file, key: naming(name))
            do {
                target = try reader.parse(ScalarText(text: text))
                diagnostics.places[name] = place
            } catch {
                diagnostics.error(place, error.message)
            }
        }
        if !overrides.listen.isEmpty {
            var addresses: [ListenAddress] = []
            for text in overrides.listen {
                var address = ListenAddress.unix(path: "")
                set(text, "listen", &address, .listenAddress)
                addresses.append(address)
            }
            if !addresses.isEmpty { configuration.listen = addresses }
        }
        set(overrides.reactors, "reactors", &configuration.reactors, .integer(0...64))
        set(overrides.publicFolder, "public", &configuration.publicFolder, .folder)
        set(overrides.logLevel, "log-level", &configuration.log.level, .word)
        set(overrides.logFormat, "log-format", &configuration.log.format, .word)
        set(overrides.access, "log-access", &configuration.log.access, .onOff)
        set(overrides.drain, "drain", &configuration.timeouts.drain, .duration(.zero ... .seconds(3_600)))
    }
}
