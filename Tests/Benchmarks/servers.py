"""What is measured: each server with its worker, started once, on loopback, on ports and paths of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

from harness import BINARY, ROOT, Process

EXAMPLES = ROOT / "out/examples"
BENCHMARKS = ROOT / "out/benchmarks"
PEERS = Path(__file__).parent / "peers"


class Skipped(Exception):
    """A server that cannot be measured here, and why."""


class Server:
    """A running server: where it is, and what it has used."""

    def __init__(self, process, url, is_echo=True):
        self.process, self.url, self.is_echo = process, url, is_echo
        self.port = int(url.rsplit(":", 1)[1])

    def memory(self):
        return self.process.memory()

    def cpu_seconds(self):
        return self.process.cpu_seconds()


class Servers:
    """Starts each server when it is first asked for, and ends all of them."""

    def __init__(self, folder):
        self.folder = folder
        self.running, self.processes = {}, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()

    def get(self, name):
        if name not in self.running:
            self.running[name] = getattr(self, name)()
        return self.running[name]

    def warm_up(self, run):
        for server in self.running.values():
            if server.is_echo:
                run(server)

    def start(self, *arguments):
        self.processes.append(Process(arguments))
        return self.processes[-1]

    def listening(self, *arguments):
        """Starts a server that says where it listens."""
        process = self.start(*arguments)
        return Server(process, process.line("listening on ").removeprefix("listening on "))

    def hello(self):
        program = Path(BINARY).with_name("bench-hello")
        if not program.exists():
            raise Skipped(f"{program} is not built")
        return self.listening(program)

    def router(self):
        """Each exchange with an identity of its own: the default."""
        return self.before_router(self.endpoint())

    def router_reuse(self):
        return self.before_router(self.endpoint(), spare=128, reuse=True)

    def router_ipc(self):
        return self.before_router(f"ipc://{self.folder}/router")

    def before_router(self, endpoint, **identities):
        bound = self.start(EXAMPLES / "echo_worker", "router", "bind", endpoint).line("bound ").split()[1]
        return self.gateway({"peer": "router", "connect": bound, "identities": identities})

    def bare_identities(self, endpoint):
        """The echo that a bare client meets: what is measured is the client."""
        echo = self.start(EXAMPLES / "echo_worker", "router", "bind", endpoint)
        server = Server(echo, "http://none:0", is_echo=False)
        server.native = echo.line("bound ").split()[1]
        return server

    def bare_tcp(self):
        return self.bare_identities(self.endpoint())

    def bare_ipc(self):
        return self.bare_identities(f"ipc://{self.folder}/bare")

    def dealer(self):
        return self.behind_bind("dealer", "echo_worker", "dealer", "connect")

    def dealer_ipc(self):
        """The same without TCP between gateway and worker."""
        return self.behind_bind("dealer", "echo_worker", "dealer", "connect", endpoint=f"ipc://{self.folder}/dealer")

    def dealer_logged(self):
        """The same with the access log, as it is by default, into a file."""
        return self.behind_bind("dealer", "echo_worker", "dealer", "connect", log=self.folder / "access.log")

    def dealer_two_reactors(self):
        return self.behind_bind("dealer", "echo_worker", "dealer", "connect", reactors=2)

    def dealer_all_reactors(self):
        """As many reactors as there are cores, which is the default."""
        if os.cpu_count() <= 2:
            raise Skipped("there are two cores: the row of two reactors is the same")
        return self.behind_bind("dealer", "echo_worker", "dealer", "connect", reactors=0)

    def dealers(self):
        """Ten workers, for comparison with pools."""
        endpoint = self.endpoint()
        server = self.gateway({"peer": "dealer", "bind": endpoint})
        for _ in range(10):
            self.start(EXAMPLES / "echo_worker", "dealer", "connect", endpoint).line("bound ")
        return server

    def rep(self):
        return self.behind_bind("rep", "echo_worker", "dealer", "connect")

    def sessions(self):
        return self.behind_bind("dealer", "echo_worker", "dealer", "connect", name="echo")

    def fanout(self):
        endpoint = self.endpoint()
        server = self.gateway({"peer": "dealer", "bind": endpoint})
        self.start(BENCHMARKS / "fanout_worker", endpoint, "6").line("bound ")
        server.is_echo = False
        return server

    def idle(self):
        server = self.sessions()
        server.is_echo = False
        return server

    busy = idle

    def bare(self):
        server = self.listening(BENCHMARKS / "bare_sessions")
        server.is_echo = False
        return server

    def flood(self):
        server = self.behind_bind("dealer", "flood_worker", name="flood", replies={"final": {"pointer": "/done", "equals": True}})
        server.is_echo = False
        return server

    def ready(self, workers, dialect="bare", **settings):
        """A pool of so many workers that say when they are ready."""
        endpoint = self.endpoint()
        server = self.gateway({"peer": "ready", "bind": endpoint, "dialect": dialect, **settings})
        self.crew(dialect, workers, endpoint)
        return server

    def ready1(self):
        return self.ready(1)

    def ready10(self):
        return self.ready(10)

    def ready100(self):
        return self.ready(100)

    def places(self):
        return self.ready(1, "addressed", capacity=64)

    def majordomo(self):
        endpoint = self.endpoint()
        server = self.gateway({"peer": "majordomo", "bind": endpoint}, "hub", {"deadline": "30s"})
        self.crew("majordomo", 10, endpoint)
        server.native = endpoint
        return server

    def native(self):
        clients, workers = self.endpoint(), self.endpoint()
        server = self.gateway({"peer": "dealer", "bind": workers, "clients": clients})
        self.start(EXAMPLES / "echo_worker", "dealer", "connect", workers).line("bound ")
        server.native = clients
        return server

    def proxy(self):
        clients, workers = self.endpoint(), self.endpoint()
        process = self.start(BENCHMARKS / "proxy", clients, workers)
        process.line("bound ")
        self.start(EXAMPLES / "echo_worker", "dealer", "connect", workers).line("bound ")
        server = Server(process, "http://none:0", is_echo=False)
        server.native = clients
        return server

    def crew(self, dialect, count, endpoint):
        for _ in range(count):
            self.start(EXAMPLES / "ready_worker", dialect, endpoint).line("bound ")

    def behind_bind(self, peer, worker, *arguments, endpoint=None, name="echo", **how):
        """A gateway that binds, and a worker that connects to it."""
        endpoint = endpoint or self.endpoint()
        server = self.gateway({"peer": peer, "bind": endpoint}, name, **how)
        self.start(EXAMPLES / worker, *arguments, endpoint).line("bound ")
        return server

    def gateway(self, service, name="echo", replies=None, reactors=1, log=None):
        """A gateway with one service; with the access log in the file `log`, if there is one."""
        configuration = {
            "listen": "127.0.0.1:0", "public": "off", "reactors": reactors,
            "log": {"access": "on" if log else "off", "level": "warning"},
            "limits": {"max_body_bytes": "2MiB", "max_connections_per_address": 10000, "max_exchanges_per_address": 10000},
            "sessions": {"max_per_address": 10000},
            "services": {name: {"replies": replies or {"count": 1}, **service}}}
        file = self.folder / f"{uuid.uuid4()}.yaml"
        # On and off are words of YAML, not texts.
        file.write_text(json.dumps(configuration).replace('"off"', "off").replace('"on"', "on"))
        if log:
            return self.listening("sh", "-c", f'exec "{BINARY}" serve --config "{file}" 2>"{log}"')
        return self.listening(BINARY, "serve", "--config", file)

    def aiohttp(self):
        endpoint = self.endpoint()
        server = self.listening(sys.executable, PEERS / "aiohttp_gateway.py", endpoint)
        self.start(EXAMPLES / "echo_worker", "dealer", "connect", endpoint).line("bound ")
        return server

    def mongrel2(self):
        for program in ("mongrel2", "m2sh"):
            if not shutil.which(program):
                raise Skipped(f"{program} is not installed: apt-get install mongrel2-core")
        home = self.folder / "mongrel2"
        for folder in ("run", "logs", "tmp"):
            (home / folder).mkdir(parents=True)
        push, publish, port = (free_port() for _ in range(3))
        identity = uuid.uuid4()
        (home / "mongrel2.conf").write_text(MONGREL2.format(
            server=identity, sender=uuid.uuid4(), push=push, publish=publish, port=port))
        # m2sh says things on standard output that are no errors, and exits 0 only if the configuration is in the database.
        subprocess.run(["m2sh", "load", "-config", "mongrel2.conf", "-db", "config.sqlite"], cwd=home, check=True,
                       capture_output=True, timeout=30)
        server = Server(self.start("sh", "-c", f"cd {home} && exec mongrel2 config.sqlite {identity}"), f"http://127.0.0.1:{port}")
        self.start(BENCHMARKS / "mongrel2_handler", f"tcp://127.0.0.1:{push}", f"tcp://127.0.0.1:{publish}")
        wait_for_echo(port)
        return server

    def endpoint(self):
        """Where a service and its peers meet: TCP for all, as Mongrel2 and its handler do."""
        return f"tcp://127.0.0.1:{free_port()}"


MONGREL2 = """
echo = Handler(send_spec='tcp://127.0.0.1:{push}', send_ident='{sender}', recv_spec='tcp://127.0.0.1:{publish}', recv_ident='')
bench = Server(
    uuid='{server}', name='bench', bind_addr='127.0.0.1', port={port}, chroot='./', default_host='127.0.0.1',
    access_log='/logs/access.log', error_log='/logs/error.log', pid_file='/run/mongrel2.pid',
    hosts=[Host(name='127.0.0.1', routes={{'/': echo}})])
settings = {{'server.daemonize': 0, 'disable.access_logging': 1, 'zeromq.threads': 1}}
servers = [bench]
"""


def free_port():
    """A port that is free now; both sides must know it before one of them is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_echo(port, limit=20):
    """Until a request is answered. One that came before the handler's subscription is lost, so each try has its own."""
    request = b"POST /v1/services/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}"
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 0.5) as peer:
                peer.sendall(request)
                if peer.recv(4096).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            time.sleep(0.05)
    raise Skipped("mongrel2 does not answer")
