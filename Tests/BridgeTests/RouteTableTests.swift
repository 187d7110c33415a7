// Which route wins, what a path means, and what is no path.

import Testing

@testable import Bridge

/// A match in a form that can be compared.
private enum Found: Equatable {
    case found(String, [String: String])
    case methodNotAllowed([String])
    case notFound
    case malformed
}

@Suite("A route table")
struct RouteTableTests {
    /// A table whose targets are the routes themselves, by their place.
    private struct Routes {
        var table = RouteTable()
        var names: [String] = []
    }

    private func table(_ names: String...) -> Routes {
        var routes = Routes()
        for name in names {
            let words = name.split(separator: " ")
            #expect(routes.table.add(String(words[0]), String(words[1]), routes.names.count) == nil)
            routes.names.append(name)
        }
        return routes
    }

    private func match(_ table: Routes, _ request: String) -> Found {
        let words = request.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        return match(table, String(words[0]), Array(words[1].utf8))
    }

    private func match(_ routes: Routes, _ method: String, _ path: [UInt8]) -> Found {
        switch routes.table.match(method, path.span) {
        case .found(let target, let parameters):
            .found(routes.names[target], Dictionary(uniqueKeysWithValues: zip(parameters.names, parameters.values)))
        case .methodNotAllowed(let methods): .methodNotAllowed(methods.sorted())
        case .notFound: .notFound
        case .malformed: .malformed
        }
    }

    @Test("prefers a literal to a parameter and a parameter to a rest")
    func precedence() {
        let routes = table("GET /a/{rest...}", "GET /a/{id}", "GET /a/b")
        #expect(match(routes, "GET /a/b") == .found("GET /a/b", [:]))
        #expect(match(routes, "GET /a/c") == .found("GET /a/{id}", ["id": "c"]))
        #expect(match(routes, "GET /a/b/c") == .found("GET /a/{rest...}", ["rest": "b/c"]))
        #expect(match(routes, "GET /a/") == .found("GET /a/{rest...}", ["rest": ""]))
        #expect(match(routes, "GET /a") == .found("GET /a/{rest...}", ["rest": ""]))
    }

    @Test("backtracks when the better branch leads nowhere, and drops its parameters")
    func backtracking() {
        let routes = table("GET /a/b/c", "GET /a/{x}/d", "GET /{y}/b/{z}/e", "GET /{all...}")
        #expect(match(routes, "GET /a/b/c") == .found("GET /a/b/c", [:]))
        #expect(match(routes, "GET /a/b/d") == .found("GET /a/{x}/d", ["x": "b"]))
        #expect(match(routes, "GET /a/b/q/e") == .found("GET /{y}/b/{z}/e", ["y": "a", "z": "q"]))
        #expect(match(routes, "GET /a/b/q/f") == .found("GET /{all...}", ["all": "a/b/q/f"]))
        #expect(match(routes, "GET /") == .found("GET /{all...}", ["all": ""]))
    }

    @Test("distinguishes an empty segment from a missing one")
    func slashes() {
        let routes = table("GET /", "GET /a", "GET /b/", "GET /c/{id}")
        #expect(match(routes, "GET /") == .found("GET /", [:]))
        #expect(match(routes, "GET /a/") == .notFound)
        #expect(match(routes, "GET /b") == .notFound)
        #expect(match(routes, "GET /b/") == .found("GET /b/", [:]))
        #expect(match(routes, "GET //a") == .notFound)
        #expect(match(routes, "GET /c/") == .notFound)
        #expect(match(routes, "GET /c//") == .notFound)
    }

    @Test("lists the methods of a path that has others")
    func methods() {
        let routes = table("GET /a/{id}", "PUT /a/{key}", "* /b", "GET /b")
        #expect(match(routes, "GET /a/1") == .found("GET /a/{id}", ["id": "1"]))
        #expect(match(routes, "PUT /a/1") == .found("PUT /a/{key}", ["key": "1"]))
        #expect(match(routes, "DELETE /a/1") == .methodNotAllowed(["GET", "PUT"]))
        #expect(match(routes, "GET /b") == .found("GET /b", [:]))
        #expect(match(routes, "DELETE /b") == .found("* /b", [:]))
        #expect(match(routes, "GET /c") == .notFound)
    }

    @Test("lets the path decide before the method")
    func pathFirst() {
        let routes = table("POST /a/b", "GET /a/{id}")
        #expect(match(routes, "GET /a/b") == .methodNotAllowed(["POST"]))
    }

    @Test("decodes parameters after the cut, so an encoded slash is a part of its segment")
    func encodedSlash() {
        let routes = table("GET /a/{id}", "GET /a/{id}/b", "GET /f/{path...}")
        #expect(match(routes, "GET /a/x%2Fb") == .found("GET /a/{id}", ["id": "x/b"]))
        #expect(match(routes, "GET /a%2Fx") == .notFound)
        #expect(match(routes, "GET /f/x%2fy/z") == .found("GET /f/{path...}", ["path": "x/y/z"]))
    }

    @Test("reads UTF-8, escaped or not, in parameters and in literals")
    func unicode() {
        let routes = table("GET /caf\u{E9}/{name}")
        let wanted = Found.found("GET /caf\u{E9}/{name}", ["name": "\u{1F980}"])
        #expect(match(routes, "GET /caf%C3%A9/%F0%9F%A6%80") == wanted)
        #expect(match(routes, "GET /caf%c3%a9/%f0%9f%a6%80") == wanted)
        #expect(match(routes, "GET /caf\u{E9}/\u{1F980}") == wanted)
        #expect(match(routes, "GET /%63%61%66%C3%A9/\u{1F980}") == wanted)
    }

    @Test("decodes the escapes of a template like those of a path, and rejects invalid ones")
    func escapedTemplate() {
        let routes = table("GET /caf%C3%A9/%41")
        #expect(match(routes, "GET /caf%c3%a9/A") == .found("GET /caf%C3%A9/%41", [:]))
        var broken = RouteTable()
        let conflict = broken.add("GET", "/a%4", 0)
        #expect(conflict != nil && conflict != .alreadyTaken)
    }

    @Test("treats an escaped letter of a literal as the letter, so that no parameter matches a literal")
    func escapedLiteral() {
        let routes = table("GET /orders/special", "GET /orders/{id}")
        #expect(match(routes, "GET /orders/%73pecial") == .found("GET /orders/special", [:]))
        #expect(match(routes, "GET /orders/%53pecial") == .found("GET /orders/{id}", ["id": "Special"]))
        #expect(match(routes, "GET /%6frders/special") == .found("GET /orders/special", [:]))
        #expect(match(routes, "GET /orders/specia%6") == .malformed)
        #expect(match(routes, "GET /orders/special%") == .malformed)
        #expect(match(routes, "GET /orders/specia") == .found("GET /orders/{id}", ["id": "specia"]))
    }

    @Test(
        "rejects invalid path segments",
        arguments: [
            "%", "%2", "%zz", "%2g", "a%", "%00", "a%00b", "%FF", "%C3", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", ".",
            "..", "%2e", ".%2E", "%2e%2e",
        ])
    func malformed(_ segment: String) {
        let parameter = table("GET /a/{id}")
        #expect(match(parameter, "GET /a/\(segment)") == .malformed)
        let rest = table("GET /a/{rest...}")
        #expect(match(rest, "GET /a/x/\(segment)/y") == .malformed)
        #expect(match(rest, "GET /a/\(segment)") == .malformed)
    }

    @Test("finds dot segments behind encoded slashes of a rest")
    func hiddenDots() {
        let routes = table("GET /f/{path...}")
        #expect(match(routes, "GET /f/x%2F..%2Fy") == .malformed)
        #expect(match(routes, "GET /f/...") == .found("GET /f/{path...}", ["path": "..."]))
        #expect(match(routes, "GET /f/a..b/.c") == .found("GET /f/{path...}", ["path": "a..b/.c"]))
    }

    @Test("refuses raw bytes that are not UTF-8, and a path without its slash")
    func rawBytes() {
        let routes = table("GET /{id}")
        #expect(match(routes, "GET", [0x2F, 0xFF]) == .malformed)
        #expect(match(routes, "GET", [0x2F, 0x61, 0x00]) == .malformed)
        #expect(match(routes, "GET", []) == .malformed)
        #expect(match(routes, "GET", Array("a".utf8)) == .malformed)
        #expect(match(routes, "OPTIONS", Array("*".utf8)) == .malformed)
    }

    @Test("rejects a broken escape even on a path without a route")
    func unreadEscapes() {
        #expect(match(table("GET /a"), "GET /%zz") == .malformed)
    }

    @Test("accepts each method of a template once, and no malformed template")
    func conflicts() {
        var routes = RouteTable()
        #expect(routes.add("GET", "/a/{id}", 1) == nil)
        #expect(routes.add("GET", "/a/{other}", 2) == .alreadyTaken)
        #expect(routes.add("PUT", "/a/{other}", 3) == nil)
        #expect(routes.add("*", "/a/{id}", 4) == nil)
        guard case .malformedTemplate = routes.add("GET", "a", 5) else {
            Issue.record("a template without its slash was taken")
            return
        }
    }

    @Test("gives parameters by name")
    func parameters() {
        let parameters = PathParameters(names: ["a", "b"], values: ["1", "2"])
        #expect(parameters["a"] == "1" && parameters["b"] == "2" && parameters["c"] == nil)
    }
}
