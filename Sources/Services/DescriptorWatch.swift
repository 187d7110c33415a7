// A descriptor that a service watches for as long as it lives. If the kernel has no room to watch it (epoll_ctl(2),
// ENOMEM or ENOSPC), each tick tries again. Until then the service, which is drained at each tick, is only slower.

package import Reactors

/// One watched descriptor.
package struct DescriptorWatch {
    private let descriptor: Int32
    private var registration: Registration?
    private var hasReported = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Watches the descriptor for input unless it is already watched. Called at the start and at each tick.
    package mutating func listen(_ host: any ServiceHost, _ handler: any ReadinessHandler) {
        guard registration == nil else { return }
        do {
            registration = try host.reactor.watch(descriptor, [.readable, .edgeTriggered], handler)
            hasReported = false
        } catch {
            guard !hasReported else { return }
            hasReported = true
            host.log.error("cannot watch a descriptor, and polls it instead: \(error)")
        }
    }

    package mutating func stop(_ host: any ServiceHost) {
        if let registration { host.reactor.unwatch(registration) }
        registration = nil
    }
}
