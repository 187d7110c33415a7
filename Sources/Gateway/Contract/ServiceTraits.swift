// What a kind of peer says of its services, so that no other code asks which kind it is.

import Bridge

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
    /// We are a client of a broker, which knows its workers by the names that they register.
    var asksBroker = false
    /// What precedes the body where we are a client of a ROUTER.
    var head: [[UInt8]] = []
}
