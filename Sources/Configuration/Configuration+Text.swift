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
        allowed_hosts: []

        # Pages of other origins that may call, exactly scheme://host[:port]; up to 64.
        allowed_origins: []

        limits:
          max_body_bytes: 1MiB              # a request's body, 1 to 1GiB; above: 413
          max_header_bytes: 8KiB            # request line and fields, 1KiB to 48KiB; above: 431 or 414
          max_connections: 10000            # open client connections; one more closes the one idle longest, or is a 503
          max_connections_per_address: 1000 # of one client address; above: 429
          max_peers: 10000                  # ZeroMQ connections to one port that is bound, also bounded by ulimit -n
          max_exchanges: 10000              # in flight, of native clients half of it at most; above: 503
          max_exchanges_per_address: 1000   # of one client address; above: 429
          max_buffered_bytes: 8MiB          # replies of one exchange that its client has not taken; above: slow_client
          max_memory: 512MiB                # held for clients in all; above: the largest holder lets go (docs/memory.md)

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

        # The named backends, as examples. Uncomment one to begin with. The comment of a value that is the default begins
        # with "default", of another one with "default X", which is then the default, or with "required".
        services: {}
        #services:
        #  quotes:                          # a ROUTER that exists already: we are a DEALER with an identity an exchange
        #    peer: router                   # required; router, dealer, rep, publisher, ready or majordomo
        #    connect: [tcp://127.0.0.1:5570] # required here; one or a list
        #    description: asyncsrv's server # default none; for /v1/services
        #    delimiter: false               # default; true: an empty frame before the body, as REQ clients send it
        #    body: json                     # default; json, text or binary: what a frame holds
        #    require: any                   # default; any or object: what a JSON request must be
        #    request: body                  # default; or envelope: method, path, headers and body in one JSON object
        #    headers: []                    # default; header fields that envelopes carry, on its routes too
        #    reply: body                    # default; or envelope: the worker sets status and headers
        #    expose: true                   # default unless clients could forge envelopes; false: by routes only
        #    optional: false                # default; true: /readyz does not wait for its workers
        #    max_body_bytes: 64KiB          # default limits.max_body_bytes; a request's body, 1 to 1GiB; above: 413
        #    replies:                       # how an exchange ends; the first to fire wins, and the reason is told
        #      idle: 1500ms                 # default none; longest gap between replies, armed by the first one
        #      idle_means: complete         # default incomplete
        #      deadline: 30s                # default; total; always on
        #    identities:                    # one for each exchange
        #      spare: 4                     # default; connected ahead of need, of each reactor
        #      max: 1000                    # default; in use and spare ones; two descriptors each; beyond: 503
        #      prefix: ""                   # default; what each begins with
        #      reuse: false                 # default; true: again after a declared final or count; a reply after
        #                                   # that end can then reach the wrong client (docs/ends.md)
        #  jobs:                            # DEALER workers that connect to us; each may answer 0..N times
        #    peer: dealer                   # required
        #    bind: tcp://127.0.0.1:5571     # required here, or connect
        #    replies:
        #      final: {pointer: /done, equals: true, deliver: data}    # default none; or {empty: true, deliver: marker}
        #      error: {pointer: /error, exists: true, status: 502}     # default none; or status_pointer: /error/status
        #      keepalive: {pointer: /alive, exists: true}              # default none; resets idle, is not delivered
        #      count: 100                   # default none; so many replies are all; 0: one-way, 202
        #      first: 5s                    # default none; longest wait for the first reply
        #      first_means: incomplete      # default; complete: no reply within first is a good, empty answer
        #      max_replies: 100000          # default none; safety caps
        #      max_bytes: 100MiB            # default none
        #    overrides:                     # more than its own that a request may ask for
        #      deadline: 5m                 # default the service's own
        #      first: 10s                   # default the service's own, or overrides.deadline
        #      idle: 10s                    # default the service's own, or overrides.deadline
        #      count: 100000                # default the service's own, or its max_replies
        #    cancel: '{"cancel":true}'      # default none; sent once when the client no longer waits
        #    max_exchanges: 1000            # default limits.max_exchanges
        #    retry_after: 1s                # default; what its 503 says
        #    socket:
        #      send_high_water_mark: 1000   # default 1000; router: 16; dealer, rep: 2 x max_exchanges_per_address
        #      receive_high_water_mark: 1000 # default 1000; router: 16, fewer if large
        #      heartbeat_interval: 1s       # default; ZMTP pings; 0: none, and a frozen worker is not noticed
        #      heartbeat_timeout: 3s        # default three intervals
        #      reconnect_interval: 100ms    # default
        #      reconnect_interval_max: 5s   # default
        #      tcp_keepalive: system        # default; system, on or off; also _idle and _interval (5s), _count (3)
        #      queue_while_down: false      # default; true: without a worker requests wait, and all of them run after it
        #      connect_timeout: 0           # default; 0: the system's
        #      max_reply_bytes: 16MiB       # default; of a worker's frame; above: the peer's connection is closed
        #      linger: 0s                   # default; how long a closed socket goes on sending
        #      ipv6: true                   # default; IPv4 works either way
        #  hello:                           # a plain REP server, or several behind a proxy
        #    peer: rep                      # required
        #    connect: tcp://127.0.0.1:5555  # required here, or bind
        #    body: text                     # default json
        #  pool:                            # workers that say when they are ready: the longest ready is the next
        #    peer: ready                    # required
        #    bind: tcp://127.0.0.1:5671     # required here
        #    dialect: bare                  # default; addressed or paranoid-pirate (docs/workers.md draws the frames)
        #    ready_carries_reply: true      # default; bare: false if a worker's word after its work is no reply
        #    capacity: 1                    # default; requests in one worker, 1 to 1000; above 1 not with bare
        #    queue:                         # waiting requests; beyond: 503 for who has most
        #      max: 1000                    # default
        #      max_bytes: 16MiB             # default
        #      max_age: 30s                 # default
        #    retries: 0                     # default; 0 to 10; a request whose worker died may run again so often
        #    handover: false                # default; a second worker of an identity takes the place of the first
        #    clients: tcp://127.0.0.1:5672  # default none; native DEALER and REQ clients; also of dealer and rep
        #  broker:                          # a Majordomo broker; its workers' names are services of their own
        #    peer: majordomo                # required
        #    bind: tcp://127.0.0.1:5555     # required here
        #    heartbeat:                     # also of dialect paranoid-pirate
        #      interval: 2500ms             # default 2500ms; paranoid-pirate: 1s
        #      liveness: 3                  # default; intervals of silence after which a worker is gone
        #    queue:
        #      max: 100000                  # default; of each name
        #    allow: [echo, math.*]          # default any; names that workers may register
        #  math.add:                        # a service of a Majordomo broker that exists
        #    peer: majordomo                # required
        #    connect: tcp://127.0.0.1:5554  # required here
        #    service: add                   # default the name here; its name there
        #    version: "0.1"                 # default; 0.1 or 0.2
        #  prices:                          # publishers that exist: we subscribe to what somebody listens to
        #    peer: publisher                # required
        #    connect: [tcp://127.0.0.1:5556] # required here, or bind: publishers connect to us
        #    frames: topic_body             # default; two frames; single: one, the body, which begins with the topic
        #    cache: 0                       # default; topics whose last message is kept for latecomers, to 100000
        #    max_topics: 1000               # default; that all clients together listen to, to 1000000; above: 503

        # Further ways in. POST /v1/services/NAME exists for every service that is exposed.
        routes: []
        #routes:
        #  - match: "GET /orders/{id}"      # required; a method or *, and a path; {name}: a segment, {name...}: the rest
        #    service: jobs                  # required
        #    request: envelope              # default; or body
        #    reply: envelope                # default the service's; or body
        #    headers: [accept-language]     # default the service's; header fields that the envelope carries
        #    replies:                       # what differs from the service's; not final, error and keepalive
        #      deadline: 10s                # default the service's; so with first, idle, idle_means, count and the caps
        #  - match: POST /echo              # required
        #    service: broker                # required
        #    registered: echo               # required of a Majordomo broker; which of its names

        """
}
