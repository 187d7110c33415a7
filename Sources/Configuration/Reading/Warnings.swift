// What is allowed and probably not meant. A warning stops nothing: `check` prints it and still exits with 0, and the
// start writes it to the log. One function a warning; each looks at the whole configuration once it is read, and names
// the key that has to change.

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

    /// One client may hold a quarter of the memory: what is larger can never be.
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
            "is not loopback, and `allowed_hosts` is empty: clients must call by address; name the hosts they use")
    }

    private static func lookAtEnd(_ service: ServiceConfiguration, _ diagnostics: Diagnostics) {
        guard [.router, .dealer].contains(service.peer), !service.replies.namesAnEnd else { return }
        diagnostics.warning(
            diagnostics.place(of: "\(service.key)"),
            "names no end: JSON answers end after one reply, streams at the deadline; add final, count or idle")
    }

    private static func lookAtReuse(_ service: ServiceConfiguration, _ diagnostics: Diagnostics) {
        guard service.identities.reuse, service.hasIdentities, !service.declaresItsEnd else { return }
        diagnostics.warning(
            diagnostics.place(of: "\(service.key).identities.reuse"),
            "does nothing where neither replies.final nor replies.count says which reply is the last; add one")
    }
}
