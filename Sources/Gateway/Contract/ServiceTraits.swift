// What a peer kind says about its services, so that no other code has to ask which kind it is.

import Bridge

/// The traits of one service, made from its configuration.
struct ServiceTraits: Sendable {
    /// The frames of a message between us and the peer.
    let template: FrameTemplate
    /// Web clients subscribe to topics; if false, they send requests.
    var takesSubscriptions = false
    /// Its workers register services under their own names, and requests go to those.
    var listsRegisteredNames = false
    /// Workers announce when they are ready: the service has one pool, or one for each registered name.
    var reportsPools = false
    /// Each exchange has its own identity.
    var leasesIdentities = false
    /// The peer's protocol marks the last reply, whatever end the configuration defines.
    var marksLastReply = false
    /// It binds, and thus lives on one reactor; the others reach it by letter.
    var hasHome = false
    /// We are the client of a broker, which knows its workers by the names that they register.
    var asksBroker = false
    /// The frames before the body when we are the client of a ROUTER.
    var head: [[UInt8]] = []
}
