"""Memory has one bound for all that clients can make the gateway hold: who holds most lets go, and others are served on."""
import contextlib
import json
import re
import socket
import struct
import threading
import time

import pytest
import requests
import zmq
from scripted import echo

LIMIT = 32 << 20
# What is in no budget: libzmq's queues (24 identities of 8 messages of 64 KiB are 12 MiB), what one turn receives, and
# what the allocator keeps.
MARGIN = 64 << 20
BODY = b'"' + b"x" * 65_534 + b'"'


def flood_or_echo(frames, send):
    """Answers "flood" with a hundred replies of 64 KiB and no end, anything else with itself."""
    for body in [BODY] * 100 if frames[-1] == b'"flood"' else [frames[-1], b"0"]:
        send([*frames[:-1], body])


class Watch:
    """Looks at the gateway's memory and keeps asking as another client, which must be answered."""

    def __init__(self, gateway, ask=True):
        self.gateway, self.ask = gateway, ask
        self.before = self.most = gateway.memory()
        self.answers, self.bad, self.slowest = 0, [], 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(30)

    def _run(self):
        with requests.Session() as session:
            while not self._over.wait(0.01):
                self.most = max(self.most, self.gateway.memory())
                if not self.ask:
                    continue
                begun = time.monotonic()
                answer = session.post(f"{self.gateway.url}/v1/services/other", data="[1]", timeout=20)
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.answers += 1
                if answer.text.strip() != "[1]":
                    self.bad.append((answer.status_code, answer.text))

    def check(self):
        assert self.most < self.before + LIMIT + MARGIN, f"{(self.most - self.before) >> 20} MiB"
        assert self.answers > 0 and not self.bad, self.bad[:3]


def start_gateway(start, endpoint, tmp_path, scripted, peer, reactors, **settings):
    there = endpoint()
    way, other = ("connect", "bind") if peer == "router" else ("bind", "connect")
    service = {"peer": peer, way: there, "replies": {"final": {"pointer": "", "equals": 0, "deliver": "marker"}, "deadline": "60s"}}
    # A thousand replies of 64 KiB, the default, would be 62 MiB in libzmq.
    service["socket"] = {"receive_high_water_mark": 8}
    service.update(settings.pop("service", {}))
    settings.setdefault("limits", {})["max_memory"] = LIMIT
    elsewhere = endpoint()
    others = {"peer": "dealer", "bind": elsewhere, "replies": {"count": 1}}
    gateway = start.gateway({"s": service, "other": others}, tmp_path, reactors=reactors, **settings)
    scripted(zmq.DEALER, echo, connect=elsewhere)
    gateway.ready("other")
    kind = zmq.ROUTER if peer == "router" else zmq.DEALER
    worker = scripted(kind, flood_or_echo, **{other: there})
    gateway.ready("s")
    return gateway, worker


def connect(gateway, source):
    """From an address of its own."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.bind((source, 0))
    client.connect(("127.0.0.1", gateway.port))
    return client


def read_to_end(client):
    """What a stream that is over still has; of one that is not, what it has now."""
    text = b""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    client.settimeout(0.5)
    with contextlib.suppress(ConnectionResetError, TimeoutError):
        while not text.endswith(b"\r\n0\r\n\r\n") and (piece := client.recv(1 << 20)):
            text += piece
    return re.sub(rb"\r\n[0-9a-f]+\r\n", b"", text)


def sources(count, addresses):
    return [f"127.0.1.{1 + number % addresses}" for number in range(count)]


def memory_is_free(gateway, before):
    gateway.until(lambda: sum(gateway.metrics()["zmq_gateway_memory_bytes"].values()) == 0, timeout=20)
    gateway.until(lambda: gateway.memory() < before + (24 << 20), timeout=20)


@pytest.mark.parametrize("peer", ["dealer", "router"])
@pytest.mark.parametrize("reactors, addresses", [(1, 1), (2, 8)])
def test_streams_that_are_not_read_end_as_slow(start, endpoint, tmp_path, scripted, peer, reactors, addresses):
    # With less of a buffer a router's streams would be paused before memory is short.
    limits = {"max_buffered_bytes": "32MiB"}
    gateway, _ = start_gateway(start, endpoint, tmp_path, scripted, peer, reactors, limits=limits)
    request = (b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
               b"Content-Length: 7\r\n\r\n\"flood\"")
    with Watch(gateway) as watch:
        clients = [connect(gateway, source) for source in sources(24, addresses)]
        for client in clients:
            client.sendall(request)
        gateway.until(lambda: gateway.metric("zmq_gateway_memory_evictions_total", 'holder="replies"') >= 2, timeout=60)
        held = gateway.metrics()
        assert sum(held["zmq_gateway_memory_bytes"].values()) <= LIMIT * 9 / 8  # two reactors are asked one after the other
        assert held["zmq_gateway_memory_limit_bytes"][""] == LIMIT
        assert held["zmq_gateway_exchanges_total"]['service="s",reason="slow_client"'] >= 1
        # One that is read at last says why it ended, in one piece.
        text = b""
        for client in clients:
            text = read_to_end(client)
            if b'"reason":"slow_client"' in text:
                break
        assert b'"reason":"slow_client"' in text and b"limits.max_memory" in text and b"data: " in text
    watch.check()
    assert any("limits.max_memory" in line for line in gateway.errors)
    for client in clients:
        client.close()
    memory_is_free(gateway, watch.before)


def upgrade(client, path="/v1/services/s"):
    client.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(1)
    return head


def ws_head(length):
    """Of a text message in one frame, with a mask of zeros."""
    size = bytes([0x80 | length]) if length < 126 else b"\xff" + struct.pack("!Q", length)
    return b"\x81" + size + bytes(4)


@pytest.mark.parametrize("reactors, addresses", [(1, 1), (2, 8)])
def test_sessions_that_do_not_read_are_cut(start, endpoint, tmp_path, scripted, reactors, addresses):
    gateway, _ = start_gateway(
        start, endpoint, tmp_path, scripted, "router", reactors, sessions={"slow": "pause", "max_buffered_bytes": "8MiB"})
    with Watch(gateway) as watch:
        clients = [connect(gateway, source) for source in sources(24, addresses)]
        for client in clients:
            assert upgrade(client).startswith(b"HTTP/1.1 101")
            client.sendall(ws_head(7) + b'"flood"')
        gateway.until(lambda: gateway.metric("zmq_gateway_memory_evictions_total", 'holder="replies"') >= 2, timeout=60)
        gateway.until(lambda: sum("4007" in line for line in gateway.errors) >= 2)
        assert sum(gateway.metrics()["zmq_gateway_memory_bytes"].values()) <= LIMIT * 9 / 8  # two reactors are asked one after the other
    watch.check()
    for client in clients:
        client.close()
    memory_is_free(gateway, watch.before)


@pytest.mark.parametrize("reactors, addresses", [(1, 1), (2, 8)])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_bodies_that_never_end_are_refused(start, endpoint, tmp_path, scripted, framing, reactors, addresses):
    gateway, _ = start_gateway(
        start, endpoint, tmp_path, scripted, "dealer", reactors, limits={"max_body_bytes": "2MiB"},
        timeouts={"body": "4s"}, service={"body": "binary", "replies": {"count": 1}})
    coding = b"Content-Length: 2000000" if framing == "length" else b"Transfer-Encoding: chunked"
    head = b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\n" + coding + b"\r\n\r\n"
    piece = b"[" + b"1," * 750_000
    piece = piece if framing == "length" else b"%x\r\n%b\r\n" % (len(piece), piece)
    with Watch(gateway) as watch:
        clients = [connect(gateway, source) for source in sources(50, addresses)]
        for client in clients:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(head + piece)
        gateway.until(lambda: gateway.metric("zmq_gateway_memory_evictions_total", 'holder="bodies"') >= 10, timeout=30)
        answers = []
        for client in clients:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionResetError):
                answers.append(client.recv(65536))
        refused = [answer for answer in answers if answer]
        assert refused and all(b"HTTP/1.1 503 " in answer or b"HTTP/1.1 413 " in answer for answer in refused)
        assert any(b"limits.max_memory" in answer and b"Retry-After" in answer for answer in refused)
    watch.check()
    for client in clients:
        client.close()
    memory_is_free(gateway, watch.before)


def test_messages_that_never_end_are_refused(start, endpoint, tmp_path, scripted):
    gateway, _ = start_gateway(
        start, endpoint, tmp_path, scripted, "dealer", 1, sessions={"max_message_bytes": "2MiB"})
    with Watch(gateway) as watch:
        clients = [connect(gateway, source) for source in sources(50, 5)]
        for client in clients:
            assert upgrade(client).startswith(b"HTTP/1.1 101")
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(ws_head(2_000_000) + b"x" * 1_500_000)
        gateway.until(lambda: gateway.metric("zmq_gateway_memory_evictions_total", 'holder="messages"') >= 10, timeout=30)
        closes = 0
        for client in clients:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionResetError):
                answer = client.recv(65536)
                closes += answer[:1] == b"\x88" and answer[2:4] == struct.pack("!H", 1013) and b"limits.max_memory" in answer
        assert closes >= 5
    watch.check()
    for client in clients:
        client.close()
    memory_is_free(gateway, watch.before)


def test_a_body_larger_than_a_clients_share_is_rejected_at_once(start, endpoint, tmp_path, scripted):
    gateway, _ = start_gateway(start, endpoint, tmp_path, scripted, "dealer", 1, limits={"max_body_bytes": "16MiB"})
    answer = gateway.post("s", json.dumps("x" * (9 << 20)))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert "limits.max_memory" in answer.json()["detail"]
    assert gateway.metric("zmq_gateway_memory_refused_total") == 1


def test_a_stream_that_is_always_a_little_behind_keeps_no_sent_bytes(start, endpoint, tmp_path, scripted):
    """70 MiB through a stream whose buffer is never empty."""
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": {"final": {"pointer": "", "equals": 0, "deliver": "marker"}, "deadline": "60s"}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)

    def keep_ahead(frames, send):
        for _ in range(100):
            send([frames[0], BODY])
    worker = scripted(zmq.DEALER, keep_ahead, connect=there)
    gateway.ready("s")
    client = connect(gateway, "127.0.0.1")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    client.sendall(b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\nContent-Length: 1\r\n\r\n1")
    ticket = worker.wait_for_count(1)[0][0]
    before, received, asked = gateway.memory(), 0, 100
    while received < 70 << 20:
        received += len(client.recv(1 << 20))
        # Always a few megabytes ahead of what was read, within the buffer.
        while asked * len(BODY) < received + (5 << 20):
            worker.send([ticket, BODY])
            asked += 1
    assert gateway.memory() < before + (40 << 20)
    worker.send([ticket, b"0"])
    client.close()




def test_identities_of_clients_that_do_not_read_keep_few_large_replies(start, endpoint, tmp_path, scripted):
    # Sixteen replies of 64 KiB for each of 200 identities would be 200 MiB in libzmq.
    limits = {"max_buffered_bytes": "32MiB"}
    gateway, _ = start_gateway(start, endpoint, tmp_path, scripted, "router", 1, limits=limits, service={"socket": {}})
    request = (b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
               b"Content-Length: 7\r\n\r\n\"flood\"")
    with Watch(gateway) as watch:
        clients = [connect(gateway, source) for source in sources(200, 1)]
        for client in clients:
            client.sendall(request)
        slow = 'service="s",reason="slow_client"'
        gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_total", slow) >= 50, timeout=60)
    assert watch.most < watch.before + LIMIT + (128 << 20), f"{(watch.most - watch.before) >> 20} MiB"
    assert watch.answers > 0 and not watch.bad, watch.bad[:3]
    for client in clients:
        client.close()
    gateway.until(lambda: sum(gateway.metrics()["zmq_gateway_memory_bytes"].values()) == 0, timeout=30)
