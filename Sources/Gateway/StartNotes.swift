// Notes about a configuration that are not errors: `check` prints them, and they are logged at startup. Unlike the
// configuration's warnings they may depend on the machine, such as on how many descriptors a process may open.

import Configuration
import Reactors

/// A line for the operator.
public struct StartNote: Sendable, Equatable {
    /// Something will not work as configured. If false, the note is advice.
    public let isWarning: Bool
    public let text: String
}

/// Finds the notes for a configuration.
enum StartNotes {
    static func make(_ configuration: Configuration) -> [StartNote] {
        let services = configuration.services.filter(\.hasIdentities)
        let connections = SharedState.connections(configuration)
        let lack = descriptorLack(services, of: DescriptorLimit.raiseToHard(), connections: connections)
        return services.compactMap(gain) + [lack].compactMap { $0 }
    }

    /// What reusing identities would save.
    private static func gain(_ service: ServiceConfiguration) -> StartNote? {
        guard service.declaresItsEnd, !service.identities.reuse else { return nil }
        let end = service.replies.final != nil ? "`final`" : service.replies.count != nil ? "`count`" : "Majordomo"
        return StartNote(
            isWarning: false,
            text: "services.\(service.name): each exchange uses a fresh identity, which is safe and costs some 120 us "
                + "of processor time. \(end) declares its end, so `identities: {reuse: true}` would save most of it; "
                + "that is safe only if the worker never replies after that end (docs/ends.md, Identities)")
    }

    /// Warns if the identities and the clients' connections together need more descriptors than there are.
    static func descriptorLack(_ services: [ServiceConfiguration], of limit: Int, connections: Int) -> StartNote? {
        let identities = services.reduce(0) { $0 + $1.identities.max }
        let needed = identities * IdentitySettings.descriptors
        guard identities > 0, needed > limit - connections - reserve else { return nil }
        let names = services.map { "services.\($0.name).identities.max" }.joined(separator: ", ")
        return StartNote(
            isWarning: true,
            text: "\(names): \(identities) identities need \(needed) descriptors, but this process may open \(limit), "
                + "and \(connections) of these are for HTTP connections; raise the limit (ulimit -n, LimitNOFILE), "
                + "or lower identities.max or limits.max_connections")
    }

    /// Descriptors for everything else: reactors, libzmq's threads, the log.
    private static let reserve = 64
}
