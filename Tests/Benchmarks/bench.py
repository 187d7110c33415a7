"""Prints one table: the cost of a request here, and elsewhere for the same work.

    make bench                                   all rows, three rounds, about four minutes
    make bench BENCH_ARGS="--rounds 1 --seconds 2 --only small"

small    64 connections post a small JSON and get it back from the same C echo worker: through the gateway (one reactor)
         to each kind of peer, through Mongrel2 to a C handler, and through aiohttp and pyzmq, all over TCP. `hello` is the
         upper bound: libmicrohttpd in our reactor, without a worker. `dealer` is also measured over ipc, with the access
         log on (the default), with two reactors, and with one a core, where most requests change reactors.
fresh    an identity for each exchange with a ROUTER: the default of `peer: router`, compared with a bare C client that does
         nothing else, in three ways: a socket for each, one socket that reconnects (as the gateway does), one ROUTER with
         a connection for each. CPU is the client's, without the worker's.
streams  one client receives 100,000 replies, and 1,000 clients receive 100 each.
sessions WebSocket sessions echo small messages, each with a window of them in flight: the gateway, and aiohttp and pyzmq.
         Also the memory of a session, idle and busy, without the kernel's part, and unsolicited messages to 1,000
         sessions. `bare` is an echo in C of epoll_wait, recv and send: the kernel's part of a message.
pools    the small requests again, through workers that say when they are ready: 1, 10 and 100 of them, one that takes 64
         requests at a time, and ten Majordomo workers; for comparison, ten workers that do not say so.
native   8 native DEALER clients with 50 requests in flight each: through `clients:` and through zmq_proxy(3) to the same
         echo worker, and as Majordomo clients to ten Majordomo workers.
mixed    small requests, alone and while one more client posts bodies of 1 MiB as fast as it can.

Load, server and worker share this machine. Each round measures all rows in turn, so a slow minute affects all of them;
the table has medians. CPU is the server process's (user and system), per request or reply. A peer that is not installed
is left out, with a sentence.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("ZMQ_GATEWAY_BIN", str(ROOT / ".build/release/zmq-gateway"))
sys.path[:0] = [str(ROOT / "Tests/EndToEnd"), str(Path(__file__).parent)]
from harness import BINARY  # noqa: E402
from servers import Servers, Skipped  # noqa: E402

POST = ROOT / "Tests/Benchmarks/load/post.lua"
STREAM_LOAD = ROOT / "out/benchmarks/stream_load"
NATIVE_LOAD = ROOT / "out/benchmarks/native_load"
FRESH = ROOT / "out/benchmarks/fresh_identities"
SESSION_LOAD = ROOT / "out/benchmarks/session_load"
SESSIONS = [(1, 1), (1, 50), (64, 1), (64, 50), (100, 1), (1000, 1), (1000, 50), (8000, 1)]
NDJSON, SSE = "application/x-ndjson", "text/event-stream"
SMALL = [("hello", "hello"), ("router", "router"), ("router, reuse", "router_reuse"), ("dealer", "dealer"),
         ("dealer, access log", "dealer_logged"),
         ("dealer, 2 reactors", "dealer_two_reactors"), ("dealer, all reactors", "dealer_all_reactors"), ("dealer, ipc", "dealer_ipc"),
         ("rep", "rep"), ("mongrel2", "mongrel2"), ("aiohttp", "aiohttp")]
BARE = [("bare, a socket each", "sockets"), ("bare, connected anew", "again"), ("bare, one ROUTER", "router")]
STREAMS = [("ndjson 1 x 100,000", NDJSON, 1, 100_000), ("sse 1 x 100,000", SSE, 1, 100_000),
           ("ndjson 1,000 x 100", NDJSON, 1000, 100), ("sse 1,000 x 100", SSE, 1000, 100)]
POOLS = [("dealer, 10 workers", "dealers"), ("ready, 1 worker", "ready1"), ("ready, 10 workers", "ready10"), ("ready, 100 workers", "ready100"),
         ("ready, 1 worker x 64", "places"), ("majordomo, 10 workers", "majordomo")]
NATIVE = [("clients of dealer", "native", "plain"), ("zmq_proxy", "proxy", "plain"),
          ("clients of majordomo", "majordomo", "majordomo")]
RATIOS = [("small", "dealer", "small", "hello"), ("small", "dealer", "small", "mongrel2"), ("small", "dealer", "small", "aiohttp"),
          ("small", "dealer, access log", "small", "dealer"), ("small", "dealer, access log", "small", "mongrel2"),
          ("small", "dealer, 2 reactors", "small", "dealer"), ("small", "dealer, ipc", "small", "dealer"),
          ("small", "router", "small", "dealer"), ("small", "router, reuse", "small", "dealer"),
          ("fresh", "router, tcp", "fresh", "bare, a socket each, tcp"), ("fresh", "router, tcp", "fresh", "bare, connected anew, tcp"),
          ("fresh", "router, tcp", "fresh", "bare, one ROUTER, tcp"), ("fresh", "router, ipc", "fresh", "bare, connected anew, ipc"),
          ("small", "rep", "small", "dealer"),
          ("sessions", "8,000 sessions, window 1", "sessions", "100 sessions, window 1"),
          ("sessions", "bare, 8,000, window 1", "sessions", "bare, 100, window 1"),
          ("pools", "ready, 10 workers", "pools", "dealer, 10 workers"), ("pools", "ready, 1 worker x 64", "small", "dealer"),
          ("pools", "majordomo, 10 workers", "pools", "dealer, 10 workers"), ("native", "clients of dealer", "native", "zmq_proxy")]


KINDS = ["small", "fresh", "streams", "sessions", "pools", "native", "mixed"]


def wrk(server, connections, seconds, body_bytes=None):
    """Starts wrk against a server's echo."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(POST),
               server.url + "/v1/services/echo", "--"] + ([str(body_bytes)] if body_bytes else [])
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def figures_of(load, limit):
    """What wrk said at its end; a run with an error is no measurement."""
    try:
        output = load.communicate(timeout=limit)[0]
    finally:
        load.kill()
    lines = [line for line in output.splitlines() if line.startswith("FIGURES ")]
    if not lines:
        raise SystemExit(f"wrk failed:\n{output}")
    figures = json.loads(lines[0].removeprefix("FIGURES "))
    if figures["errors"] or not figures["requests"]:
        raise SystemExit(f"{load.args[7]}: wrk saw {figures['errors']} errors in {figures['requests']} requests:\n{output}")
    return figures


def small(server, connections, seconds, big=False):
    """One run of small requests; `big` sends large ones along, which are not in the figures."""
    disturbance = wrk(server, 1, seconds + 1, body_bytes=1 << 20) if big else None
    cpu = server.cpu_seconds()
    figures = figures_of(wrk(server, connections, seconds), seconds + 30)
    cpu = server.cpu_seconds() - cpu
    others = figures_of(disturbance, seconds + 30)["requests"] if disturbance else 0
    requests = figures["requests"]
    return {"rate": requests / figures["seconds"], "p50": figures["p50_us"] / 1000, "p99": figures["p99_us"] / 1000,
            "cpu": None if big else cpu / requests * 1e6, "rss": server.memory() / 2**20, "big": others}


def stream(server, accept, clients, replies, limit=120):
    """One run of streams; each must be complete and have all its replies."""
    cpu = server.cpu_seconds()
    run = subprocess.run(
        [STREAM_LOAD, str(server.port), "/v1/services/flood", accept, str(replies), str(clients), str(replies), str(limit)],
        capture_output=True, text=True, timeout=limit + 30)
    if run.returncode != 0:
        raise SystemExit(f"a stream was not complete: {run.stdout}{run.stderr}")
    figures = json.loads(run.stdout)
    cpu = server.cpu_seconds() - cpu
    return {"rate": figures["replies"] / figures["seconds"], "p50": figures["first_p50"] * 1000,
            "p99": figures["first_p99"] * 1000, "cpu": cpu / figures["replies"] * 1e6, "rss": server.memory() / 2**20}


def sessions(server, count, window, seconds, *how):
    """One run of echoes over WebSocket sessions; the handshakes are not in it."""
    load = subprocess.Popen(
        [SESSION_LOAD, str(server.port), "/v1/services/echo", str(count), str(window), str(seconds), *how],
        stdout=subprocess.PIPE, text=True)
    try:
        load.stdout.readline()
        cpu = server.cpu_seconds()
        output = load.communicate(timeout=seconds + 120)[0]
    finally:
        load.kill()
    if load.returncode != 0:
        raise SystemExit("a session failed")
    figures = json.loads(output)
    cpu = server.cpu_seconds() - cpu
    return {"rate": figures["messages"] / figures["seconds"], "p50": None, "p99": None,
            "cpu": cpu / figures["messages"] * 1e6, "rss": server.memory() / 2**20}


def native(server, kind, seconds):
    """One run of native clients."""
    cpu = server.cpu_seconds()
    run = subprocess.run(
        [NATIVE_LOAD, kind, server.native, "8", "50", str(seconds)], capture_output=True, text=True, timeout=seconds + 30)
    if run.returncode != 0:
        raise SystemExit(f"a native client failed: {run.stderr}")
    figures = json.loads(run.stdout)
    cpu = server.cpu_seconds() - cpu
    return {"rate": figures["requests"] / figures["seconds"], "p50": None, "p99": None, "cpu": cpu / figures["requests"] * 1e6,
            "rss": server.memory() / 2**20}


def fresh(server, way, count, seconds):
    """One run of a bare client with an identity for each exchange."""
    run = subprocess.run(
        [FRESH, way, server.native, str(count), str(seconds)], capture_output=True, text=True, timeout=seconds + 30)
    if run.returncode != 0:
        raise SystemExit(f"a bare client failed: {run.stderr}")
    figures = json.loads(run.stdout)
    return {"rate": figures["requests"] / figures["seconds"], "p50": None, "p99": None, "cpu": figures["cpu_us"],
            "rss": server.memory() / 2**20}


def idle(server, count):
    """What a session holds while nothing happens, bytes in place of a rate."""
    before = server.memory()
    holder = subprocess.Popen(
        [SESSION_LOAD, str(server.port), "/v1/services/echo", str(count), "0", "0"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    try:
        if holder.stdout.readline() != "open\n":
            raise SystemExit("the idle sessions could not be opened")
        each = (server.memory() - before) / count
    finally:
        holder.stdin.close()
        holder.wait(30)
    return {"rate": each, "p50": None, "p99": None, "cpu": None, "rss": server.memory() / 2**20}


def busy(server, count, window):
    """What a session holds while its window is under way, bytes in place of a rate."""
    before = server.memory()
    load = subprocess.Popen(
        [SESSION_LOAD, str(server.port), "/v1/services/echo", str(count), str(window), "2"], stdout=subprocess.PIPE, text=True)
    try:
        load.stdout.readline()
        most = 0
        while load.poll() is None:
            most = max(most, server.memory())
            time.sleep(0.02)
    finally:
        load.kill()
    return {"rate": (most - before) / count, "p50": None, "p99": None, "cpu": None, "rss": most / 2**20}


def plan(servers, options):
    """The rows: (section, name, how to run it once)."""
    rows = []

    def add(section, name, server, run):
        try:
            there = servers.get(server)
            rows.append((section, name, lambda: run(there)))
        except Skipped as reason:
            print(f"left out: {name}: {reason}", file=sys.stderr)
    if "small" in options.only:
        for name, server in SMALL:
            add("small", name, server, lambda there: small(there, options.connections, options.seconds))
    if "fresh" in options.only:
        for transport, server in (("tcp", "router"), ("ipc", "router_ipc")):
            add("fresh", f"router, {transport}", server, lambda there: small(there, options.connections, options.seconds))
            for name, way in BARE:
                if (way, transport) != ("router", "ipc"):  # libzmq tells connections to one ipc path apart by nothing.
                    add("fresh", f"{name}, {transport}", f"bare_{transport}",
                        lambda there, way=way: fresh(there, way, options.connections, options.seconds))
    if "streams" in options.only:
        for name, accept, clients, replies in STREAMS:
            add("streams", name, "flood",
                lambda there, accept=accept, clients=clients, replies=replies: stream(there, accept, clients, replies))
    if "sessions" in options.only:
        add("sessions", "bytes an idle session (8,000)", "idle", lambda there: idle(there, 8000))
        add("sessions", "unsolicited, 1,000 sessions", "fanout",
            lambda there: sessions(there, 1000, 1, min(options.seconds, 4), "listen"))
        # The worker of that row goes on for some seconds: nothing is measured beside it.
        add("sessions", "bytes a busy session (1,000 x 50)", "busy", lambda there: time.sleep(7) or busy(there, 1000, 50))
        for count, window in SESSIONS:
            add("sessions", f"{count:,} sessions, window {window}", "sessions",
                lambda there, count=count, window=window: sessions(there, count, window, options.seconds))
        for count in (100, 8000):
            add("sessions", f"bare, {count:,}, window 1", "bare", lambda there, count=count: sessions(there, count, 1, options.seconds))
        add("sessions", "aiohttp, 64, window 50", "aiohttp", lambda there: sessions(there, 64, 50, options.seconds))
    if "pools" in options.only:
        for name, server in POOLS:
            add("pools", name, server, lambda there: small(there, options.connections, options.seconds))
    if "native" in options.only:
        for name, server, kind in NATIVE:
            add("native", name, server, lambda there, kind=kind: native(there, kind, options.seconds))
    if "mixed" in options.only:
        add("mixed", "small alone, 8 clients", "dealer", lambda there: small(there, 8, options.seconds))
        add("mixed", "small beside 1 MiB bodies", "dealer", lambda there: small(there, 8, options.seconds, big=True))
    return rows


def tell(text):
    """What is going on, for somebody who watches."""
    if sys.stderr.isatty():
        print(f"{text:<60}", end="\r", file=sys.stderr, flush=True)


def measure(rows, rounds):
    """{(section, name): medians of the figures}."""
    runs = {}
    for number in range(rounds):
        for section, name, run in rows:
            tell(f"round {number + 1} of {rounds}: {name}")
            runs.setdefault((section, name), []).append(run())
    tell("")
    return {row: {key: None if each[0][key] is None else statistics.median(one[key] for one in each) for key in each[0]}
            for row, each in runs.items()}


def table(result):
    def cell(value, form):
        return "-" if value is None else format(value, form)
    lines = [f"{'':<28}{'per second':>12}{'p50 ms':>10}{'p99 ms':>10}{'CPU us each':>13}{'RSS MiB':>10}"]
    for section, about in [("small", "requests"), ("fresh", "exchanges, each with an identity of its own"),
                           ("streams", "replies; p50 and p99 of the first one"),
                           ("sessions", "messages, or bytes of memory where the row says so"), ("pools", "requests"), ("native", "requests"), ("mixed", "requests")]:
        rows = [(name, figures) for (where, name), figures in result.items() if where == section]
        if rows:
            lines.append(f"{section}: {about}")
        for name, figures in rows:
            lines.append(f"  {name:<26}{figures['rate']:>12,.0f}{cell(figures['p50'], '>10.2f'):>10}"
                         f"{cell(figures['p99'], '>10.2f'):>10}{cell(figures['cpu'], '>13.1f'):>13}{figures['rss']:>10.1f}")
            if figures.get("big"):
                lines.append(f"    (and {figures['big']:,.0f} bodies of 1 MiB)")
    return "\n".join(lines)


def ratios(result):
    lines = []
    for section, left, other_section, right in RATIOS:
        one, other = result.get((section, left)), result.get((other_section, right))
        if one and other:
            pair = f"{left} / {right}"
            lines.append(f"  {pair:<50}{one['rate'] / other['rate']:>8.2f} of its rate"
                         f"{one['cpu'] / other['cpu']:>8.2f} of its CPU")
    return "\n".join(["ratios"] + lines) if lines else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each run under wrk")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--json", metavar="FILE", help="writes the medians there too")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is needed: apt-get install wrk")
    if not Path(BINARY).exists():
        raise SystemExit(f"{BINARY} is not built: make release")
    print(f"{Path(BINARY).resolve()}: one reactor, {os.cpu_count()} cores, {options.connections} connections, "
          f"medians of {options.rounds} rounds of {options.seconds} s")
    with tempfile.TemporaryDirectory(prefix="zg-") as folder, Servers(Path(folder)) as servers:
        rows = plan(servers, options)
        servers.warm_up(lambda server: figures_of(wrk(server, 8, 1), 30))
        result = measure(rows, options.rounds)
    print(table(result))
    print(ratios(result))
    if options.json:
        flat = {f"{section}: {name}": figures for (section, name), figures in result.items()}
        Path(options.json).write_text(json.dumps(flat, indent=2) + "\n")


if __name__ == "__main__":
    main()
