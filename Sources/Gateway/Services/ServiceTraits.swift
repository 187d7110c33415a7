// What a kind of peer says of itself, so that no other code asks which kind it is.
//
// A new kind is a folder here with its service and a ServiceKind, a case of `ServiceConfiguration.Peer` and its line in
// `kind`, and its page of the documents.

import Bridge
import Configuration

/// The answers of one service, made from its configuration.
struct ServiceTraits: Sendable {
    /// The frames of a message between us and the peer.
    let template: FrameTemplate
    /// Web clients subscribe to topics; if false, they send requests.
    var takesSubscriptions = false
    /// Its workers register services under names of their own; requests are for those.
    var listsRegisteredNames = false
    /// Workers say when they are ready: it has a pool of them, or one for each name.
    var reportsPools = false
    /// Each exchange has an identity of its own.
    var leasesIdentities = false
    /// The peer's protocol marks the last reply, whatever the configuration says of ends.
    var marksLastReply = false
    /// It is bound, and lives on one reactor; the others reach it by letter.
    var hasHome = false
    /// We are a client of a Majordomo broker, which speaks this version.
    var brokerVersion: MajordomoVersion?
}

/// A kind of peer: what the rest of the house needs to know of it.
protocol ServiceKind {
    static func traits(of configuration: ServiceConfiguration) -> ServiceTraits
    /// The service on this reactor; where it has a home, the home.
    static func make(_ core: any ServiceHost, _ plan: ServicePlan) throws -> any Service
}

extension ServiceConfiguration.Peer {
    /// The one place that knows all of them.
    var kind: any ServiceKind.Type {
        switch self {
        case .dealer, .rep: DealerKind.self
        case .router: RouterKind.self
        case .ready: ReadyKind.self
        case .majordomo: MajordomoKind.self
        case .publisher: PublisherKind.self
        }
    }
}

/// Something that the parts of one service on different reactors say to each other; each kind has its own.
protocol ServiceLetter: Sendable {}

/// A service that web clients subscribe to.
protocol TopicSource: Service {
    var audience: Audience { get }
    /// Why the process cannot listen to these topics as well, or nil.
    func problem(of topics: [[UInt8]]) -> Problem?
}
