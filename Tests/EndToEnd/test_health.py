"""`zmq-gateway health`: 0 for a gateway that is well, 1 for anything else, within its time."""
import os
import socket
import subprocess
import threading
import time

import pytest

from harness import BINARY


def health(*arguments, **environment):
    """(exit status, what it said)."""
    ran = subprocess.run([BINARY, "health", *map(str, arguments)], capture_output=True, text=True, timeout=30,
                         env={**os.environ, **environment})
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def listener():
    """listener(answer) is an address where each connection gets these bytes, or silence."""
    sockets = []

    def make(answer=None):
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def serve():
            client, _ = server.accept()
            client.recv(4096)
            client.sendall(answer)
            client.close()
        if answer is not None:
            threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"
    yield make
    for one in sockets:
        one.close()


def test_a_gateway_that_serves_is_healthy_and_need_not_be_ready(start, endpoint, tmp_path):
    gateway = start.gateway({"s": {"peer": "rep", "connect": endpoint()}}, tmp_path)
    assert health(gateway.url) == (0, f"healthy: 127.0.0.1:{gateway.port} /healthz\n")
    status, said = health(f"{gateway.url}/readyz")
    assert status == 1 and "503" in said


def test_a_unix_socket_is_found_by_file_environment_and_flag(start, tmp_path):
    start.gateway({}, tmp_path, listen=[f"unix:{tmp_path}/a.sock", "127.0.0.1:0"])
    path = tmp_path / "gateway.yaml"
    assert health("--config", path)[0] == 0
    assert health(ZMQ_GATEWAY_CONFIG=str(path))[0] == 0
    assert health(ZMQ_GATEWAY_LISTEN=f"unix:{tmp_path}/a.sock")[0] == 0
    assert health("--listen", f"unix:{tmp_path}/a.sock")[0] == 0
    assert health("--config", path, "--listen", f"unix:{tmp_path}/none.sock")[0] == 1


def test_nothing_that_listens_is_not_healthy(listener):
    free = listener()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    status, said = health(f"127.0.0.1:{port}")
    assert status == 1 and "Connection refused" in said
    begun = time.monotonic()
    status, said = health(free, "--timeout", "200ms")
    assert status == 1 and "in time" in said
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("answer, words", [
    (b"", "without a response"), (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "503"), (b"220 mail.example ESMTP\r\n", "not speak HTTP")])
def test_another_answer_is_not_healthy(listener, answer, words):
    status, said = health(listener(answer))
    assert status == 1 and words in said


def test_a_mistake_is_told_from_an_illness():
    assert health("https://gateway")[0] == 64
    assert health("--timeout", "soon")[0] == 64
    status, said = health("--listen", "127.0.0.1:0")
    assert status == 1 and "pass its address" in said
