// The demo's services: a worker of each kind and a publisher. Their endpoints are Linux abstract sockets, which need no
// port and no file.

public import Configuration
import Glibc

extension Configuration {
    /// A configuration with six services whose workers live in this process.
    public static func demo() -> Configuration {
        var configuration = Configuration()
        configuration.services = [echo, ticker, slow, flaky, pool, prices].map { make in
            var service = make(DemoWorkers.endpoint)
            service.overrides = OverrideLimits(for: service.replies)
            return service
        }
        return configuration
    }

    /// Commands to try, printed when the demo starts.
    static func demoHints(_ url: String) -> String {
        """

        Try:
          curl -d '{"hello":"world"}' \(url)/v1/services/echo
          curl -N -d '{"count":5}' \(url)/v1/services/ticker
          curl -N -d '{"count":50}' '\(url)/v1/services/ticker?deadline=1s'; echo "exit $?"
          curl -N -H 'Accept: text/event-stream' -d '{"count":3}' \(url)/v1/services/ticker
          curl -d '{"seconds":2}' \(url)/v1/services/slow
          curl -d '{"mode":"garbage"}' \(url)/v1/services/flaky
          curl -i -d '{"who":"next"}' \(url)/v1/services/pool
          curl -N '\(url)/v1/services/prices?topic=nasdaq.'
        or a browser: \(url)/


        """
    }

    private static func echo(_ endpoint: (String) -> String) -> ServiceConfiguration {
        var service = ServiceConfiguration(name: "echo", peer: .dealer)
        service.description = "Echoes each request."
        service.bind = endpoint("echo")
        service.replies.count = 1
        return service
    }

    private static func ticker(_ endpoint: (String) -> String) -> ServiceConfiguration {
        var service = ServiceConfiguration(name: "ticker", peer: .router)
        service.description = "A reply every 200 ms until {\"done\":true}; try {\"count\":10}."
        service.connect = [endpoint("ticker")]
        service.require = .object
        service.replies.final = FinalRule(.equals(pointer: "/done", .init(bool: true)), deliver: .data)
        service.replies.deadline = .seconds(60)
        service.cancel = "{\"cancel\":true}"
        return service
    }

    private static func slow(_ endpoint: (String) -> String) -> ServiceConfiguration {
        var service = ServiceConfiguration(name: "slow", peer: .rep)
        service.description = "One reply after {\"seconds\":3}."
        service.bind = endpoint("slow")
        service.require = .object
        return service
    }

    private static func flaky(_ endpoint: (String) -> String) -> ServiceConfiguration {
        var service = ServiceConfiguration(name: "flaky", peer: .dealer)
        service.description = "Misbehaves on demand: {\"mode\":\"error\"}, \"silence\", \"garbage\"; else it replies."
        service.bind = endpoint("flaky")
        service.require = .object
        service.replies.count = 1
        service.replies.error = ErrorRule(.exists(pointer: "/error"))
        service.replies.deadline = .seconds(5)
        return service
    }

    private static func pool(_ endpoint: (String) -> String) -> ServiceConfiguration {
        var service = ServiceConfiguration(name: "pool", peer: .ready)
        service.description = "Three workers that announce when they are ready and echo after 50 to 400 ms."
        service.bind = endpoint("pool")
        return service
    }

    private static func prices(_ endpoint: (String) -> String) -> ServiceConfiguration {
        var service = ServiceConfiguration(name: "prices", peer: .publisher)
        service.description = "Random prices on the topics nasdaq.AAPL, nasdaq.MSFT and nyse.IBM."
        service.connect = [endpoint("prices")]
        return service
    }
}
