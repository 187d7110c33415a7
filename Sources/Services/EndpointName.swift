// The name of an endpoint in the log, in `trouble` and on pages.

/// Names of endpoints.
package enum EndpointName {
    /// - Parameters:
    ///   - configured: the endpoint in the configuration.
    ///   - resolved: libzmq's form of it (ZMQ_LAST_ENDPOINT), in which IPv4 addresses are `[::ffff:127.0.0.1]`.
    /// - Returns: the configured endpoint, unless the system chose the port.
    package static func make(_ configured: String, resolved: String) -> String {
        guard configured.hasSuffix(":0") || configured.hasSuffix(":*") else { return configured }
        let mapped = "tcp://[::ffff:"
        guard resolved.hasPrefix(mapped), let end = resolved.firstIndex(of: "]") else { return resolved }
        return "tcp://" + resolved[resolved.index(resolved.startIndex, offsetBy: mapped.count)..<end]
            + resolved[resolved.index(after: end)...]
    }
}
