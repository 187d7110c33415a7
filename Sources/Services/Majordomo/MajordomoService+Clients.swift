// Requests of native clients to a broker: for one of its services, or for the broker itself (RFC 8).

import Bridge
import JSON
import ZeroMQ

extension MajordomoService {
    func understandClient(_ message: inout Message, _ version: MajordomoVersion, _ start: Int) {
        var index = start
        if version.isTwo {
            guard index < message.count, message.bytes(index).equals([1]) else { return malformed(message) }
            index += 1
        }
        guard index + 1 < message.count else { return malformed(message) }
        if isManagement(message.bytes(index)) { return manage(&message, version, index) }
        metrics.counts.nativeRequests += 1
        guard case .there(let pool) = names.pool(message.bytes(index), byWorker: false) else {
            return rejections.note(.noWorker)
        }
        let request = MajordomoRequest(
            host, self, client: message.take(0), version, pool.nameBytes, service: pool.name)
        guard host.requesters.insert(request) else { return rejections.note(.overloaded) }
        let more = message.surplus(from: index + 2)
        var body = message.take(index + 1)
        // A Majordomo client waits for workers that have not connected yet, and asks again after a while.
        if case .rejected(let reason) = pool.submit(&body, more, request.metadata, waits: true) {
            request.finish(because: reason)
        }
    }

    private func isManagement(_ name: Span<UInt8>) -> Bool {
        name.count >= 4 && name[0] == UInt8(ascii: "m") && name[1] == UInt8(ascii: "m") && name[2] == UInt8(ascii: "i")
            && name[3] == UInt8(ascii: ".")
    }

    /// The broker's own services (RFC 8): `mmi.service` reports whether a worker offers a name.
    private func manage(_ message: inout Message, _ version: MajordomoVersion, _ index: Int) {
        let service = [UInt8](copying: message.bytes(index))
        var answer = "501"
        if service == Array("mmi.service".utf8) {
            answer = (names.pools.find(message.bytes(message.count - 1))?.workers.count ?? 0) > 0 ? "200" : "404"
        }
        MajordomoRequest(host, self, client: message.take(0), version, service, service: nil).answer(answer)
    }
}
