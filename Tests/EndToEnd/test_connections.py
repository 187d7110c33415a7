"""Connections as they come and go: one listener a port, room at the limit, and the queue of a listener that closes."""
import signal
import socket
import subprocess
import time

import pytest
import zmq
from harness import BINARY
from scripted import silent

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def read_to_end(connection):
    """All that comes until the other side closes; None where it resets."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        return None
    return received


@pytest.mark.parametrize("reactors", [1, 2])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "0.0.0.0"])
def test_a_second_gateway_on_the_same_port_is_refused(start, tmp_path, reactors, host):
    first = start.gateway({"s": {"peer": "dealer", "bind": f"ipc://{tmp_path}/s", "replies": {"count": 1}}}, tmp_path,
                          reactors=reactors, listen=f"{host}:0")
    path = tmp_path / "gateway.yaml"
    path.write_text(path.read_text().replace(f"{host}:0", f"{host}:{first.port}"))
    run = subprocess.run([BINARY, "serve", "--config", path], capture_output=True, text=True, timeout=20)
    assert run.returncode == 69, run.stderr
    assert f"cannot listen on {host}:{first.port}: " in run.stderr and "another gateway" in run.stderr
    address = "[::1]" if host == "[::1]" else "127.0.0.1"
    with socket.create_connection((address.strip("[]"), first.port), 5) as connection:
        connection.sendall(HEALTH)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    # The second one has not taken the first one's workers away either.
    worker = zmq.Context.instance().socket(zmq.DEALER)
    worker.connect(f"ipc://{tmp_path}/s")
    first.url = f"http://{address}:{first.port}"
    first.ready("s")
    worker.close(0)


@pytest.mark.parametrize("reactors", [1, 2])
def test_connections_that_wait_when_the_gateway_stops_are_answered(start, tmp_path, reactors):
    gateway = start.gateway({}, tmp_path, reactors=reactors)
    for _ in range(3):
        gateway.get("/healthz")
    gateway.process.send_signal(signal.SIGSTOP)
    waiting = [socket.create_connection(("127.0.0.1", gateway.port), 5) for _ in range(60)]
    for connection in waiting:
        connection.sendall(HEALTH)
    gateway.process.send_signal(signal.SIGTERM)
    gateway.process.send_signal(signal.SIGCONT)
    answers = [read_to_end(connection) for connection in waiting]
    assert [answer and answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 60
    assert gateway.process.wait(5) == 0


def test_at_the_limit_an_idle_connection_makes_room(start, tmp_path):
    gateway = start.gateway({}, tmp_path, reactors=1, limits={"max_connections": 5})
    held = []
    for _ in range(12):
        connection = socket.create_connection(("127.0.0.1", gateway.port), 5)
        connection.sendall(HEALTH)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        held.append(connection)
    assert [read_to_end(connection) for connection in held[:7]] == [b""] * 7
    held[-1].sendall(HEALTH)
    assert held[-1].recv(1000).startswith(b"HTTP/1.1 200")
    assert gateway.metric("zmq_gateway_connections_evicted_total") >= 7


def test_at_the_limit_probes_are_answered_and_others_refused_at_once(start, endpoint, tmp_path, scripted):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "30s"}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1, limits={"max_connections": 6})
    worker = scripted(zmq.DEALER, silent, connect=there)
    gateway.ready("s")
    post = b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1"
    busy = [socket.create_connection(("127.0.0.1", gateway.port), 5) for _ in range(6)]
    for connection in busy:
        connection.sendall(post)
    worker.wait_for_count(6)
    begun = time.monotonic()
    for _ in range(30):
        refused = gateway.post("s", 1)
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert gateway.get("/healthz").status_code == 200
        assert gateway.get("/readyz").status_code == 200
    # Connections that say nothing, more than there is room for.
    mute = [socket.create_connection(("127.0.0.1", gateway.port), 5) for _ in range(50)]
    assert gateway.get("/healthz").status_code == 200
    assert time.monotonic() - begun < 10, "no client hangs"
    for connection in mute:
        connection.close()
    worker.send([worker.seen[0][0], b"1"])
    gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_open", 'service="s"') == 5
                  if gateway.get("/metrics").ok else False)
    for connection in busy:
        connection.close()


def test_a_drain_reports_what_it_cut(start, endpoint, tmp_path, scripted):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "30s"}}
    gateway = start.gateway({"s": service}, tmp_path, timeouts={"drain": "300ms"})
    worker = scripted(zmq.DEALER, silent, connect=there)
    gateway.ready("s")
    busy = [socket.create_connection(("127.0.0.1", gateway.port), 5) for _ in range(2)]
    for connection in busy:
        connection.sendall(b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1")
    worker.wait_for_count(2)
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(5) == 0
    gateway.readers[1].join(5)
    assert any("stopped; cut 2 exchanges" in line for line in gateway.errors), gateway.errors


def test_a_drain_with_nothing_left_takes_no_time(start, tmp_path):
    gateway = start.gateway({}, tmp_path)
    idle = socket.create_connection(("127.0.0.1", gateway.port), 5)
    idle.sendall(HEALTH)
    assert idle.recv(1000)
    begun = time.monotonic()
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(5) == 0
    assert time.monotonic() - begun < 2
    gateway.readers[1].join(5)
    assert any("everything in flight finished" in line for line in gateway.errors)
