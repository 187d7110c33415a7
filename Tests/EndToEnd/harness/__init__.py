"""The end-to-end harness: real processes on loopback, each wait with a limit, nothing left behind.

    process    a child process: its lines, its memory, its descriptors, its end
    gateway    the gateway with a configuration made for one test
    workers    the example workers, and workers whose answers a test writes itself
    client     curl, and readers for NDJSON and SSE
    metrics    the Prometheus text of /metrics
"""
