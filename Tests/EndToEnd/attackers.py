"""Clients that mean no good, each a program of its own: `python attackers.py KIND SECONDS JSON`.

Each works at a bounded pace for a bounded time against loopback, comes from an address of its own (127.0.0.2 and so on), and ends with
exit status 0 whatever the gateway did to its connections. `victim` is the one that means well: it asks one request after the other and
prints what it saw as JSON.
"""
import base64
import contextlib
import json
import os
import random
import socket
import struct
import sys
import time

import zmq

PACE = 0.02  # Seconds between two steps of an attacker: what is tested are bounds, not who is the faster of two processes.


def connect(port, address):
    """A connection from that address of this machine; None where the gateway takes none now."""
    with contextlib.suppress(OSError):
        peer = socket.create_connection(("127.0.0.1", port), 2, source_address=(address, 0))
        peer.setblocking(False)
        return peer


def say(peer, data):
    """Sends what the kernel takes; false once the gateway has closed."""
    try:
        peer.send(data)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return True


def upgrade(path):
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            + ("Sec-WebSocket-Protocol: zmq-gateway.v1\r\n" if path == "/v1/socket" else "") + "\r\n").encode()


def frame(payload):
    """A text message as a client sends it, with a mask of zeros."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0xFE]) + struct.pack("!H", len(payload))
    return b"\x81" + size + bytes(4) + payload


def crowd(until, most, opening, going_on=lambda peer: True):
    """Keeps up to `most` connections, opens them at a pace, says something on each now and then, and replaces the dead."""
    peers = []
    while time.monotonic() < until:
        if len(peers) < most:
            for _ in range(5):
                peer = opening()
                if peer is not None:
                    peers.append(peer)
        if peers:
            peer = random.choice(peers)
            if not going_on(peer):
                peer.close()
                peers.remove(peer)
        time.sleep(PACE)
    for peer in peers:
        peer.close()


def opener(port, address, first):
    def opening():
        peer = connect(port, address)
        if peer is not None and not say(peer, first()):
            return None
        return peer
    return opening


def never_reads(until, port, service, size, address="127.0.0.2"):
    """Streams and sessions whose replies pile up."""
    body = json.dumps({"count": 300, "size": size}).encode()
    stream = (f"POST /v1/services/{service} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
              f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    session = upgrade(f"/v1/services/{service}")
    crowd(until, 100, opener(port, address, lambda: random.choice([stream, session])), lambda peer: say(peer, frame(body)))


def half_handshakes(until, port, address="127.0.0.3"):
    """Headers that never end, upgrades without a key, and connections that say nothing."""
    beginnings = [b"", b"G", b"GET / HTTP/1.1\r\nHost: local", upgrade("/v1/socket")[:-6], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    crowd(until, 300, opener(port, address, lambda: random.choice(beginnings)), lambda peer: say(peer, b"x"))


def unfinished_bodies(until, port, service, address="127.0.0.4"):
    head = (f"POST /v1/services/{service} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000000\r\n\r\n\"").encode()
    crowd(until, 100, opener(port, address, lambda: head), lambda peer: say(peer, b"a" * 65536))


def sessions_dropped(until, port, address="127.0.0.5"):
    """Sessions that are opened, and left without a word."""
    def going_on(peer):
        return random.random() < 0.2
    crowd(until, 200, opener(port, address, lambda: upgrade("/v1/socket")), going_on)


def bare_connections(until, port, joins, address="127.0.0.6"):
    """Connections to a worker's port that say nothing, or what is no ZMTP, or half of a greeting.

    `joins`: some become peers: they announce a frame of a terabyte, or libzmq takes them for peers of ZMTP 1.0, which have no greeting. Not
    to a dealer, where every peer is a worker that gets its turn.
    """
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + bytes(1) + bytes(31)
    ready = b"\x04\x1d\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
    giant = greeting + ready + b"\x02" + struct.pack("!Q", 1 << 40) + b"a" * 1000
    openings = [b"", greeting[:9], greeting] + ([giant, b"GET / HTTP/1.1\r\n\r\n"] if joins else [])
    crowd(until, 400, opener(port, address, lambda: random.choice(openings)), lambda peer: random.random() < 0.5)


def native_flood(until, endpoint, head):
    """A native client that asks without end and reads nothing."""
    context = zmq.Context()
    client = context.socket(zmq.DEALER)
    client.linger, client.sndhwm, client.rcvhwm = 0, 10000, 10
    client.connect(endpoint)
    head = [part.encode() for part in head]
    while time.monotonic() < until:
        for _ in range(20):
            with contextlib.suppress(zmq.Again):
                client.send_multipart([*head, json.dumps({"n": 1}).encode()], zmq.NOBLOCK)
        time.sleep(PACE)
    context.destroy(linger=0)


def ready_flood(until, endpoint):
    """A worker that registers another name with each breath, and breaks the protocol in between."""
    context = zmq.Context()
    number = 0
    while time.monotonic() < until:
        worker = context.socket(zmq.DEALER)
        worker.linger = 0
        worker.connect(endpoint)
        for _ in range(50):
            number += 1
            worker.send_multipart([b"", b"MDPW01", b"\x01", b"flood-%d" % number])
            if number % 10 == 0:
                worker.send_multipart([b"", b"MDPW01", b"\x03", b"nobody", b"", b"x"])
            time.sleep(PACE / 10)
        worker.close()
    context.destroy(linger=0)


def generous(until, bind=None, connect=None):
    """A worker that answers `{"count":N,"size":S}` with N replies of S bytes: a ROUTER that binds, or a DEALER that connects."""
    context = zmq.Context()
    worker = context.socket(zmq.ROUTER if bind else zmq.DEALER)
    worker.linger, worker.sndtimeo = 0, 200
    if bind:
        worker.bind(bind)
    else:
        worker.connect(connect)
    while time.monotonic() < until:
        if not worker.poll(100):
            continue
        *head, body = worker.recv_multipart()
        asked = json.loads(body)
        for _ in range(asked["count"]):
            with contextlib.suppress(zmq.ZMQError):
                worker.send_multipart([*head, b'"' + b"a" * asked["size"] + b'"'])
    context.destroy(linger=0)


def victim(until, port, services, address="127.0.0.9"):
    """Asks each service in turn, one request at a time on one connection, and prints times and what went wrong."""
    times, wrong, asked, service = [], {}, 0, None
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), 5, source_address=(address, 0)) as peer:
                peer.settimeout(10)
                stream = peer.makefile("rb")
                while time.monotonic() < until:
                    asked += 1
                    service = services[asked % len(services)]
                    body = b'{"n":%d}' % asked
                    begun = time.monotonic()
                    peer.sendall(b"POST /v1/services/%s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n"
                                 % (service.encode(), len(body)) + body)
                    status, answer = response(stream)
                    times.append(time.monotonic() - begun)
                    if status != 200 or answer != body:
                        word = f"{service}: {status} {answer[:200]!r}"
                        wrong[word] = wrong.get(word, 0) + 1
                    time.sleep(PACE / 4)
        except OSError as error:
            word = f"{service}: {error!r}"
            wrong[word] = wrong.get(word, 0) + 1
    times.sort()
    print(json.dumps({"asked": asked, "wrong": wrong, "p50_ms": times[len(times) // 2] * 1000 if times else None,
                      "p99_ms": times[len(times) * 99 // 100] * 1000 if times else None}), flush=True)


def response(stream):
    """(status, body) of the next response with a length."""
    status = stream.readline()
    if not status:
        raise OSError("the gateway closed the victim's connection")
    length = 0
    while (line := stream.readline().strip()):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(status.split()[1]), stream.read(length)


if __name__ == "__main__":
    kind, seconds, arguments = sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3])
    globals()[kind](time.monotonic() + seconds, **arguments)
