"""WebSocket sessions over real clients and workers: one identity each, many exchanges, coming back, and those that misbehave."""
import asyncio
import base64
import contextlib
import json
import os
import random
import signal
import socket
import struct
import threading
import time
import zlib

import aiohttp
import jsonschema
import pytest
import websockets
import zmq
from harness import ROOT
from scripted import echo, silent
from websockets.sync.client import connect

V1 = {"subprotocols": ["zmq-gateway.v1"]}
FINAL = {"final": {"pointer": "/done", "equals": True}, "deadline": "20s"}


SCHEMAS = json.loads((ROOT / "openapi/asyncapi.json").read_text())
OPERATIONS = {"reply": ("reply", "numbered")}


def said(client, timeout=5):
    """The next message as JSON; one of the protocol is what asyncapi.json says."""
    message = json.loads(client.recv(timeout))
    if isinstance(message, dict) and "op" in message:
        names = OPERATIONS.get(message["op"], (message["op"],))
        schema = {"anyOf": [SCHEMAS["components"]["messages"][name]["payload"] for name in names], "components": SCHEMAS["components"]}
        jsonschema.validate(message, schema)
    return message


@contextlib.contextmanager
def session(gateway, path, **options):
    with connect(gateway.url.replace("http", "ws") + path, **options) as client:
        yield client


@pytest.fixture
def bound(start, endpoint, tmp_path, scripted):
    """bound(answer, replies..., peer=...) starts a gateway with a service `s` and its scripted worker."""
    def make(answer, peer="dealer", reactors=1, service=None, **settings):
        there = endpoint()
        entry = {"peer": peer, **(service or {})}
        if peer != "rep" and entry.get("body", "json") == "json":
            entry["replies"] = FINAL
        entry["connect" if peer == "router" else "bind"] = there
        gateway = start.gateway({"s": entry}, tmp_path, reactors=reactors, **settings)
        kind = {"router": zmq.ROUTER, "dealer": zmq.DEALER, "rep": zmq.REP}[peer]
        worker = scripted(kind, answer, **{"bind" if peer == "router" else "connect": there})
        gateway.ready("s")
        return gateway, worker
    return make


@pytest.mark.parametrize("peer", ["router", "dealer", "rep"])
@pytest.mark.parametrize("reactors", [1, 2])
def test_messages_go_out_and_come_back_as_they_are(bound, peer, reactors):
    gateway, worker = bound(echo, peer=peer, reactors=reactors)
    with session(gateway, "/v1/services/s") as client:
        for number in range(100):
            client.send(json.dumps({"n": number}))
        assert [said(client) for _ in range(100)] == [{"n": number} for number in range(100)]
    if peer == "router":
        assert len({frames[0] for frames in worker.seen}) == 1
    gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == 0)


def test_a_worker_may_speak_first_and_often(bound):
    gateway, worker = bound(silent, peer="router")
    with session(gateway, "/v1/services/s") as one, session(gateway, "/v1/services/s") as other:
        one.send("1")
        other.send("2")
        seen = worker.wait_for_count(2)
        identities = {frames[1]: frames[0] for frames in seen}
        assert identities[b"1"] != identities[b"2"]
        for number in range(3):
            worker.send([identities[b"1"], b'"first %d"' % number])
            worker.send([identities[b"2"], b'"second %d"' % number])
        assert [said(one) for _ in range(3)] == [f"first {number}" for number in range(3)]
        assert [said(other) for _ in range(3)] == [f"second {number}" for number in range(3)]


def test_without_a_worker_there_is_no_session_and_a_lost_one_ends_it(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "router", "connect": there, "replies": FINAL}}, tmp_path)
    with pytest.raises(websockets.InvalidStatus) as refused:
        connect(gateway.url.replace("http", "ws") + "/v1/services/s")
    assert refused.value.response.status_code == 503
    assert json.loads(refused.value.response.body)["code"] == "no_worker"
    worker = start.example("echo_worker", "router", "bind", there)[0]
    gateway.ready("s")
    with session(gateway, "/v1/services/s") as client:
        client.send("1")
        assert said(client) == 1
        worker.kill()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.recv(5)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4004, "worker_lost")


def test_many_exchanges_of_one_socket_have_their_replies_and_ends(bound):
    def answer(frames, send):
        request = json.loads(frames[-1])
        for number in range(request["replies"]):
            send([*frames[:-1], json.dumps({"of": request["n"], "done": number + 1 == request["replies"]}).encode()])
    gateway, _ = bound(answer)
    with session(gateway, "/v1/socket", **V1) as client:
        assert said(client)["op"] == "hello"
        for number in range(50):
            client.send(json.dumps({"op": "request", "id": f"r{number}", "service": "s", "body": {"n": number, "replies": number % 4 + 1}}))
        replies, ends, last = {}, {}, 0
        while len(ends) < 50:
            message = said(client)
            assert message["seq"] == last + 1
            last += 1
            if message["op"] == "reply":
                replies.setdefault(message["id"], []).append(message["body"]["of"])
            else:
                ends[message["id"]] = message
        for number in range(50):
            assert replies[f"r{number}"] == [number] * (number % 4 + 1)
            end = ends[f"r{number}"]
            assert (end["reason"], end["ok"], end["replies"]) == ("final", True, number % 4 + 1) and "problem" not in end


def test_what_cannot_be_obeyed_is_told_and_harms_nothing_else(bound):
    gateway, worker = bound(silent, sessions={"max_exchanges": 3})
    with session(gateway, "/v1/socket", **V1) as client:
        said(client)

        def ask(message):
            client.send(message if isinstance(message, str) else json.dumps(message))
            return said(client)
        client.send(json.dumps({"op": "request", "id": "a", "service": "s", "body": 1}))
        for message, code in [
                ("{bad", "bad_json"), ("[]", "bad_message"), ("{}", "bad_message"), ({"op": "sing"}, "bad_message"),
                ({"op": "request", "service": "s", "body": 1}, "bad_message"),
                ({"op": "request", "id": "x" * 65, "service": "s", "body": 1}, "bad_message"),
                ({"op": "request", "id": "a", "service": "s", "body": 1}, "duplicate_id"),
                ({"op": "cancel", "id": "b"}, "unknown_id"), ({"op": "resume", "token": "no", "seq": 1}, "resume_refused")]:
            answer = ask(message)
            assert (answer["op"], answer["problem"]["code"]) == ("error", code), (message, answer)
            assert answer["problem"]["detail"]
        for message, code in [
                ({"service": "none", "body": 1}, "unknown_service"), ({"service": "s"}, "bad_message"),
                ({"service": "s", "body": 1, "deadline": "soon"}, "bad_parameter"),
                ({"service": "s", "body": 1, "count": -1}, "bad_parameter")]:
            answer = ask({"op": "request", "id": "b", **message})
            assert (answer["op"], answer["ok"], answer["problem"]["code"]) == ("end", False, code), answer
        assert ask({"op": "request", "id": "c", "service": "s", "body": 1, "deadline": "50ms"})["problem"]["code"] == "deadline"
        for name in "de":
            client.send(json.dumps({"op": "request", "id": name, "service": "s", "body": 1}))
        assert ask({"op": "request", "id": "f", "service": "s", "body": 1})["problem"]["code"] == "too_many_exchanges"
        client.send(b"binary")
        assert said(client)["problem"]["code"] == "bad_message"
        worker.send([worker.seen[0][0], b'{"done":true}'])
        assert (said(client)["id"], said(client)["reason"]) == ("a", "final")


def test_cancel_reaches_the_worker_and_so_does_a_client_that_left(bound):
    gateway, worker = bound(silent, service={"cancel": '"stop"'})
    with session(gateway, "/v1/socket", **V1) as client:
        said(client)
        client.send(json.dumps({"op": "request", "id": "a", "service": "s", "body": 1}))
        client.send(json.dumps({"op": "request", "id": "b", "service": "s", "body": 2}))
        worker.wait_for_count(2)
        client.send(json.dumps({"op": "cancel", "id": "a"}))
        end = said(client)
        assert (end["id"], end["reason"], end["ok"]) == ("a", "cancelled", True)
        assert worker.wait_for_count(3)[2] == [worker.seen[0][0], b'"stop"']
    assert worker.wait_for_count(4)[3] == [worker.seen[1][0], b'"stop"']


@pytest.mark.parametrize("reactors", [1, 2])
@pytest.mark.parametrize("kind", ["raw", "multiplexed"])
def test_a_client_that_comes_back_goes_on_where_it_was(bound, reactors, kind):
    gateway, worker = bound(silent, peer="router", reactors=reactors)
    path, options = ("/v1/services/s?resume=1", {}) if kind == "raw" else ("/v1/socket", V1)
    for _ in range(4 if reactors == 2 else 1):  # The kernel chooses the reactor.
        before = len(worker.seen)
        with session(gateway, path, **options) as client:
            token = said(client)["token"]
            client.send(json.dumps({"op": "send", "body": 1} if kind == "raw" else
                                   {"op": "request", "id": "a", "service": "s", "body": 1}))
            identity = worker.wait_for_count(before + 1)[before][0]
            for number in range(3):
                worker.send([identity, b"%d" % number])
            assert [said(client)["body"] for _ in range(3)] == [0, 1, 2]
            client.socket.shutdown(socket.SHUT_RDWR)
        for number in range(3, 6):
            worker.send([identity, b"%d" % number])
        with session(gateway, path, **options) as client:
            assert said(client)["op"] == "hello"
            client.send(json.dumps({"op": "resume", "token": token, "seq": 2}))
            answer = said(client)
            assert (answer["op"], answer["seq"], answer["missed"]) == ("resumed", 2, 0) and answer["token"] != token
            assert [(message["seq"], message["body"]) for message in (said(client) for _ in range(4))] == [
                (3, 2), (4, 3), (5, 4), (6, 5)]
            worker.send([identity, b'{"done":true}'])
            assert said(client)["seq"] == 7
            if kind == "multiplexed":
                end = said(client)
                assert (end["op"], end["seq"], end["replies"]) == ("end", 8, 7)
            with session(gateway, path, **options) as thief:
                said(thief)
                thief.send(json.dumps({"op": "resume", "token": token, "seq": 0}))
                assert said(thief)["problem"]["code"] == "resume_refused"
                with contextlib.suppress(TimeoutError):
                    # Of a token of the other reactor: the fresh session lives there now, and says hello again.
                    assert said(thief, 0.2)["op"] == "hello"


@pytest.mark.parametrize("behind", ["a request", "a broken frame"])
def test_what_stands_behind_a_resume_in_one_piece_belongs_to_the_session_that_is_resumed(bound, behind):
    """Where the session lives on another reactor, the codec that reads on goes there with what it has not read."""
    gateway, _ = bound(echo, reactors=2, sessions={"ping": "1s", "pong": "1s"})
    reactors = set()
    while len(reactors) < 4:  # The kernel chooses: each with each.
        raw, _ = upgrade(gateway, "/v1/socket", Sec_WebSocket_Protocol="zmq-gateway.v1")
        messages = texts(raw)
        old = next(messages)["token"]
        raw.sendall(frame(1, b'{"op":"request","id":"z","service":"s","body":{"done":true}}'))
        assert [message["op"] for message in (next(messages), next(messages))] == ["reply", "end"]
        raw.close()
        raw, _ = upgrade(gateway, "/v1/socket", Sec_WebSocket_Protocol="zmq-gateway.v1")
        messages = texts(raw)
        reactors.add((old[:2], next(messages)["token"][:2]))
        request = frame(1, b'{"op":"request","id":"a","service":"s","body":{"done":true}}')
        last = request if behind == "a request" else frame(3, b"x")
        raw.sendall(frame(1, json.dumps({"op": "resume", "token": old, "seq": 2}).encode()) + last)
        assert next(messages)["op"] == "resumed"
        if behind == "a request":
            assert [message["op"] for message in (next(messages), next(messages))] == ["reply", "end"]
        else:
            assert next(messages) == 1002
        raw.close()
    gateway.until(lambda: gateway.metric("zmq_gateway_connections") <= 1)


def upgrade(gateway, path="/v1/services/s", **changes):
    """A raw connection that asked for a WebSocket, and the head of the answer."""
    fields = {"Host": f"127.0.0.1:{gateway.port}", "Upgrade": "websocket", "Connection": "Upgrade",
              "Sec-WebSocket-Key": base64.b64encode(b"x" * 16).decode(), "Sec-WebSocket-Version": "13"}
    fields.update({name.replace("_", "-"): value for name, value in changes.items()})
    raw = socket.create_connection(("127.0.0.1", gateway.port), 10)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    raw.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = raw.recv(1)
        assert piece, answer
        answer += piece
    return raw, answer.decode()


def frame(opcode, payload=b"", flags=0x80, length=None):
    size = len(payload) if length is None else length
    head = bytes([flags | opcode])
    head += bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + struct.pack(">H", size) if size < 65536 else (
        bytes([0xFF]) + struct.pack(">Q", size))
    return head + bytes(4) + payload


def texts(raw):
    """The messages of a raw connection as JSON, and last the code of its close."""
    data = b""
    while True:
        while len(data) >= 2:
            size, head = data[1] & 0x7F, 2
            if size == 126:
                size, head = struct.unpack(">H", data[2:4])[0], 4
            if len(data) < head + size:
                break
            payload, opcode, data = data[head:head + size], data[0] & 15, data[head + size:]
            if opcode == 8:
                yield struct.unpack(">H", payload[:2])[0]
                return
            if opcode == 1:
                yield json.loads(payload)
        piece = raw.recv(65536)
        assert piece, "the connection ended without a close frame"
        data += piece


def close_code(raw):
    """What the close frame says; frames before it are passed over."""
    data = b""
    while True:
        while len(data) >= 2 and len(data) >= 2 + (data[1] & 0x7F) and data[1] < 126:
            if data[0] == 0x88:
                return struct.unpack(">H", data[2:4])[0]
            data = data[2 + data[1]:]
        piece = raw.recv(65536)
        assert piece, "the connection ended without a close frame"
        data += piece


@pytest.mark.parametrize("changes, status", [
    ({"Connection": "close"}, 400), ({"Sec_WebSocket_Key": "short"}, 400),
    ({"Sec_WebSocket_Key": None}, 400), ({"Sec_WebSocket_Version": "8"}, 426), ({"Origin": "http://elsewhere.example"}, 403),
    ({"Origin": "http://friend.example"}, 101), ({}, 101)], ids=str)
def test_a_handshake_is_taken_or_refused(bound, changes, status):
    gateway, _ = bound(echo, allowed_origins=["http://friend.example"])
    raw, head = upgrade(gateway, **changes)
    assert head.startswith(f"HTTP/1.1 {status} "), head
    assert (status != 426) or "sec-websocket-version: 13" in head.lower()
    raw.close()


def test_the_multiplexed_protocol_has_to_be_asked_for(bound):
    gateway, _ = bound(echo)
    assert upgrade(gateway, "/v1/socket")[1].startswith("HTTP/1.1 400 ")
    head = upgrade(gateway, "/v1/socket", Sec_WebSocket_Protocol="other, zmq-gateway.v1")[1]
    assert head.startswith("HTTP/1.1 101 ") and "Sec-WebSocket-Protocol: zmq-gateway.v1\r\n" in head
    answer = gateway.get("/v1/socket")
    assert (answer.status_code, answer.json()["code"]) == (426, "upgrade_required")


def bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(bytes(50 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


@pytest.mark.parametrize("name, code", [("huge", 1002), ("large", 1009), ("bomb", 1009), ("pings", 1008), ("unmasked", 1002)])
def test_those_that_misbehave_are_ended_and_others_do_not_notice(bound, name, code):
    gateway, _ = bound(echo)
    with session(gateway, "/v1/services/s") as other:
        raw, head = upgrade(gateway, Sec_WebSocket_Extensions="permessage-deflate")
        assert "permessage-deflate" in head
        data = {"huge": frame(1, length=1 << 63), "large": frame(1, length=2 << 20), "bomb": frame(2, bomb(), flags=0xC0),
                "pings": frame(9, b"p") * 1000, "unmasked": b"\x81\x01a"}[name]
        sender = threading.Thread(target=lambda: raw.sendall(data))
        sender.start()
        assert close_code(raw) == code
        sender.join(5)
        raw.close()
        other.send("1")
        assert said(other) == 1


def test_what_came_at_once_is_read_to_its_end(bound):
    """More than one turn reads, and the end of the stream right behind the last byte: nothing tells of either twice."""
    gateway, worker = bound(echo)
    raw, _ = upgrade(gateway)
    messages = [b'"%04d %s"' % (number, b"x" * 1000) for number in range(1500)]
    sender = threading.Thread(target=lambda: raw.sendall(b"".join(frame(1, message) for message in messages)))
    sender.start()
    stream = raw.makefile("rb")
    for message in messages:
        head = stream.read(4)
        assert stream.read(struct.unpack(">H", head[2:])[0]) == message
    sender.join(5)
    gateway.process.send_signal(signal.SIGSTOP)
    raw.sendall(frame(1, b'"last"'))
    raw.shutdown(socket.SHUT_WR)
    gateway.process.send_signal(signal.SIGCONT)
    gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == 0)
    assert worker.wait_for_count(1501)[-1][-1] == b'"last"'
    raw.close()


def test_sessions_whose_worker_takes_nothing_wait_in_line_and_cost_nothing(start, endpoint, tmp_path):
    """Also those that leave meanwhile, and those whose connection is reset while nobody reads from it."""
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": FINAL, "socket": {"send_high_water_mark": 1}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    with zmq.Context() as context, context.socket(zmq.DEALER) as worker:
        worker.setsockopt(zmq.RCVHWM, 1)
        worker.linger, worker.rcvtimeo = 0, 5000
        worker.connect(there)
        gateway.ready("s")
        clients = [upgrade(gateway)[0] for _ in range(40)]
        for index, client in enumerate(clients):
            client.sendall(b"".join(frame(1, b'"%d %d %s"' % (index, number, b"x" * 20000)) for number in range(3)))
        gateway.until(lambda: gateway.metric("zmq_gateway_messages_received_total") >= 40)
        for client in clients[30:]:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == 30)
        used = gateway.cpu_seconds()
        time.sleep(0.5)
        assert gateway.cpu_seconds() - used < 0.2
        answers = [[] for _ in clients]
        streams = [client.makefile("rb") for client in clients[:30]]

        def collect(index):
            for _ in range(3):
                head = streams[index].read(4)
                answers[index].append(streams[index].read(struct.unpack(">H", head[2:])[0]).split()[:2])
        readers = [threading.Thread(target=collect, args=(index,)) for index in range(30)]
        for reader in readers:
            reader.start()
        while any(reader.is_alive() for reader in readers):
            if worker.poll(50):
                worker.send_multipart(worker.recv_multipart())
        assert answers[:30] == [[[b'"%d' % index, b"%d" % number] for number in range(3)] for index in range(30)]


@pytest.mark.parametrize("slow", ["pause", "close"])
def test_a_client_that_never_reads_loses_its_session_and_nobody_else_anything(bound, slow):
    def flood(frames, send):
        for _ in range(2000 if frames[-1] == b'"flood"' else 1):
            send([*frames[:-1], b'"' + b"x" * 5000 + b'"'])
    gateway, _ = bound(flood, sessions={"slow": slow, "max_buffered_bytes": "256KiB"})
    raw, _ = upgrade(gateway)
    with session(gateway, "/v1/services/s") as other:
        raw.sendall(frame(1, b'"flood"'))
        begun = time.monotonic()
        gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == 1, timeout=15)
        other.send("1")
        assert len(said(other)) == 5000 and time.monotonic() - begun < 15
    assert gateway.metric("zmq_gateway_slow_clients_total") >= 1
    raw.close()


def test_a_router_session_that_does_not_read_is_not_read_for_either(bound):
    """libzmq's high-water marks fill up then, and the worker's ROUTER drops what it cannot send: not the gateway."""
    def flood(frames, send):
        for number in range(15000):
            send([frames[0], b'"%d %s"' % (number, b"x" * 2000)])
    gateway, _ = bound(flood, peer="router", sessions={"max_buffered_bytes": "256KiB"})
    raw, _ = upgrade(gateway)
    raw.sendall(frame(1, b"1"))
    gateway.until(lambda: gateway.metric("zmq_gateway_slow_clients_total") >= 1)
    stream = raw.makefile("rb")
    for number in range(1000):
        head = stream.read(4)
        assert head[:2] == b"\x81\x7e"
        assert json.loads(stream.read(struct.unpack(">H", head[2:])[0])).split()[0] == str(number)
    assert gateway.metric("zmq_gateway_sessions_open") == 1


def test_one_that_vanished_without_a_word_is_noticed(bound):
    gateway, _ = bound(echo, sessions={"ping": "1s", "pong": "1s"})
    raw, _ = upgrade(gateway)
    with session(gateway, "/v1/services/s") as alive:
        gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == 1, timeout=8)
        alive.send("1")
        assert said(alive) == 1
    raw.close()


def test_sessions_of_one_address_are_bounded(bound):
    gateway, _ = bound(echo, sessions={"max_per_address": 3})
    held = [upgrade(gateway)[0] for _ in range(3)]
    assert upgrade(gateway)[1].startswith("HTTP/1.1 429 ")
    held.pop().close()
    gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == 2)
    assert upgrade(gateway)[1].startswith("HTTP/1.1 101 ")


def session_lines(gateway, count):
    """What the access log (JSON) says of sessions that are over."""
    def lines():
        return [json.loads(line) for line in list(gateway.errors) if '"session"' in line]
    gateway.until(lambda: len(lines()) >= count)
    assert len(lines()) == count
    return lines()


@pytest.mark.parametrize("end, by, code", [
    ("close", "client", 1000), ("silent close", "client", 1005), ("vanish", "none", None), ("binary", "gateway", 1003),
    ("unmasked", "gateway", 1002)])
def test_the_access_log_has_one_truthful_line_a_session(bound, end, by, code):
    gateway, _ = bound(echo, log={"format": "json"})
    raw, _ = upgrade(gateway, X_Request_Id="mine")
    for number in range(3):
        raw.sendall(frame(1, b"%d" % (number * 100)))
    stream = raw.makefile("rb")
    assert stream.read(13) == b"\x81\x010\x81\x03100\x81\x03200"
    raw.sendall({"close": frame(8, b"\x03\xe8"), "silent close": frame(8), "vanish": b"", "binary": frame(2, b"1"),
                 "unmasked": b"\x81\x01a"}[end])
    stream.close()
    raw.close()
    line = session_lines(gateway, 1)[0]
    assert (line["session"], line["service"]) == ("raw", "s")
    assert (line["messages_in"], line["messages_out"], line["bytes_in"], line["bytes_out"]) == (
        (4, 3, 8, 7) if end == "binary" else (3, 3, 7, 7))
    assert (line["closed_by"], line.get("close"), line["request_id"], line["remote"]) == (by, code, "mine", "127.0.0.1")
    assert line["total_ms"] > 0 and "connections" not in line


@pytest.mark.parametrize("reactors", [1, 2])
def test_a_session_that_is_resumed_has_one_line_of_all_its_connections(bound, reactors):
    gateway, worker = bound(echo, reactors=reactors, log={"format": "json"})
    request = {"op": "request", "service": "s", "body": {"done": True}}
    with session(gateway, "/v1/socket", additional_headers={"X-Request-Id": "first"}, **V1) as client:
        hello = said(client)
        token = hello["token"]
        assert hello["request_id"] == "first"
        client.send(json.dumps({**request, "id": "a"}))
        assert [said(client)["op"] for _ in range(2)] == ["reply", "end"]
        client.socket.shutdown(socket.SHUT_RDWR)
    with session(gateway, "/v1/socket", additional_headers={"X-Request-Id": "second"}, **V1) as client:
        assert said(client)["request_id"] == "second"
        client.send(json.dumps({"op": "resume", "token": token, "seq": 2}))
        answer = said(client)
        assert (answer["op"], answer["request_id"]) == ("resumed", "first")
        client.send(json.dumps({**request, "id": "b"}))
        assert [said(client)["op"] for _ in range(2)] == ["reply", "end"]
    line = session_lines(gateway, 1)[0]
    assert (line["session"], line["connections"], line["request_id"]) == ("socket", 2, "first")
    assert (line["closed_by"], line["close"], line.get("service")) == ("client", 1000, None)
    assert line["messages_in"] >= 2 and line["messages_out"] >= 6


def test_a_line_of_a_session_for_people(bound):
    gateway, _ = bound(echo)
    with session(gateway, "/v1/services/s", additional_headers={"X-Request-Id": "mine"}) as client:
        client.send("1")
        assert said(client) == 1
        gateway.process.send_signal(signal.SIGTERM)
        with pytest.raises(websockets.ConnectionClosed):
            client.recv(8)
    gateway.until(lambda: any(" session=" in line for line in gateway.errors))
    line = next(line for line in gateway.errors if " session=" in line)
    assert " session=raw service=s messages_in=1 messages_out=1 bytes_in=1 bytes_out=1 total=" in line
    assert line.endswith("ms closed_by=gateway close=1001 request_id=mine remote=127.0.0.1")


def test_a_drain_says_when_to_come_back(bound):
    gateway, worker = bound(silent)
    with session(gateway, "/v1/socket", **V1) as busy, session(gateway, "/v1/services/s") as raw:
        said(busy)
        busy.send(json.dumps({"op": "request", "id": "a", "service": "s", "body": 1}))
        ticket = worker.wait_for_count(1)[0][0]
        gateway.process.send_signal(signal.SIGTERM)
        goodbye = said(busy)
        assert goodbye["op"] == "goodbye" and 500 <= goodbye["retry_ms"] <= 5000
        worker.send([ticket, b'{"done":true}'])
        assert said(busy)["op"] == "reply" and said(busy)["reason"] == "final"
        for client in (busy, raw):
            with pytest.raises(websockets.ConnectionClosed) as closed:
                client.recv(8)
            assert closed.value.rcvd.code == 1001
    assert gateway.process.wait(10) == 0


def test_compressed_messages_of_another_client(bound):
    gateway, _ = bound(echo)

    async def talk():
        async with aiohttp.ClientSession() as http:
            async with http.ws_connect(gateway.url + "/v1/services/s", compress=15) as client:
                assert client.compress
                for size in (1, 300, 70_000):
                    await client.send_json({"x": "words " * size})
                    assert (await client.receive_json(timeout=5))["x"] == "words " * size
    asyncio.run(talk())


SESSIONS = int(os.environ.get("SESSIONS", "300"))


def test_many_sessions_see_only_their_own_replies_and_leave_nothing(start, endpoint, tmp_path):
    connect_to = start.example("async_server", endpoint(), "1")[1]
    gateway = start.gateway(
        {"s": {"peer": "router", "connect": connect_to, "replies": FINAL, "identities": {"max": 3 * SESSIONS}}}, tmp_path,
        log={"access": "off"}, sessions={"max_per_address": 3 * SESSIONS}, limits={"max_connections_per_address": 3 * SESSIONS})
    gateway.ready("s")
    before, memory = gateway.descriptors(), gateway.memory()

    async def one(number, http):
        async with http.ws_connect(gateway.url + "/v1/services/s") as client:
            for turn in range(4):
                await client.send_json({"session": number, "turn": turn})
            seen = 0
            try:
                while True:
                    message = await client.receive(timeout=0.5 + SESSIONS / 500)  # the workers take some 3,000 requests a second
                    assert json.loads(message.data)["session"] == number
                    seen += 1
            except asyncio.TimeoutError:
                return seen

    async def many():
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:
            return await asyncio.gather(*(one(number, http) for number in range(SESSIONS)))
    counts = asyncio.run(many())
    # Each request has 0 to 4 replies, 2 on average.
    assert 6 * SESSIONS < sum(counts) < 10 * SESSIONS
    gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == 0)
    gateway.until(lambda: gateway.descriptors() <= before + 200, timeout=20)
    gateway.until(lambda: gateway.memory() < memory + (24 << 20), timeout=20)


def test_anything_at_all_is_answered_and_harms_nobody(bound):
    """Requests with pieces changed, cut and doubled: each gets an error or an end, and the session lives."""
    gateway, _ = bound(echo, service={"replies": {"count": 1, "deadline": "5s"}})
    chance = random.Random(11)
    sound = [
        {"op": "request", "id": "a", "service": "s", "body": {"x": [1, 2.5, None, True, "ü"]}, "deadline": "1s", "count": 1},
        {"op": "cancel", "id": "a"}, {"op": "ack", "seq": 3}, {"op": "resume", "token": "00" + "f" * 32, "seq": 1}]
    with session(gateway, "/v1/socket", **V1) as client:
        said(client)
        answered = 0
        for number in range(600):
            text = json.dumps({**chance.choice(sound), "id": f"n{number}"}, ensure_ascii=False)
            for _ in range(chance.randrange(3)):
                start, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
                text = chance.choice([text[:start] + text[end:], text[:end] + text[start:], text[:start] + '{"[,:]}\\u0000' + text[end:]])
            client.send(text)
            client.send(json.dumps({"op": "cancel", "id": "marker"}))
            while (message := said(client)).get("id") != "marker":
                answered += message["op"] in ("error", "end")
        assert answered > 400
        client.send(json.dumps({"op": "request", "id": "last", "service": "s", "body": 1}))
        while (message := said(client)).get("id") != "last":
            pass
        assert message["body"] == 1
    assert gateway.process.poll() is None
