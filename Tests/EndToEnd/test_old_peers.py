"""Peers of ZMTP 2.0 (JeroMQ 0.3, of Debian's libjeromq-java), and of 3.0 without heartbeats: ready and served as any other."""
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from harness import Process, free_tcp_endpoint

JAR = Path("/usr/share/java/jeromq.jar")
SOURCE = Path(__file__).parent / "java/OldPeer.java"
# Short, so that a peer that is dropped for a ping, or for a handshake that it does not have, is dropped within a test.
HEARTBEATS = {"heartbeat_interval": "300ms", "heartbeat_timeout": "600ms", "reconnect_interval": "50ms"}


@pytest.fixture(scope="session")
def classes(tmp_path_factory):
    if shutil.which("javac") is None or not JAR.exists():
        pytest.skip("no JDK and no JeroMQ here")
    folder = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-nowarn", "-cp", JAR, "-d", folder, SOURCE], check=True, capture_output=True, timeout=120)
    return folder


@pytest.fixture
def old(classes):
    """old("router", "bind", endpoint) starts a peer in Java."""
    running = []

    def start(*arguments):
        command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{classes}:{JAR}", "OldPeer", *arguments]
        running.append(Process(command))
        running[-1].line("bound ", timeout=60)
        return running[-1]
    yield start
    for process in running:
        process.kill()


def trouble(gateway):
    return gateway.get("/readyz").json()["services"]["s"].get("trouble")


def stays(gateway, seconds):
    """The service is ready all the time, and nothing is wrong with it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert gateway.get("/readyz").json() == {
            "ready": True, "draining": False, "services": {"s": {"ready": True, "workers": 1}}}
        time.sleep(0.05)


@pytest.mark.parametrize("peer", ["router", "rep"])
def test_a_server_of_zmtp_2_is_ready_and_serves(start, old, tmp_path, peer):
    there = free_tcp_endpoint()
    service = {"peer": peer, "connect": there, "socket": HEARTBEATS, "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    worker = old(peer, "bind", there)
    gateway.ready("s")
    assert [gateway.post("s", number).json() for number in range(5)] == list(range(5))
    stays(gateway, 2)
    assert [gateway.post("s", number).json() for number in range(5)] == list(range(5))
    worker.kill()
    gateway.ready("s", False)
    assert gateway.post("s", 1).json()["code"] == "no_worker"


@pytest.mark.parametrize("way", ["connect", "bind"])
def test_a_publisher_of_zmtp_2_is_ready_and_heard(start, old, tmp_path, way):
    there = free_tcp_endpoint()
    gateway = start.gateway({"s": {"peer": "publisher", way: there, "socket": HEARTBEATS}}, tmp_path, reactors=1)
    publisher = old("pub", "bind" if way == "connect" else "connect", there)
    gateway.ready("s")
    stays(gateway, 1)
    lines = []

    def listen():
        with socket.create_connection(("127.0.0.1", gateway.port), 10) as client:
            client.sendall(b"GET /v1/services/s?topic=news. HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n")
            for line in client.makefile("rb"):
                lines.append(line)
                if b"news." in line:
                    return
    listener = threading.Thread(target=listen)
    listener.start()
    listener.join(10)
    assert b"news." in lines[-1], lines
    publisher.kill()
    gateway.ready("s", False)


def test_workers_of_zmtp_2_are_ready_and_stay(start, old, tmp_path):
    there = free_tcp_endpoint()
    service = {"peer": "ready", "bind": there, "dialect": "bare", "socket": HEARTBEATS}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    worker = old("req", "connect", there)
    gateway.ready("s")
    stays(gateway, 3)  # Longer than a new peer may take to say what it is.
    assert [gateway.post("s", number).json() for number in range(5)] == list(range(5))
    worker.kill()
    gateway.ready("s", False)


def read(stream, count):
    data = b""
    while len(data) < count:
        piece = stream.recv(count - len(data))
        if not piece:
            raise ConnectionError
        data += piece
    return data


class PingDeafRouter(threading.Thread):
    """A ROUTER of ZMTP 3.0 that does not know the command PING: it answers each message with the same one."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.pings = 0
        self.start()

    def run(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, stream):
        try:
            stream.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + b"\x00" + bytes(31))
            read(stream, 64)
            ready = b"\x05READY\x0bSocket-Type" + len(b"ROUTER").to_bytes(4, "big") + b"ROUTER"
            stream.sendall(bytes([4, len(ready)]) + ready)
            while True:
                flags, = read(stream, 1)
                size = int.from_bytes(read(stream, 8 if flags & 2 else 1), "big")
                frame = read(stream, size)
                if flags & 4:
                    self.pings += b"PING" in frame
                else:
                    stream.sendall(bytes([flags & 1, size]) + frame)
        except OSError:
            stream.close()


def test_a_peer_that_does_not_answer_pings_is_no_longer_pinged(start, tmp_path):
    deaf = PingDeafRouter()
    service = {"peer": "dealer", "connect": deaf.endpoint, "socket": HEARTBEATS, "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    gateway.until(lambda: any("does not answer ZMTP pings" in line for line in gateway.errors), timeout=30)
    gateway.ready("s")
    pings = deaf.pings
    assert pings > 0
    stays(gateway, 2)
    assert deaf.pings == pings
    assert gateway.post("s", 7).json() == 7
    deaf.listener.close()
