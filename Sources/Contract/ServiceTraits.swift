// What a peer kind says about its services, so that no other code has to ask which kind it is.

package import Bridge

/// The traits of one service, made from its configuration.
package struct ServiceTraits: Sendable {
    /// The frames of a message between us and the peer.
    package let template: FrameTemplate
    /// Web clients subscribe to topics; if false, they send requests.
    package var takesSubscriptions = false
    /// Its workers register services under their own names, and requests go to those.
    package var listsRegisteredNames = false
    /// Workers announce when they are ready: the service has one pool, or one for each registered name.
    package var reportsPools = false
    /// Each exchange has its own identity.
    package var leasesIdentities = false
    /// The peer's protocol marks the last reply, whatever end the configuration defines.
    package var marksLastReply = false
    /// It binds, and thus lives on one reactor; the others reach it by letter.
    package var hasHome = false
    /// We are the client of a broker, which knows its workers by the names that they register.
    package var asksBroker = false
    /// The frames before the body when we are the client of a ROUTER.
    package var head: [[UInt8]] = []

    package init(
        template: FrameTemplate, takesSubscriptions: Bool = false, listsRegisteredNames: Bool = false,
        reportsPools: Bool = false, leasesIdentities: Bool = false, marksLastReply: Bool = false, hasHome: Bool = false,
        asksBroker: Bool = false, head: [[UInt8]] = []
    ) {
        self.template = template
        self.takesSubscriptions = takesSubscriptions
        self.listsRegisteredNames = listsRegisteredNames
        self.reportsPools = reportsPools
        self.leasesIdentities = leasesIdentities
        self.marksLastReply = marksLastReply
        self.hasHome = hasHome
        self.asksBroker = asksBroker
        self.head = head
    }
}
