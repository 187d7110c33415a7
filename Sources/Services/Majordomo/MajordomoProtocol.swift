// The frames of both versions of the Majordomo protocol: MDP/0.1 (RFC 7) and MDP/0.2 (RFC 18). They follow the peer's
// identity and, in 0.1, an empty frame:
//
//     client    MDPC01  service  body...                   MDPC02  1 (request)  service  body...
//               MDPC01  service  body...                   MDPC02  2 (partial) | 3 (final)  service  body...
//     worker    MDPW01  1 (ready)  service                 MDPW02  1 (ready)  service
//               MDPW01  2 (request)  client  ""  body...   MDPW02  2 (request)  client  ""  body...
//               MDPW01  3 (reply)    client  ""  body...   MDPW02  3 (partial) | 4 (final)  client  ""  body...
//               MDPW01  4 (heartbeat) | 5 (disconnect)     MDPW02  5 (heartbeat) | 6 (disconnect)
//
// 0.2 dropped the empty frame. Peers that send it anyway get it back.

import ZeroMQ

/// A version of the protocol, as a peer spells it.
package enum MajordomoVersion: UInt8 {
    case one = 1
    case two = 2
    case twoWithDelimiter = 3

    package var hasDelimiter: Bool { self != .two }
    var isTwo: Bool { self != .one }

    var workerHeader: [UInt8] { self == .one ? Self.workerOne : Self.workerTwo }
    var clientHeader: [UInt8] { self == .one ? Self.clientOne : Self.clientTwo }
    var heartbeat: UInt8 { self == .one ? 4 : 5 }
    package var disconnect: UInt8 { self == .one ? 5 : 6 }

    fileprivate static let workerOne = Array("MDPW01".utf8), workerTwo = Array("MDPW02".utf8)
    fileprivate static let clientOne = Array("MDPC01".utf8), clientTwo = Array("MDPC02".utf8)

    /// The frames before the body of a client's request.
    package func request(for service: String) -> [[UInt8]] {
        (hasDelimiter ? [[]] : []) + [clientHeader] + (isTwo ? [[1]] : []) + [Array(service.utf8)]
    }

    /// One of our commands to a worker that has no further frames.
    func command(_ number: UInt8) -> [[UInt8]] { (hasDelimiter ? [[]] : []) + [workerHeader, [number]] }

    // The frames of every request and reply are made once.

    /// The first frames of a request to a worker.
    var requestHead: [[UInt8]] { Self.requestHeads[Int(rawValue)] }
    /// The first frames of a reply to a client. The service's name follows.
    func replyHead(isLast: Bool) -> [[UInt8]] { (isLast ? Self.lastHeads : Self.partHeads)[Int(rawValue)] }

    private static let requestHeads = heads { $0.command(2) }
    private static let lastHeads = heads { version in
        (version.hasDelimiter ? [[]] : []) + [version.clientHeader] + (version.isTwo ? [[3]] : [])
    }
    private static let partHeads = heads { version in
        (version.hasDelimiter ? [[]] : []) + [version.clientHeader] + (version.isTwo ? [[2]] : [])
    }

    private static func heads(_ make: (MajordomoVersion) -> [[UInt8]]) -> [[[UInt8]]] {
        (0...3).map { MajordomoVersion(rawValue: $0).map(make) ?? [] }
    }
}

/// The command of a message.
package enum MajordomoCommand {
    case ready, request, partial, final, heartbeat, disconnect

    init?(_ number: UInt8, _ version: MajordomoVersion) {
        switch (number, version.isTwo) {
        case (1, _): self = .ready
        case (2, _): self = .request
        case (3, false): self = .final
        case (3, true): self = .partial
        case (4, false), (5, true): self = .heartbeat
        case (4, true): self = .final
        case (5, false), (6, true): self = .disconnect
        default: return nil
        }
    }
}

/// The sender of a message, and the index of the frame after the header.
package enum MajordomoSender {
    case worker(MajordomoVersion, at: Int)
    case client(MajordomoVersion, at: Int)

    /// - Parameter message: from a ROUTER; its first frame is the peer's identity.
    init?(_ message: borrowing Message) {
        guard message.count >= 3 else { return nil }
        let hasDelimiter = message.isEmpty(1)
        let header = hasDelimiter ? 2 : 1
        let bytes = message.bytes(header)
        guard bytes.count == 6, bytes[0] == UInt8(ascii: "M"), bytes[1] == UInt8(ascii: "D"),
            bytes[2] == UInt8(ascii: "P"), bytes[4] == UInt8(ascii: "0")
        else { return nil }
        let version: MajordomoVersion
        switch bytes[5] {
        case UInt8(ascii: "1") where hasDelimiter: version = .one
        case UInt8(ascii: "2"): version = hasDelimiter ? .twoWithDelimiter : .two
        default: return nil
        }
        switch bytes[3] {
        case UInt8(ascii: "W"): self = .worker(version, at: header + 1)
        case UInt8(ascii: "C"): self = .client(version, at: header + 1)
        default: return nil
        }
    }
}
