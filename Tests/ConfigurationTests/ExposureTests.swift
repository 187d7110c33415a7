// Which services clients may call by name: what could be used to forge an envelope is closed unless `expose` opens it.

import Configuration
import Testing

@Suite("Exposure") struct ExposureTests {
    private func exposure(_ service: String, _ routes: String) throws -> Exposure {
        let loaded = Configuration.load(text: "services: {a: {\(service)}}\nroutes: [\(routes)]", file: "g.yaml")
        #expect(loaded.errors.isEmpty, "\(loaded.errors)")
        return loaded.configuration.exposure(of: try #require(loaded.configuration.service(named: "a")))
    }

    @Test(
        "a service is reachable by name unless a route's envelopes could be forged there",
        arguments: [
            ("", "", true), ("", "{match: GET /x, service: a, request: body}", true),
            ("", "{match: GET /x, service: a}", false), ("request: envelope", "{match: GET /x, service: a}", true),
            ("expose: true", "{match: GET /x, service: a}", true), ("expose: false", "", false),
        ])
    func byName(keys: String, route: String, expected: Bool) throws {
        let service = "peer: rep, connect: 'tcp://h:1'" + (keys.isEmpty ? "" : ", \(keys)")
        let exposure = try exposure(service, route)
        #expect(exposure.byName == expected)
        #expect(exposure.includes(nil) == expected)
    }

    @Test("of a broker only the name that the route leads to is closed")
    func registered() throws {
        let route = "{match: GET /x, service: a, registered: orders}"
        let open = try exposure("peer: majordomo, bind: 'tcp://127.0.0.1:1'", route)
        #expect(open.byName && open.includes("echo") && !open.includes("orders"))
        let closed = try exposure("peer: majordomo, bind: 'tcp://127.0.0.1:1', expose: false", route)
        #expect(!closed.includes("echo"))
    }

    @Test("a route's header fields are the service's unless it names its own")
    func headers() {
        let text =
            "services: {a: {peer: rep, connect: 'tcp://h:1', headers: [x-user]}}\n"
            + "routes: [{match: GET /x, service: a}, {match: GET /y, service: a, headers: []}]"
        #expect(Configuration.load(text: text, file: "g").configuration.routes.map(\.headers) == [["x-user"], []])
    }
}
