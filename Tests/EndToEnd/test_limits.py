"""What the gateway refuses because it would be too much, where it listens, and how it goes."""
import collections
import contextlib
import json
import random
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest
import zmq
from harness import BINARY, curl
from scripted import echo, silent


def in_background(work, count):
    """Starts work() so many times; returns the threads and where the results will be."""
    results = []
    threads = [threading.Thread(target=lambda: results.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, results


LIMITS = {
    "of an address": ({"limits": {"max_exchanges_per_address": 3}}, {}, 429, "too_many_exchanges"),
    "of the gateway": ({"limits": {"max_exchanges": 3}}, {}, 503, "overloaded"),
    "of a service": ({}, {"max_exchanges": 3}, 503, "overloaded"),
}


@pytest.mark.parametrize("reactors, limit", [
    *((1, limit) for limit in LIMITS), (2, "of the gateway"), (2, "of a service")])
def test_an_exchange_above_the_limit_is_rejected_at_once(start, endpoint, tmp_path, scripted, reactors, limit):
    settings, service, status, code = LIMITS[limit]
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "4s"}, **service}
    gateway = start.gateway({"s": service}, tmp_path, reactors=reactors, **settings)
    worker = scripted(zmq.DEALER, silent, connect=there)
    gateway.ready("s")
    threads, results = in_background(lambda: gateway.post("s", 1), 3)
    tickets = [frames[0] for frames in worker.wait_for_count(3)]
    refused = gateway.post("s", 2)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert int(refused.headers["retry-after"]) >= 1
    for ticket in tickets:
        worker.send([ticket, b"1"])
    for thread in threads:
        thread.join(10)
    assert [answer.status_code for answer in results] == [200] * 3
    threads, results = in_background(lambda: gateway.post("s", 3), 1)
    worker.send([worker.wait_for_count(4)[3][0], b"3"])
    threads[0].join(10)
    assert results[0].json() == 3


@pytest.mark.parametrize("resets", [False, True])
def test_it_accepts_again_after_all_connections_at_the_limit_have_closed(start, tmp_path, resets):
    gateway = start.gateway({}, tmp_path, reactors=1, limits={"max_connections": 20})
    for _ in range(3):
        held = [socket.create_connection(("127.0.0.1", gateway.port), timeout=10) for _ in range(40)]
        for connection in held[20:]:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        for connection in held:
            if resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        assert gateway.get("/healthz").ok


def test_connections_of_one_address_are_bounded(start, tmp_path):
    gateway = start.gateway({}, tmp_path, reactors=1, limits={"max_connections_per_address": 5})
    held = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(5)]

    def is_refused():
        with socket.create_connection(("127.0.0.1", gateway.port), 5) as extra:
            try:
                extra.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return not extra.recv(100).startswith(b"HTTP/1.1 200")
            except OSError:
                return True
    gateway.until(is_refused)
    for connection in held:
        connection.close()
    gateway.until(lambda: not is_refused())


def test_an_oversized_body_is_rejected_however_it_is_sent(start, endpoint, tmp_path):
    gateway = start.gateway({"s": {"peer": "rep", "bind": endpoint()}}, tmp_path, limits={"max_body_bytes": 1000})
    large = '"' + "x" * 5000 + '"'
    for arguments in (["-H", "Content-Type: application/json"], ["-H", "Transfer-Encoding: chunked"]):
        _, text = curl(*arguments, gateway.url + "/v1/services/s", data=large)
        assert json.loads(text)["code"] == "body_too_large"


@pytest.mark.parametrize("peer", ["router", "dealer", "rep"])
def test_a_large_body_makes_the_round_trip_unchanged(start, endpoint, tmp_path, peer):
    there = endpoint()
    way, other = ("connect", "bind") if peer == "router" else ("bind", "connect")
    service = {"peer": peer, way: there, "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path, limits={"max_body_bytes": "8MiB"})
    start.example("echo_worker", "router" if peer == "router" else "dealer", other, there)
    gateway.ready("s")
    for size in (60_000, 1 << 20, 5 << 20):
        body = json.dumps({"text": "ü" * (size // 6)})
        assert gateway.post("s", body).text == body


def test_a_request_that_a_worker_has_is_not_kept(start, endpoint, tmp_path, scripted):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "60s"}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    worker = scripted(zmq.DEALER, silent, connect=there)
    gateway.ready("s")
    body = '"' + "x" * 1_000_000 + '"'
    before = gateway.memory()
    threads, results = in_background(lambda: gateway.post("s", body, timeout=60).status_code, 60)
    tickets = [frames[0] for frames in worker.wait_for_count(60)]
    gateway.until(lambda: gateway.memory() < before + (30 << 20))
    for ticket in tickets:
        worker.send([ticket, b"1"])
    for thread in threads:
        thread.join(10)
    assert results == [200] * 60


@pytest.mark.parametrize("reactors", [1, 2])
def test_it_listens_on_the_configured_addresses(start, endpoint, tmp_path, scripted, reactors):
    there, path = endpoint(), tmp_path / "web"
    service = {"peer": "dealer", "bind": there, "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=reactors, listen=["127.0.0.1:0", "[::1]:0", f"unix:{path}"])
    six = gateway.line("listening on http://[::1]").removeprefix("listening on ")
    gateway.line(f"listening on unix:{path}")
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("s")
    for arguments in ([gateway.url], [six], ["--unix-socket", str(path), "http://localhost"]):
        code, text = curl(*arguments[:-1], arguments[-1] + "/v1/services/s", data="[1]")
        assert (code, text) == (0, "[1]")
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(10) == 0
    assert not path.exists()


def test_an_address_in_use_ends_startup_with_a_sentence(start, tmp_path):
    file = tmp_path / "taken.yaml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file.write_text(json.dumps({"listen": f"127.0.0.1:{port}"}))
        run = subprocess.run([BINARY, "serve", "--config", str(file)], capture_output=True, text=True, timeout=20)
    assert run.returncode == 69 and f"127.0.0.1:{port}" in run.stderr


def test_flags_come_before_the_environment_and_that_before_the_file(tmp_path):
    file = tmp_path / "levels.yaml"
    file.write_text("listen: 127.0.0.1:0\ntimeouts: {drain: 99h}\n")
    environment = {"PATH": "/usr/bin:/bin", "ZMQ_GATEWAY_DRAIN": "98h"}

    def complaint(*arguments, **variables):
        run = subprocess.run([BINARY, "check", "--config", str(file), *arguments], capture_output=True, text=True, timeout=20,
                             env=variables)
        assert run.returncode == 78
        return run.stderr
    assert "99h" in complaint(PATH=environment["PATH"])
    assert "98h" in complaint(**environment)
    assert "97h" in complaint("--drain", "97h", **environment)


def test_requests_in_a_row_on_one_connection_are_answered_in_order(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path)
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("s")
    requests = b"".join(
        b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n%d" % n for n in range(100, 150))
    with socket.create_connection(("127.0.0.1", gateway.port), 10) as client:
        client.sendall(requests)
        received = b""
        while received.count(b"\r\n\r\n") < 50 or not received.endswith(b"149"):
            piece = client.recv(65536)
            assert piece, received[-500:]
            received += piece
    assert [int(part.split(b"\r\n\r\n")[1][:3]) for part in received.split(b"HTTP/1.1 200")[1:]] == list(range(100, 150))


def test_a_draining_gateway_takes_no_new_work_and_says_so(start, endpoint, tmp_path, scripted):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "20s"}}
    gateway = start.gateway({"s": service}, tmp_path, timeouts={"drain": "15s"})
    worker = scripted(zmq.DEALER, silent, connect=there)
    gateway.ready("s")
    threads, results = in_background(lambda: gateway.post("s", 1), 1)
    ticket = worker.wait_for_count(1)[0][0]
    gateway.process.send_signal(signal.SIGTERM)

    def is_closed():
        try:
            socket.create_connection(("127.0.0.1", gateway.port), 1).close()
            return False
        except OSError:
            return True
    gateway.until(is_closed)
    worker.send([ticket, b'"done"'])
    threads[0].join(10)
    assert (results[0].status_code, results[0].json()) == (200, "done")
    assert gateway.process.wait(5) == 0


@pytest.mark.parametrize("reactors", [1, 2])
def test_a_drain_that_takes_too_long_ends_with_shutdown(start, endpoint, tmp_path, scripted, reactors):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "60s"}, "cancel": '"cancel"'}
    gateway = start.gateway({"s": service}, tmp_path, reactors=reactors, timeouts={"drain": "500ms"})
    worker = scripted(zmq.DEALER, silent, connect=there)
    gateway.ready("s")
    threads, results = in_background(lambda: gateway.post("s", 1), 1)
    worker.wait_for_count(1)
    begun = time.monotonic()
    gateway.process.send_signal(signal.SIGTERM)
    threads[0].join(10)
    assert (results[0].status_code, results[0].json()["code"]) == (503, "shutdown")
    assert 0.4 < time.monotonic() - begun < 3
    assert gateway.process.wait(5) == 0
    assert worker.wait_for(lambda seen: len(seen) > 1, "the cancel frame", timeout=2) and worker.seen[1][-1] == b'"cancel"'


def test_a_slow_request_is_cut_at_no_cost_to_others(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path, reactors=1,
                            timeouts={"header": "500ms", "body": "500ms"})
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("s")
    beginnings = [b"POST /v1/services/s HTTP/1.1\r\nHost: local", b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\n"
                  b"Content-Length: 100\r\n\r\n{"]
    slow = [socket.create_connection(("127.0.0.1", gateway.port), 10) for _ in beginnings]
    for client, beginning in zip(slow, beginnings):
        client.sendall(beginning)
    begun = time.monotonic()
    assert gateway.post("s", 1).json() == 1
    for client in slow:
        received = b""
        while piece := client.recv(65536):
            received += piece
        assert received.startswith(b"HTTP/1.1 408") or received == b"", received
        client.close()
    assert time.monotonic() - begun < 5


def ask(gateway, target, header, goes_before=b""):
    """The status line of the answer to a request with these header lines, behind another one on its connection."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as client:
        if goes_before:
            client.sendall(goes_before)
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n%s\r\n1" % (target, header))
        return client.recv(65536).split(b"\r\n", 1)[0]


FILLERS = {
    "fields": lambda count, size: (b"", b"".join(b"X-%03d: %s\r\n" % (n, b"v" * size) for n in range(count))),
    "cookies": lambda count, size: (b"", b"Cookie: " + b"; ".join(b"c%d=%s" % (n, b"v" * size) for n in range(count)) + b"\r\n"),
    "arguments": lambda count, size: (b"?" + b"&".join(b"a%d=%s" % (n, b"v" * size) for n in range(count)), b""),
}


FIRST = {"first": b"", "later": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"}


@pytest.mark.parametrize("goes_before", FIRST.values(), ids=FIRST)
@pytest.mark.parametrize("kind", FILLERS)
def test_a_request_header_that_leaves_no_room_for_a_response_is_rejected(start, endpoint, tmp_path, kind, goes_before):
    """libmicrohttpd keeps a record of each and then closes without a word, after the worker has done its work."""
    route = {"match": "POST /free", "service": "s", "request": "envelope"}
    gateway = start.gateway(
        {"s": {"peer": "dealer", "bind": (there := endpoint()), "replies": {"count": 1}}}, tmp_path, reactors=1, routes=[route])
    start.python("worker.py", "dealer", "connect", there)
    gateway.ready("s")
    statuses = set()
    for count in range(10, 98, 3):
        for size in (1, 40, 60, 80):
            query, header = FILLERS[kind](count, size)
            statuses.add(ask(gateway, b"/free" + query, header, goes_before))
    refusal = b"414 URI Too Long" if kind == "arguments" else b"431 Request Header Fields Too Large"
    assert statuses == {b"HTTP/1.1 200 OK", b"HTTP/1.1 " + refusal}


def random_header(rng):
    """A target and header lines, with some of each kind of filler, that are together up to and beyond the limit."""
    counts = [rng.choice(choices) for choices in ([0, 5, 50, 100, 400, 2000], [0, 3, 20, 60, 97, 120], [0, 1, 10, 60, 150, 500])]
    budget = rng.choice([500, 3000, 6000, 7000, 8000, 8192, 9000, 12000])
    size = max(0, budget // max(1, sum(counts)) - 8)
    return [FILLERS[kind](count, rng.randint(0, size)) if count else (b"", b"")
            for kind, count in zip(("arguments", "fields", "cookies"), counts)]


@pytest.mark.parametrize("goes_before", FIRST.values(), ids=FIRST)
def test_a_header_is_answered_whatever_it_holds_and_in_whatever_pieces_it_comes(start, tmp_path, goes_before):
    """Where libmicrohttpd has no room for an argument it closes, and reads on in memory that it gave back."""
    rng, gateway = random.Random(7), start.gateway({}, tmp_path, reactors=1)
    statuses = collections.Counter()
    for _ in range(100):
        parts = random_header(rng)
        target, fields = b"/healthz" + parts[0][0], b"".join(header for _, header in parts)
        request = b"GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (target, fields)
        cuts = sorted(rng.randrange(1, len(request)) for _ in range(rng.choice([0, 1, 3])))
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if goes_before:
                client.sendall(goes_before)
                assert client.recv(65536).startswith(b"HTTP/1.1 200")
            # Refused in the middle it may be closed while the rest is on its way.
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                for begin, end in zip([0, *cuts], [*cuts, len(request)]):
                    client.sendall(request[begin:end])
            statuses[client.recv(65536)[9:12]] += 1
    assert set(statuses) == {b"200", b"414", b"431"}, statuses
    assert statuses[b"200"] > 10 and statuses[b"431"] > 10


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
@pytest.mark.parametrize("size, status", [(2_000, 200), (12_000, 502), (100_000, 502)])
def test_a_reply_whose_header_does_not_fit_is_a_bad_reply(start, endpoint, tmp_path, scripted, accept, size, status):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "reply": "envelope", "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    reply = {"status": 200, "headers": {"x-long": "x" * size}, "body": 7}
    scripted(zmq.DEALER, lambda frames, send: send([frames[0], json.dumps(reply).encode()]), connect=there)
    gateway.ready("s")
    answer = gateway.post("s", 1, Accept=accept)
    assert answer.status_code == status
    if status == 502:
        assert answer.json()["code"] == "bad_reply" and "the reply envelope's headers have" in answer.json()["detail"]
    else:
        assert answer.headers["x-long"] == "x" * size
    assert gateway.metric("zmq_gateway_buffered_bytes") == 0
