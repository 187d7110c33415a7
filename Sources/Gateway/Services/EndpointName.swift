// What an endpoint is called in the log, in `trouble` and on pages: as it is configured.

/// Names of endpoints.
enum EndpointName {
    /// - Parameters:
    ///   - configured: as the configuration has it.
    ///   - resolved: as libzmq has it (ZMQ_LAST_ENDPOINT), which writes IPv4 addresses as `[::ffff:127.0.0.1]`.
    /// - Returns: what is configured, unless the system was to choose the port.
    static func make(_ configured: String, resolved: String) -> String {
        guard configured.hasSuffix(":0") || configured.hasSuffix(":*") else { return configured }
        let mapped = "tcp://[::ffff:"
        guard resolved.hasPrefix(mapped), let end = resolved.firstIndex(of: "]") else { return resolved }
        return "tcp://" + resolved[resolved.index(resolved.startIndex, offsetBy: mapped.count)..<end]
            + resolved[resolved.index(after: end)...]
    }
}
