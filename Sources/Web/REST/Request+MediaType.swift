// Checks a body's type and coding by the request's header, before any of it is read.

package import Configuration
package import Contract
package import HTTP
import JSON

extension MediaTypeCheck {
    /// What is wrong with the request's `Content-Type` or `Content-Encoding`, or nil. curl's default type is accepted
    /// as JSON and as text: a form on a foreign page, which sends it too, has been rejected by its origin before.
    package static func problem(of request: Request, _ body: ServiceConfiguration.BodyFormat) -> Problem? {
        if let coding = request.value(of: .contentEncoding), !coding.equals(identity) {
            let name = String(copying: coding).prefix(64)
            return Problem(.unsupportedMediaType, "Content-Encoding \(name) is not decoded; send the body as it is")
        }
        guard let type = request.value(of: .contentType) else { return nil }
        if body == .json && type.equals(plainJSON) || body == .binary { return nil }
        return problem(String(copying: type), body)
    }

    private static let plainJSON = Array("application/json".utf8)
    private static let identity = Array("identity".utf8)
}
