"""No ZeroMQ peer makes the gateway take more memory for a frame than `socket.max_reply_bytes`, and the log says so."""
import contextlib
import json
import socket
import struct

import pytest
import zmq
from scripted import echo

ONE = b"MDPW01"
BIG = b'"' + b"x" * (2 << 20) + b'"'
SMALL = {"socket": {"max_reply_bytes": "1MiB", "heartbeat_interval": "200ms"}}


def big_or_echo(frames, send):
    send([*frames[:-1], BIG if frames[-1] == b'"big"' else frames[-1]])


def majordomo(frames, send):
    if frames[2] == b"\x02":
        send([b"", ONE, b"\x03", *frames[3:5], BIG if frames[5] == b'"big"' else frames[5]])


PEERS = {
    "dealer that binds": ("dealer", "bind", zmq.DEALER, big_or_echo, None),
    "dealer that connects": ("dealer", "connect", zmq.DEALER, big_or_echo, None),
    "rep that connects": ("rep", "connect", zmq.REP, big_or_echo, None),
    "router": ("router", "connect", zmq.ROUTER, big_or_echo, None),
    "ready": ("ready", "bind", zmq.DEALER, big_or_echo, [b"", b"READY"]),
    "majordomo": ("majordomo", "bind", zmq.DEALER, majordomo, [b"", ONE, b"\x01", b"s"]),
}


@pytest.mark.parametrize("kind", PEERS)
def test_an_oversized_reply_is_reported_and_the_service_continues(start, endpoint, tmp_path, scripted, kind):
    peer, way, socket_type, answer, hello = PEERS[kind]
    there, name = endpoint(), "hub" if peer == "majordomo" else "s"
    service = {"peer": peer, way: there, "replies": {"deadline": "20s"}, **SMALL}
    if peer in ("dealer", "router"):
        service["replies"]["count"] = 1
    gateway = start.gateway({name: service}, tmp_path, reactors=1)
    worker = scripted(socket_type, answer, **{"bind" if way == "connect" else "connect": there})

    def is_served():
        return gateway.post("s", [1]).status_code == 200
    if hello:
        worker.send(hello)
    gateway.until(is_served)
    refused = gateway.post("s", '"big"', timeout=10)
    assert (refused.status_code, refused.json()["code"]) == (502, "limit")
    assert refused.headers["x-exchange-end"] == "limit"
    assert "socket.max_reply_bytes" in refused.json()["detail"] and "1 MiB" in refused.json()["detail"]
    assert "socket.max_reply_bytes" in gateway.get("/readyz").text
    gateway.until(lambda: any("socket.max_reply_bytes" in line for line in gateway.errors))
    if hello:
        # A worker that was lost must say once that it is ready: a second READY would break the protocol.
        gateway.until(lambda: not is_served())
        worker.send(hello)
    gateway.until(is_served)


def test_a_raw_session_is_closed_with_the_reason_for_an_oversized_reply(start, endpoint, tmp_path, scripted):
    import websocket
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "router", "connect": there, **SMALL}}, tmp_path, reactors=1)
    scripted(zmq.ROUTER, big_or_echo, bind=there)
    gateway.ready("s")
    client = websocket.create_connection(gateway.url.replace("http", "ws") + "/v1/services/s", timeout=10)
    client.send("[1]")
    assert client.recv() == "[1]"
    client.send('"big"')
    code, reason = struct.unpack("!H", (frame := client.recv_frame()).data[:2])[0], frame.data[2:]
    assert code == 4005 and reason.startswith(b"limit: ") and b"1 MiB" in reason


def test_a_publisher_reconnects_after_an_oversized_message(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "publisher", "connect": there, **SMALL}}, tmp_path, reactors=1)
    context = zmq.Context()
    with contextlib.closing(context.socket(zmq.XPUB)) as publisher:
        publisher.linger = 0
        publisher.rcvtimeo = 10_000
        publisher.bind(there)
        client = socket.create_connection(("127.0.0.1", gateway.port), timeout=15)
        client.sendall(b"GET /v1/services/s?topic=a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert publisher.recv() == b"\x01a"
        for _ in range(2):
            publisher.send_multipart([b"a", BIG])
            # The connection is lost, and the next one subscribes anew.
            assert (publisher.recv(), publisher.recv()) == (b"\x00a", b"\x01a")
        publisher.send_multipart([b"a", b'"small"'])
        text = b""
        while b"small" not in text:
            piece = client.recv(65536)
            assert piece, text
            text += piece
    context.destroy(linger=0)
    gateway.until(lambda: "socket.max_reply_bytes" in gateway.get("/readyz").text)


def zmtp_peer(path, socket_type=b"DEALER"):
    """A connection whose handshake (ZMTP 3.0, NULL) is over."""
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(10)
    peer.connect(path.removeprefix("ipc://"))
    peer.sendall(b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
    ready = b"\x05READY" + b"\x0bSocket-Type" + struct.pack("!I", len(socket_type)) + socket_type
    peer.sendall(bytes([4, len(ready)]) + ready)
    received = b""
    while len(received) < 66 or len(received) < 66 + received[65]:
        received += peer.recv(4096)
    return peer


@pytest.mark.parametrize("announced", [1 << 40, 1 << 30])
@pytest.mark.parametrize("port", ["worker", "clients", "majordomo"])
def test_an_announced_huge_frame_allocates_no_memory(start, endpoint, tmp_path, scripted, port, announced):
    there, clients, hub = endpoint(), endpoint(), endpoint()
    gateway = start.gateway({
        "s": {"peer": "dealer", "bind": there, "clients": clients, "replies": {"count": 1}},
        "hub": {"peer": "majordomo", "bind": hub},
    }, tmp_path, reactors=1)
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("s")
    assert gateway.post("s", 1).status_code == 200
    before = gateway.memory()
    peer = zmtp_peer({"worker": there, "clients": clients, "majordomo": hub}[port])
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        peer.sendall(b"\x02" + struct.pack("!Q", announced))
        for _ in range(64):
            peer.sendall(bytes(1 << 20))
        pytest.fail("64 MiB of one frame were taken")
    assert gateway.memory() < before + (16 << 20)
    assert gateway.post("s", json.dumps("x" * 1000)).status_code == 200
