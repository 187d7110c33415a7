// The commented default file: the keys at their defaults, with units and bounds, and a service of each kind.

extension Configuration {
    /// What `zmq-gateway serve --print-config` prints. Reading it gives the defaults.
    public static let commentedDefault = """
        # zmq-gateway: the configuration. What is no comment is the default; the services are examples of all their keys.
        #
        # Times are written 250ms, 3s, 2m, 1h; sizes 512, 64KiB, 1MiB, 10MB. Flags go over ZMQ_GATEWAY_* variables, those
        # over this file. `zmq-gateway check --config FILE` reports every mistake at once, with line and key.

        # Where clients come in: host:port, [v6]:port or unix:/path; one or a list. Port 0 lets the system choose.
        listen: 127.0.0.1:8080

        # Threads that serve, each with its own listening socket; 0 to 64, 0 is one a core.
        reactors: 0

        # The folder of static files, read once at the start (64 MiB at most), or off. Default: ./public where it exists.
        # public: public

        # Names that `Host` may carry besides the listening address and loopback names (DNS rebinding); up to 64.
        hosts: []

        # Pages of other origins that may call, exactly scheme://host[:port]; up to 64.
        origins: []

        limits:
          max_body_bytes: 1MiB              # a request's body, 1 to 1GiB; above: 413
          max_header_bytes: 8KiB            # request line and fields, 1KiB to 48KiB; above: 431 or 414
          max_connections: 10000            # open client connections; one more closes the one idle longest, or is a 503
          max_connections_per_address: 1000 # of one client address; above: 429
          max_peers: 10000                  # ZeroMQ connections to one port that is bound, also bounded by ulimit -n
          max_exchanges: 10000              # in flight, of native clients half of it at most; above: 503
          max_exchanges_per_address: 1000   # of one client address; above: 429
          max_buffered_bytes: 8MiB          # replies of one exchange that its client has not taken; above: slow_client

        timeouts:
          header: 10s                       # from the first byte to the end of the header; above: 408
          body: 30s                         # from there to the end of the body; above: 408
          idle: 60s                         # a keep-alive connection without a request
          drain: 8s                         # how long SIGTERM lets exchanges finish; 0 ends them at once

        sessions:                           # WebSockets
          max: 10000                        # open at once; above: 503
          max_per_address: 1000             # of one client address; above: 429
          max_message_bytes: 1MiB           # also after decompression; above: close 1009
          max_exchanges: 100                # in flight in one session of /v1/socket
          max_buffered_bytes: 1MiB          # that the client has not taken; above: it is closed
          slow: pause                       # pause the worker where that can be, or close at a quarter of the buffer
          ping: 30s                         # after so long a silence
          pong: 15s                         # and closed after so much more
          compress: on                      # permessage-deflate, where the client offers it
          resume: 30s                       # how long a session waits for its client to come back; 0 is never
          resume_bytes: 256KiB              # messages kept until they are acknowledged

        log:
          level: info                       # trace, debug, info, notice, warning, error, critical
          format: text                      # text or json
          access: on                        # one line a request, and one a session when it is over

        zeromq:
          io_threads: 1                     # 1 to 16; one carries about a gigabyte a second
          max_sockets: 65535                # 16 to 65535

        # The named backends. Uncomment one to begin with.
        services: {}
        #services:
        #  quotes:                          # a ROUTER that exists already: we are a DEALER with an identity an exchange
        #    peer: router
        #    connect: [tcp://127.0.0.1:5570]
        #    description: asyncsrv's server
        #    delimiter: false               # true: an empty frame before the body, for servers written for REQ clients
        #    body: json                     # json, text or binary: what a frame holds
        #    require: any                   # any or object: what a JSON request must be
        #    request: body                  # body, or envelope: method, path, query, headers and body in one JSON object
        #    headers: []                    # header fields that envelopes carry, of this service and of its routes
        #    reply: body                    # body, or envelope: the worker sets status and headers
        #    expose: true                   # false: by routes only; default: unless clients could forge envelopes
        #    optional: false                # true: /readyz does not wait for its workers
        #    replies:                       # how an exchange ends; the first to fire wins, and the reason is told
        #      idle: 300ms                  # longest gap between replies, armed by the first one
        #      idle_means: complete         # complete or incomplete
        #      deadline: 30s                # total; always on
        #    identities:                    # one for each exchange
        #      spare: 4                     # connected ahead of need, of each reactor
        #      max: 1000                    # in use and spare ones; two descriptors each; beyond: 503
        #      prefix: ""                   # what each begins with
        #      reuse: false                 # true: again after a declared final or count; a reply that comes after that
        #                                   # end can then reach the wrong client (docs/ends.md)
        #  jobs:                            # DEALER workers that connect to us; each may answer 0..N times
        #    peer: dealer
        #    bind: tcp://127.0.0.1:5571
        #    replies:
        #      final: {pointer: /done, equals: true, deliver: data}    # or {empty: true, deliver: marker}
        #      error: {pointer: /error, exists: true, status: 502}     # 400 to 599, or status_pointer: /error/status
        #      keepalive: {pointer: /alive, exists: true}              # resets idle; neither counted nor delivered
        #      first: 5s                    # longest wait for the first reply
        #      first_means: incomplete      # complete: no reply within first is a good, empty answer
        #      max_replies: 100000          # safety caps
        #      max_bytes: 100MiB
        #    overrides: {deadline: 5m, idle: 10s}                      # more than its own that a request may ask for
        #    cancel: '{"cancel":true}'      # sent once when nobody waits any more
        #    max_exchanges: 1000
        #    retry_after: 1s                # what its 503 says
        #    socket:
        #      send_high_water_mark: 1000   # for one worker; dealer, rep: 2 x limits.max_exchanges_per_address
        #      receive_high_water_mark: 1000
        #      heartbeat_interval: 1s       # ZMTP pings; 0: none, and a frozen worker is not noticed
        #      heartbeat_timeout: 3s        # default: three intervals
        #      reconnect_interval: 100ms
        #      reconnect_interval_max: 5s
        #      tcp_keepalive: system        # system, on or off; also _idle and _interval (5s), _count (3)
        #      immediate: true              # false: requests wait in an outage, and all of them run after it
        #      connect_timeout: 0           # 0: the system's
        #      max_message_bytes: 16MiB     # of a worker's frame
        #      linger: 0s                   # how long a closed socket goes on sending
        #      ipv6: true                   # IPv4 works either way
        #  hello:                           # a plain REP server, or several behind a proxy
        #    peer: rep
        #    connect: tcp://127.0.0.1:5555
        #    body: text
        #  pool:                            # workers that say when they are ready: the longest ready is the next
        #    peer: ready
        #    bind: tcp://127.0.0.1:5671
        #    dialect: bare                  # bare, addressed or paranoid-pirate (docs/workers.md draws the frames)
        #    answers: true                  # bare: false where a worker's word after its work is no reply
        #    capacity: 1                    # requests in one worker, 1 to 1000; above 1 not with bare
        #    queue: {max: 1000, max_bytes: 16MiB, max_age: 30s}        # waiting requests; beyond: 503 for who has most
        #    retries: 0                     # 0 to 10; above 0 requests may run twice: their worker died before its reply
        #    handover: false                # a second worker of an identity takes the place of the first
        #    clients: tcp://127.0.0.1:5672  # native DEALER and REQ clients (also of dealer and rep with bind)
        #  broker:                          # a Majordomo broker; its workers' names are services of their own
        #    peer: majordomo
        #    bind: tcp://127.0.0.1:5555
        #    heartbeat: {interval: 2500ms, lives: 3}                   # also of dialect paranoid-pirate (1s)
        #    queue: {max: 100000}           # of each name
        #    allow: [echo, math.*]          # names that workers may register; default: any
        #  remote:                          # a service of a Majordomo broker that exists
        #    peer: majordomo
        #    connect: tcp://127.0.0.1:5554
        #    service: echo                  # its name there; default: the name here
        #    version: "0.1"                 # 0.1 or 0.2
        #  prices:                          # publishers that exist: we subscribe to what somebody listens to
        #    peer: publisher
        #    connect: [tcp://127.0.0.1:5556] # or bind: publishers connect to us
        #    frames: topic_body             # topic_body: two frames; single: one, the body, which begins with the topic
        #    cache: 0                       # topics whose last message is kept for those who come later, to 100000
        #    max_topics: 1000               # that all clients together listen to, to 1000000; above: 503

        # Further ways in. POST /v1/services/NAME exists for every service that is exposed.
        routes: []
        #routes:
        #  - match: "GET /orders/{id}"      # a method or *, and a path; {name} is one segment, a last {name...} the rest
        #    service: jobs
        #    request: envelope
        #    headers: [accept-language]     # header fields that the envelope carries; default: the service's
        #  - match: POST /echo
        #    service: broker
        #    registered: echo               # of a Majordomo broker's names, which

        """
}
