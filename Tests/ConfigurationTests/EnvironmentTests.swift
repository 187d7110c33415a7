// Variables of the environment: ours, our own misspelt, and those that Kubernetes sets for a Service of our name.

import Configuration
import Testing

@Suite("Variables of the environment") struct EnvironmentTests {
    private func errors(_ environment: [String: String]) -> [String] {
        Configuration.load(text: "", file: "f", environment: environment).errors.map(\.key)
    }

    @Test("those of a Kubernetes Service called zmq-gateway are ignored")
    func serviceLinks() {
        let links = [
            "ZMQ_GATEWAY_SERVICE_HOST": "10.0.0.1", "ZMQ_GATEWAY_SERVICE_PORT": "80",
            "ZMQ_GATEWAY_SERVICE_PORT_HTTP": "80", "ZMQ_GATEWAY_PORT": "tcp://10.0.0.1:80",
            "ZMQ_GATEWAY_PORT_8080_TCP": "tcp://10.0.0.1:8080", "ZMQ_GATEWAY_PORT_8080_TCP_PROTO": "tcp",
            "ZMQ_GATEWAY_PORT_8080_TCP_PORT": "8080", "ZMQ_GATEWAY_PORT_8080_TCP_ADDR": "10.0.0.1",
            "ZMQ_GATEWAY_ADMIN_SERVICE_HOST": "10.0.0.2", "ZMQ_GATEWAY_ADMIN_PORT": "tcp://10.0.0.2:80",
            "ZMQ_GATEWAY_ADMIN_PORT_53_UDP_ADDR": "10.0.0.2",
        ]
        #expect(errors(links).isEmpty)
    }

    @Test(
        "others that only resemble them are reported",
        arguments: [
            ("PORT", "8080"), ("LISTN", "x"), ("SERVICE", "x"), ("SERVICE_HOSTS", "x"), ("PORT_X_TCP", "x"),
            ("PORT_80_TLS", "x"), ("LOGLEVEL", "info"),
        ])
    func typos(name: String, value: String) {
        #expect(errors(["ZMQ_GATEWAY_\(name)": value]) == ["ZMQ_GATEWAY_\(name)"])
    }
}
