"""Without a descriptor left: nothing ends the process, nothing spins, and all is well again when the crowd has gone."""
import contextlib
import ctypes
import errno
import mmap
import socket
import subprocess
import time

import pytest
import zmq
from harness import ROOT
from scripted import echo
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

LIBRARY = ROOT / "out/tests/faults.so"
EVERYTHING = 63


class Page(ctypes.Structure):
    """The settings for Tests/Faults/faults.c."""
    _fields_ = [(name, ctypes.c_int64) for name in ("at", "code", "kinds", "counted", "failed")]


class Faults:
    """Orders for the library that makes calls fail."""

    def __init__(self, path):
        path.write_bytes(bytes(4096))
        self.file = open(path, "r+b")
        self.page = Page.from_buffer(mmap.mmap(self.file.fileno(), 4096))
        self.environment = {"LD_PRELOAD": str(LIBRARY), "FAULTS_PAGE": str(path)}

    def arm(self, at, code, kinds=EVERYTHING):
        self.page.counted = self.page.failed = 0
        self.page.code, self.page.kinds, self.page.at = code, kinds, at

    def disarm(self):
        """How many calls have failed."""
        self.page.at = 0
        return self.page.failed


@pytest.fixture(scope="session")
def library():
    subprocess.run(["make", "-s", "out/tests/faults.so"], cwd=ROOT, check=True)


@pytest.fixture
def limited(start, endpoint, tmp_path, scripted):
    """limited(descriptors) starts a gateway under `ulimit -n` with a service of each kind that opens descriptors."""
    def make(descriptors=None, environment=None, **settings):
        router, dealer = endpoint(), "tcp://127.0.0.1:*"
        services = {
            "r": {"peer": "router", "connect": router, "replies": {"count": 1, "deadline": "5s"}},
            "d": {"peer": "dealer", "bind": dealer, "replies": {"count": 1, "deadline": "5s"}},
        }
        gateway = start.gateway(services, tmp_path, reactors=1, descriptors=descriptors, environment=environment, **settings)
        where = bound_to(gateway, "service d")
        gateway.worker_port = int(where.rsplit(":", 1)[1])
        scripted(zmq.ROUTER, echo, bind=router)
        scripted(zmq.DEALER, echo, connect=where)
        for name in services:
            gateway.ready(name)
        return gateway
    return make


def bound_to(gateway, name):
    """The endpoint that the log says service `name` is bound to."""
    said = f"{name} is bound to "
    gateway.until(lambda: any(said in line for line in list(gateway.errors)))
    return next(line for line in gateway.errors if said in line).split(said)[1].split()[0]


def works(gateway):
    return all(gateway.post(name, 7).status_code == 200 for name in ("r", "d"))


def is_calm(gateway, seconds=1.0):
    """It does not spin."""
    before, begun = gateway.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return gateway.cpu_seconds() - before < (time.monotonic() - begun) * 0.5


def try_everything(gateway, worker_port):
    """Opens one of each; what fails, fails."""
    try:
        with connect(gateway.url.replace("http", "ws") + "/v1/services/r", open_timeout=2) as client:
            client.send("1")
            client.recv(2)
    except (WebSocketException, OSError, EOFError, AssertionError):
        pass  # The library itself asserts something when a connection ends in the middle of its handshake.
    for path in ("/v1/services/r", "/v1/services/d"):
        try:
            gateway.post(path.rsplit("/", 1)[1], 1, timeout=2)
        except OSError:
            pass
    context = zmq.Context()
    worker = context.socket(zmq.DEALER)
    worker.connect(f"tcp://127.0.0.1:{worker_port}")
    time.sleep(0.02)
    context.destroy(linger=0)


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENOMEM])
def test_any_call_that_opens_a_descriptor_may_fail(library, limited, tmp_path, code):
    faults = Faults(tmp_path / "faults")
    gateway = limited(environment=faults.environment)
    worker_port = gateway.worker_port
    for call in range(1, 100):
        faults.arm(call, code)
        try_everything(gateway, worker_port)
        failed = faults.disarm()
        assert gateway.process.poll() is None, f"call {call} ended it: {gateway.errors[-5:]}"
        gateway.until(lambda: works(gateway))
        if not failed:
            break
    assert call > 8, "some calls failed"
    assert failed == 0, "every call failed once"


def test_when_nothing_can_be_accepted_nothing_spins(library, limited, tmp_path):
    faults = Faults(tmp_path / "faults")
    gateway = limited(environment=faults.environment)
    faults.arm(-1, errno.EMFILE)
    held = [socket.create_connection(("127.0.0.1", port), 5) for port in (gateway.port, gateway.worker_port) for _ in range(3)]
    time.sleep(0.5)
    before = gateway.memory()
    assert is_calm(gateway)
    assert gateway.memory() - before < 32 << 20
    faults.disarm()
    for connection in held:
        connection.close()
    gateway.until(lambda: works(gateway), timeout=20)


def test_at_the_limit_of_descriptors_it_lives_and_serves_again(limited):
    gateway = limited(256)
    before = gateway.descriptors()
    held = []

    def handshake(path):
        raw = socket.create_connection(("127.0.0.1", gateway.port), 5)
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        held.append(raw)
        return raw

    def stream():
        raw = socket.create_connection(("127.0.0.1", gateway.port), 5)
        raw.sendall(b"POST /v1/services/r?first=5s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                    b"Content-Length: 1\r\n\r\n1")
        held.append(raw)

    for number in range(400):
        handshake("/v1/services/r" if number % 2 else "/v1/services/d")
        if number % 8 == 0:
            stream()
        if number % 2 == 0:
            with contextlib.suppress(ConnectionRefusedError):  # It may be closed for a second.
                held.append(socket.create_connection(("127.0.0.1", gateway.worker_port), 5))
        assert gateway.process.poll() is None, (number, gateway.errors[-5:])
    heads = []
    for raw in held[:50]:
        raw.settimeout(5)
        try:
            heads.append(raw.recv(12))
        except OSError:
            heads.append(b"")
    assert b"HTTP/1.1 101" in heads
    # No client hangs: a newcomer is served, refused, or closed at once; a probe is answered.
    begun = time.monotonic()
    assert gateway.get("/healthz").status_code == 200
    assert time.monotonic() - begun < 3
    assert is_calm(gateway)
    assert gateway.descriptors() < 256
    for raw in held:
        raw.close()
    gateway.until(lambda: works(gateway), timeout=20)
    gateway.until(lambda: gateway.descriptors() < before + 60, timeout=20)


def test_a_crowd_at_a_worker_port_is_bounded_and_keeps_no_worker_out(start, tmp_path):
    service = {"peer": "ready", "bind": "tcp://127.0.0.1:*", "dialect": "bare", "replies": {"count": 1, "deadline": "5s"}}
    gateway = start.gateway({"p": service}, tmp_path, reactors=1, limits={"max_peers": 50})
    where = bound_to(gateway, "p")
    port = int(where.rsplit(":", 1)[1])
    before = gateway.descriptors()
    crowd = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(1000)]
    gateway.until(lambda: gateway.metric("zmq_gateway_peers_refused_total") >= 900)
    gateway.until(lambda: gateway.descriptors() <= before + 60)
    assert gateway.metric("zmq_gateway_peers") <= 50
    assert "max_peers" in gateway.get("/readyz").json()["services"]["p"]["trouble"]
    context = zmq.Context()
    late = context.socket(zmq.REQ)
    late.connect(where)
    late.send(b"READY")
    gateway.ready("p")
    more = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(200)]
    gateway.until(lambda: gateway.metric("zmq_gateway_peers_refused_total") >= 1100)
    assert gateway.get("/readyz").json()["services"]["p"]["workers"] == 1, "the worker, which speaks, was not closed"
    context.destroy(linger=0)
    for connection in crowd + more:
        connection.close()
