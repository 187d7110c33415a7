// Which bodies a service takes, by what the header says of them: nothing is read before that.

import Configuration
import HTTP

extension MediaTypeCheck {
    /// What is wrong with the request's `Content-Type` or `Content-Encoding`, or nil. curl's default type is taken for
    /// JSON and text: with a foreign origin the request would not have come so far.
    static func problem(of request: Request, _ body: ServiceConfiguration.BodyFormat) -> Problem? {
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
