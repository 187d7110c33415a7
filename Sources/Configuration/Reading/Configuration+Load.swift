// Reading a file: one function per section, as a table of keys, then the checks between keys.
//
//     text -> YAMLNode -> sections -> Configuration
//                                \-> Diagnostics: all errors and warnings, in file order

/// The result of a load.
public struct Loaded: Sendable {
    /// The configuration; only valid if there are no errors.
    public var configuration: Configuration
    public var errors: [ConfigurationError]
    /// Settings that are allowed but probably not intended.
    public var warnings: [ConfigurationError]
}

extension Configuration {
    /// Reads a configuration. Reports all errors, not just the first one.
    /// - Parameters:
    ///   - text: YAML; empty for the defaults.
    ///   - file: the file's name in errors.
    ///   - environment: variables that begin with `ZMQ_GATEWAY_` override the file.
    ///   - overrides: the command line; it overrides both.
    public static func load(
        text: String, file: String, environment: [String: String] = [:],
        overrides: ConfigurationOverrides = ConfigurationOverrides()
    ) -> Loaded {
        let diagnostics = Diagnostics(file: file)
        var configuration = Configuration()
        if let root = parse(text, diagnostics), root.scalar?.text.isEmpty != true {
            if let mapping = root.mapping {
                let section = Section(mapping, at: Place(file: file, line: 1, column: 1), diagnostics)
                configuration.read(section)
                section.close()
            } else {
                diagnostics.error(
                    Place(file: file, line: 1, column: 1), "must be keys and values, such as `listen: 127.0.0.1:8080`")
            }
        }
        ConfigurationLayers.apply(environment: environment, to: &configuration, diagnostics)
        ConfigurationLayers.apply(overrides, to: &configuration, diagnostics)
        Consistency.check(configuration, diagnostics)
        Warnings.look(at: configuration, diagnostics)
        diagnostics.sort()
        return Loaded(configuration: configuration, errors: diagnostics.errors, warnings: diagnostics.warnings)
    }

    private static func parse(_ text: String, _ diagnostics: Diagnostics) -> YAMLNode? {
        do {
            return try YAMLReader.read(Array(text.utf8))
        } catch {
            let place = Place(file: diagnostics.file, line: error.mark.line, column: error.mark.column)
            diagnostics.error(place, error.message)
            return nil
        }
    }

    private mutating func read(_ root: Section) {
        root.list("listen", into: &listen, of: .listenAddress, 1...16)
        root.read("reactors", into: &reactors, .integer(0...64))
        root.read("public", into: &publicFolder, .folder)
        root.list("allowed_hosts", into: &allowedHosts, of: .hostName, 0...64)
        root.list("allowed_origins", into: &allowedOrigins, of: .origin, 0...64)
        root.section("limits") { limits.read($0) }
        root.section("timeouts") { timeouts.read($0) }
        root.section("sessions") { sessions.read($0) }
        root.section("log") { log.read($0) }
        root.section("zeromq") { section in
            section.read("io_threads", into: &zeromq.ioThreads, .integer(1...16))
            section.read("max_sockets", into: &zeromq.maxSockets, .integer(16...65_535))
        }
        root.named("services", 1_000) { name, section in
            if let service = ServiceConfiguration.read(name, section) { services.append(service) }
        }
        root.each("routes", 10_000) { section in
            if let route = RouteConfiguration.read(section, services) { routes.append(route) }
        }
    }
}

extension Limits {
    fileprivate mutating func read(_ section: Section) {
        section.read("max_body_bytes", into: &maxBodyBytes, .bytes(1...1 << 30))
        section.read("max_header_bytes", into: &maxHeaderBytes, .bytes(1 << 10...48 << 10))
        section.read("max_connections", into: &maxConnections, .integer(1...1_000_000))
        section.read("max_connections_per_address", into: &maxConnectionsPerAddress, .integer(1...1_000_000))
        section.read("max_peers", into: &maxPeers, .integer(1...1_000_000))
        section.read("max_exchanges", into: &maxExchanges, .integer(1...1_000_000))
        section.read("max_exchanges_per_address", into: &maxExchangesPerAddress, .integer(1...1_000_000))
        section.read("max_buffered_bytes", into: &maxBufferedBytes, .bytes(1 << 10...1 << 30))
        section.read("max_memory", into: &maxMemory, .bytes(16 << 20...1 << 40))
    }
}

extension Timeouts {
    fileprivate mutating func read(_ section: Section) {
        let bounds = Duration.milliseconds(100)...Duration.seconds(3_600)
        section.read("header", into: &header, .duration(bounds))
        section.read("body", into: &body, .duration(bounds))
        section.read("idle", into: &idle, .duration(bounds))
        section.read("drain", into: &drain, .duration(.zero ... .seconds(3_600)))
    }
}

extension SessionSettings {
    fileprivate mutating func read(_ section: Section) {
        let bounds = Duration.seconds(1)...Duration.seconds(3_600)
        section.read("max", into: &max, .integer(1...1_000_000))
        section.read("max_per_address", into: &maxPerAddress, .integer(1...1_000_000))
        section.read("max_message_bytes", into: &maxMessageBytes, .bytes(1...1 << 30))
        section.read("max_exchanges", into: &maxExchanges, .integer(1...100_000))
        section.read("max_buffered_bytes", into: &maxBufferedBytes, .bytes(1 << 10...1 << 30))
        section.read("slow", into: &slow, .word)
        section.read("ping", into: &ping, .duration(bounds))
        section.read("pong", into: &pong, .duration(bounds))
        section.read("compress", into: &compress, .onOff)
        section.read("resume", into: &resume, .duration(.zero ... .seconds(3_600)))
        section.read("resume_bytes", into: &resumeBytes, .bytes(1 << 10...1 << 30))
    }
}

extension LogConfiguration {
    fileprivate mutating func read(_ section: Section) {
        section.read("level", into: &level, .word)
        section.read("format", into: &format, .word)
        section.read("access", into: &access, .onOff)
    }
}

extension ScalarReader where Value == PublicFolder {
    /// An existing folder, or `off`.
    static var folder: ScalarReader {
        ScalarReader("a folder, or off") { (scalar) throws(InvalidValue) in
            if scalar.text == "off" || scalar.boolean == false { return .off }
            guard System.isFolder(scalar.text) else {
                throw InvalidValue("\(Units.quoted(scalar.text)) is not a folder; create it, or write off")
            }
            return .folder(scalar.text)
        }
    }
}
