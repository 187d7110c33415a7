// Warnings about settings that are allowed but probably not intended. A warning does not fail: `check` prints it and
// still exits with 0, and `serve` logs it at startup. One function per warning; each examines the whole configuration
// after it was read, and names the key to change.

/// The warnings of one load.
enum Warnings {
    static func look(at configuration: Configuration, _ diagnostics: Diagnostics) {
        lookAtListen(configuration, diagnostics)
        lookAtPublic(configuration, diagnostics)
        for service in configuration.services {
            lookAtEnd(service, diagnostics)
            lookAtReuse(service, diagnostics)
            lookAtExposure(service, configuration, diagnostics)
            lookAtBinds(service, configuration, diagnostics)
        }
        lookAtBodies(configuration, diagnostics)
        lookAtPaths(configuration, diagnostics)
        lookAtMemory(configuration, diagnostics)
    }

    /// One client may hold a quarter of the memory: warns about larger sizes, which can never be reached.
    private static func lookAtMemory(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        let (limits, sessions) = (configuration.limits, configuration.sessions)
        let sizes = [
            ("limits.max_body_bytes", limits.maxBodyBytes), ("limits.max_buffered_bytes", limits.maxBufferedBytes),
            ("sessions.max_message_bytes", sessions.maxMessageBytes),
            ("sessions.max_buffered_bytes", sessions.maxBufferedBytes), ("sessions.resume_bytes", sessions.resumeBytes),
        ]
        for (key, bytes) in sizes where bytes > limits.maxMemory / 4 {
            diagnostics.warning(
                diagnostics.place(of: key),
                "is more than one client may hold, \(Units.text(bytes: limits.maxMemory / 4)), which is a quarter of "
                    + "limits.max_memory; raise that, or lower this")
        }
    }

    private static func lookAtListen(_ configuration: Configuration, _ diagnostics: Diagnostics) {
        let isReachable = configuration.listen.contains { !$0.isLoopback }
        guard isReachable, configuration.allowedHosts.isEmpty else { return }
        diagnostics.warning(
            diagnostics.place(of: "listen"),
            "is not loopback, and `allowed_hosts` is empty: clients must use the address; list the host names they use")
    }

    private static func lookAtEnd(_ service: ServiceConfiguration, _ diagnostics: Diagnostics) {
        guard [.router, .dealer].contains(service.peer), !service.replies.namesAnEnd else { return }
        diagnostics.warning(
            diagnostics.place(of: "\(service.key)"),
            "has no end rule: JSON responses end after one reply, streams at the deadline; add final, count or idle")
    }

    private static func lookAtReuse(_ service: ServiceConfiguration, _ diagnostics: Diagnostics) {
        guard service.identities.reuse, service.hasIdentities, !service.declaresItsEnd else { return }
        diagnostics.warning(
            diagnostics.place(of: "\(service.key).identities.reuse"),
            "has no effect without replies.final or replies.count, which mark the last reply; add one")
    }
}
