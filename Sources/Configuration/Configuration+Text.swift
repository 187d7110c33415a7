// The commented default file: the keys at their defaults, with units and bounds, and a service of each kind.

extension Configuration {
    /// What `zmq-gateway serve --print-config` prints. Reading it gives the defaults.
    public static let commentedDefault = """
        # The configuration of zmq-gateway. Uncommented values are the defaults; the services show all their keys.
        #
        # Times are 250ms, 3s, 2m, 1h; sizes are 512, 64KiB, 1MiB, 10MB. Flags override ZMQ_GATEWAY_* variables, which
        # override this file. `zmq-gateway check --config FILE` reports every mistake at once, with line and key.

        # Where clients connect: host:port, [v6]:port or unix:/path; one or a list. Port 0 lets the system choose.
        listen: 127.0.0.1:8080

        # Threads that serve requests, each with its own listening socket; 0 to 64. 0 is one for each core.
        reactors: 0

        # The folder of static files, read once at the start (64 MiB at most), or off. Default: ./public if it exists.
        # public: public

        # Names that `Host` may have besides the listening address and loopback names (DNS rebinding); up to 64.
        allowed_hosts: []

        # Other origins whose pages may call, exactly as scheme://host[:port]; up to 64.
        allowed_origins: []

        limits:
          max_body_bytes: 1MiB              # of a request, 1 to 1GiB; above: 413
          max_header_bytes: 8KiB            # request line and fields, 1KiB to 48KiB; above: 431 or 414
          max_connections: 10000            # of clients; one more closes the one idle longest, or gets 503
          max_connections_per_address: 1000 # of one client address; above: 429
          max_peers: 10000                  # ZeroMQ connections to one bound port; ulimit -n limits them, too
          max_exchanges: 10000              # in flight; native clients get at most half of them; above: 503
          max_exchanges_per_address: 1000   # of one client address; above: 429
          max_buffered_bytes: 8MiB          # unread replies of one exchange; above: slow_client
          max_memory: 512MiB                # held for clients in all; above: the largest holder goes (docs/memory.md)

        timeouts:
          header: 10s                       # from the first byte to the end of the header; above: 408
          body: 30s                         # from the header to the end of the body; above: 408
          idle: 60s                         # a keep-alive connection without a request
          drain: 8s                         # how long exchanges may finish after SIGTERM; 0 ends them at once

        sessions:                           # WebSockets
          max: 10000                        # open at once; above: 503
          max_per_address: 1000             # of one client address; above: 429
          max_message_bytes: 1MiB           # also after decompression; above: close 1009
          max_exchanges: 100                # in flight in one session on /v1/socket
          max_buffered_bytes: 1MiB          # unread by the client; above: the session is closed
          slow: pause                       # at a quarter of that: pause the worker (router), or close the session
          ping: 30s                         # after this time without a message from the client
          pong: 15s                         # closed after this further time without an answer
          compress: on                      # permessage-deflate, if the client offers it
          resume: 30s                       # how long a session waits for its client to reconnect; 0: not at all
          resume_bytes: 256KiB              # messages kept until they are acknowledged

        log:
          level: info                       # trace, debug, info, notice, warning, error, critical
          format: text                      # text or json
          access: on                        # a line for each request, and for each session that has ended

        zeromq:
          io_threads: 1                     # 1 to 16; one carries about a gigabyte a second
          max_sockets: 65535                # 16 to 65535

        # Services, as examples: uncomment one to start with. The comment "default" means that the value is the default,
        # "default X" that the default is X, and "required" that there is none.
        services: {}
        #services:
        #  quotes:                          # an existing ROUTER; each exchange is a DEALER with its own identity
        #    peer: router                   # required; router, dealer, rep, publisher, ready or majordomo
        #    connect: [tcp://127.0.0.1:5570] # required here; one or a list
        #    description: asyncsrv's server # default none; for /v1/services
        #    delimiter: false               # default; true: an empty frame before the body, as REQ clients send it
        #    body: json                     # default; json, text or binary: the content of a frame
        #    require: any                   # default; any or object: which JSON a request may be
        #    request: body                  # default; or envelope: method, path, headers and body in one JSON object
        #    headers: []                    # default; header fields in the envelopes, also those of its routes
        #    reply: body                    # default; or envelope: the worker sets status and headers
        #    expose: true                   # default unless clients could forge envelopes; false: only by routes
        #    optional: false                # default; true: /readyz ignores it
        #    max_body_bytes: 64KiB          # default limits.max_body_bytes; of a request, 1 to 1GiB; above: 413
        #    replies:                       # how an exchange ends: by the first rule that fires (docs/ends.md)
        #      idle: 1500ms                 # default none; longest gap after a reply
        #      idle_means: complete         # default incomplete
        #      deadline: 30s                # default; for the whole exchange; always on
        #    identities:                    # one for each exchange
        #      spare: 4                     # default; connected ahead of need, by each reactor
        #      max: 1000                    # default; in use and spare; two descriptors each; above: 503
        #      prefix: ""                   # default; the first bytes of each
        #      reuse: false                 # default; true: reuse after a declared final or count. A reply after
        #                                   # that end can then reach the wrong client (docs/ends.md)
        #  jobs:                            # DEALER workers that connect to the gateway, and reply 0..N times
        #    peer: dealer                   # required
        #    bind: tcp://127.0.0.1:5571     # required here, or connect
        #    replies:
        #      final: {pointer: /done, equals: true, deliver: data}    # default none; or {empty: true, deliver: marker}
        #      error: {pointer: /error, exists: true, status: 502}     # default none; or status_pointer: /error/status
        #      keepalive: {pointer: /alive, exists: true}              # default none; resets idle, is not delivered
        #      count: 100                   # default none; end after this many replies; 0: one-way, 202
        #      first: 5s                    # default none; longest wait for the first reply
        #      first_means: incomplete      # default; complete: no reply within first is a success
        #      max_replies: 100000          # default none; safety caps
        #      max_bytes: 100MiB            # default none
        #    overrides:                     # up to what a request may raise the service's own rules
        #      deadline: 5m                 # default the service's own
        #      first: 10s                   # default the service's own, or overrides.deadline
        #      idle: 10s                    # default the service's own, or overrides.deadline
        #      count: 100000                # default the service's own, or its max_replies
        #    cancel: '{"cancel":true}'      # default none; sent once when the client no longer waits
        #    max_exchanges: 1000            # default limits.max_exchanges
        #    retry_after: 1s                # default; the Retry-After of its 503
        #    socket:
        #      send_high_water_mark: 1000   # default 1000; router: 16; dealer, rep: 2 x max_exchanges_per_address
        #      receive_high_water_mark: 1000 # default 1000; router: 16, fewer if large
        #      heartbeat_interval: 1s       # default; ZMTP pings; 0: none, so frozen workers are not noticed
        #      heartbeat_timeout: 3s        # default three intervals
        #      reconnect_interval: 100ms    # default
        #      reconnect_interval_max: 5s   # default
        #      tcp_keepalive: system        # default; system, on or off; also _idle and _interval (5s), _count (3)
        #      queue_while_down: false      # default; true: without a worker, requests wait and run later
        #      connect_timeout: 0           # default; 0: the system's
        #      max_reply_bytes: 16MiB       # default; of a worker's frame; above: its connection is closed
        #      linger: 0s                   # default; how long a closed socket goes on sending
        #      ipv6: true                   # default; IPv4 works either way
        #  hello:                           # a plain REP server, or several behind a proxy
        #    peer: rep                      # required
        #    connect: tcp://127.0.0.1:5555  # required here, or bind
        #    body: text                     # default json
        #  pool:                            # workers that say when they are ready; longest ready is next
        #    peer: ready                    # required
        #    bind: tcp://127.0.0.1:5671     # required here
        #    dialect: bare                  # default; addressed or paranoid-pirate (frames: docs/workers.md)
        #    ready_carries_reply: true      # default; bare: false if the message after the work is not a reply
        #    capacity: 1                    # default; requests in one worker, 1 to 1000; above 1 not with bare
        #    queue:                         # waiting requests; above: 503 for the client that has the most
        #      max: 1000                    # default
        #      max_bytes: 16MiB             # default
        #      max_age: 30s                 # default
        #    retries: 0                     # default; 0 to 10; how often a request runs again if its worker dies
        #    handover: false                # default; true: a second worker of an identity replaces the first
        #    clients: tcp://127.0.0.1:5672  # default none; native DEALER and REQ clients; also for dealer and rep
        #  broker:                          # a Majordomo broker; the names of its workers are services
        #    peer: majordomo                # required
        #    bind: tcp://127.0.0.1:5555     # required here
        #    heartbeat:                     # also for dialect paranoid-pirate
        #      interval: 2500ms             # default 2500ms; paranoid-pirate: 1s
        #      liveness: 3                  # default; a worker is lost after this many intervals of silence
        #    queue:
        #      max: 100000                  # default; for each name
        #    allow: [echo, math.*]          # default any; names that workers may register
        #  math.add:                        # a service of an existing Majordomo broker
        #    peer: majordomo                # required
        #    connect: tcp://127.0.0.1:5554  # required here
        #    service: add                   # default the name here; its name at the broker
        #    version: "0.1"                 # default; 0.1 or 0.2
        #  prices:                          # existing publishers; the gateway subscribes for its clients
        #    peer: publisher                # required
        #    connect: [tcp://127.0.0.1:5556] # required here, or bind: the publishers connect to the gateway
        #    frames: topic_body             # default; two frames; single: one frame that begins with the topic
        #    cache: 0                       # default; last messages kept for new subscribers, one a topic, to 100000
        #    max_topics: 1000               # default; topics of all clients together, to 1000000; above: 503

        # Routes: more paths that lead to a service. Every exposed service also has POST /v1/services/NAME.
        routes: []
        #routes:
        #  - match: "GET /orders/{id}"      # required; a method or *, and a path; {name}: a segment, {name...}: the rest
        #    service: jobs                  # required
        #    request: envelope              # default; or body
        #    reply: envelope                # default the service's; or body
        #    headers: [accept-language]     # default the service's; header fields in the envelope
        #    replies:                       # rules that differ from the service's; not final, error or keepalive
        #      deadline: 10s                # default the service's; also first, idle, idle_means, count, max_*
        #  - match: POST /echo              # required
        #    service: broker                # required
        #    registered: echo               # required for a Majordomo broker; one of its names

        """
}
