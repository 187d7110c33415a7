// Finds what a request's method and path lead to.
//
//     method and path as before? --yes--> the same target
//       | no
//     the table --found--------------> its target; a registered name is looked up
//       |--another method only ------> OPTIONS, or 405 with Allow
//       '--nothing ------------------> a public file, or 404

import Bridge
import Contract
import HTTP
import JSON

/// Sets the response's target and the parameters of its path, or rejects the request.
package final class RouteStep: AdmissionStep {
    private let host: any WebHost
    private let site: Site
    /// The last path that led to a target without parameters, and its target.
    private var lastPath: [UInt8] = []
    private var lastMethod = Method.other
    private var lastTarget = WebTarget.health
    private static let asterisk = Array("*".utf8)
    private static let anyMethod = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    /// The methods of a service that a broker's workers have registered, like those of a configured one.
    private static let methodsOfRegistered = ["GET", "POST"]

    init(_ host: any WebHost) {
        self.host = host
        site = host.site
    }

    package func decide(_ response: Response) -> AdmissionDecision {
        let request = response.request
        // Most requests have the same path as the one before and skip the table.
        if request.method == lastMethod, request.path.equals(lastPath) {
            response.target = lastTarget
            return .proceed
        }
        if request.method == .options { return options(response) }
        if request.method == .head, case .found(let number, let path) = site.routes.match("HEAD", request.path),
            case .exchange = site.routes[number]
        {
            return lead(response, to: site.routes[number], path)
        }
        switch site.routes.match(Self.methodName(request), request.path) {
        case .malformed(let reason): return .reject(Problem(.badPath, "the path cannot be read: \(reason)"))
        case .notFound: return publicFile(response)
        case .methodNotAllowed(let methods): return notAllowed(response, methods)
        case .found(let number, let path):
            let target = site.routes[number]
            // HEAD must not do what GET does: only a route that names HEAD, or takes any method, leads to a worker.
            if request.method == .head, case .exchange = target { return notAllowed(response, otherMethods(request)) }
            if path == .none, request.method != .other {
                lastPath = [UInt8](copying: request.path)
                lastMethod = request.method
                lastTarget = target
            }
            return lead(response, to: target, path)
        }
    }

    private func lead(_ response: Response, to target: WebTarget, _ path: PathParameters) -> AdmissionDecision {
        response.path = path
        guard case .unknownService = target else {
            response.target = target
            return .proceed
        }
        let name = path["service"] ?? ""
        guard let route = host.registeredServices[name] else { return .reject(.unknownService(name)) }
        switch response.request.method {
        case .get, .head: response.target = .service(route)
        case .post: response.target = .exchange(route)
        default: return notAllowed(response, Self.methodsOfRegistered)
        }
        return .proceed
    }

    private func publicFile(_ response: Response) -> AdmissionDecision {
        let request = response.request
        guard let file = site.publicFiles.find(request.path) else {
            return .reject(Problem(.notFound, "nothing is at this path; /v1/services lists the services"))
        }
        guard request.method == .get || request.method == .head else { return notAllowed(response, ["GET"]) }
        response.target = .publicFile(file)
        return .proceed
    }

    // MARK: Methods

    /// The method for the table. HEAD of a page is a GET whose body is not sent.
    private static func methodName(_ request: Request) -> String {
        switch request.method {
        case .get, .head: "GET"
        case .post: "POST"
        default: String(copying: request.methodName)
        }
    }

    /// Leads OPTIONS to the methods of the server as a whole (RFC 9110, section 9.3.7) or of one path. A preflight
    /// (Fetch, "CORS-preflight request") comes from the browser itself; a route that takes any method gets any other
    /// OPTIONS.
    private func options(_ response: Response) -> AdmissionDecision {
        let request = response.request
        var methods: [String] = []
        if request.path.equals(Self.asterisk) {
            methods = Self.anyMethod
        } else {
            switch site.routes.match("OPTIONS", request.path) {
            case .methodNotAllowed(let known): methods = known
            case .found(let number, let path):
                let target = site.routes[number]
                if case .unknownService = target, host.registeredServices[path["service"] ?? ""] != nil {
                    methods = Self.methodsOfRegistered
                } else if response.origin != nil, request.value(of: .accessControlRequestMethod) != nil {
                    methods = Self.anyMethod
                } else {
                    return lead(response, to: target, path)
                }
            case .malformed, .notFound: break
            }
            if methods.isEmpty && site.publicFiles.find(request.path) != nil { methods = ["GET"] }
            if methods.isEmpty { return publicFile(response) }
        }
        response.allow = allow(methods, request)
        response.target = .options
        return .proceed
    }

    private func notAllowed(_ response: Response, _ methods: [String]) -> AdmissionDecision {
        let allow = allow(methods, response.request)
        response.allow = allow
        return .reject(Problem(.methodNotAllowed, "this path takes \(allow)"))
    }

    /// The methods of a path that does not take HEAD.
    private func otherMethods(_ request: Request) -> [String] {
        guard case .methodNotAllowed(let methods) = site.routes.match("HEAD", request.path) else { return ["GET"] }
        return methods
    }

    /// The value of `Allow`. A page that takes GET also takes HEAD; a route does if it says so.
    private func allow(_ methods: [String], _ request: Request) -> String {
        var takesHead = methods.contains("GET")
        if takesHead, case .found(let number, _) = site.routes.match("GET", request.path),
            case .exchange = site.routes[number]
        {
            takesHead = false
            if case .found(let head, _) = site.routes.match("HEAD", request.path), case .exchange = site.routes[head] {
                takesHead = true
            }
        }
        let all = methods + (takesHead && !methods.contains("HEAD") ? ["HEAD"] : []) + ["OPTIONS"]
        return all.filter { $0 != "*" }.joined(separator: ", ")
    }
}
