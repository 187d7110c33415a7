"""The ping of zmq-gateway.v1: how a page, which sees no ping of the WebSocket protocol, asks whether its connection lives."""
import contextlib
import json

import pytest
import zmq
from websockets.sync.client import connect

from scripted import silent
from test_sessions import close_code, frame, upgrade


@pytest.fixture
def gateway(start, endpoint, tmp_path, scripted):
    there = endpoint()
    scripted(zmq.ROUTER, silent, bind=there)
    gateway = start.gateway({"s": {"peer": "router", "connect": there, "replies": {"count": 1}}}, tmp_path)
    gateway.ready("s")
    return gateway


@contextlib.contextmanager
def session(gateway, path, *protocols):
    with connect(gateway.url.replace("http", "ws") + path, subprotocols=protocols or None) as client:
        assert json.loads(client.recv(5))["op"] == "hello"
        yield client


@pytest.mark.parametrize("path, protocols", [("/v1/socket", ["zmq-gateway.v1"]), ("/v1/services/s?resume=1", [])])
def test_each_ping_has_its_pong_and_nothing_else(gateway, path, protocols):
    with session(gateway, path, *protocols) as client:
        for _ in range(3):
            client.send('{"op":"ping"}')
        client.send('{"op":"nothing"}')
        said = [json.loads(client.recv(5)) for _ in range(4)]
    assert said[:3] == [{"op": "pong"}] * 3
    assert said[3]["op"] == "error" and "ping" in said[3]["problem"]["detail"]


def test_a_ping_costs_no_number(gateway):
    with session(gateway, "/v1/socket", "zmq-gateway.v1") as client:
        client.send('{"op":"ping"}')
        client.send('{"op":"request","id":"a","service":"none","body":1}')
        assert json.loads(client.recv(5)) == {"op": "pong"}
        assert json.loads(client.recv(5))["seq"] == 1


def test_a_raw_session_has_no_ping_because_its_messages_are_bodies(gateway):
    with connect(gateway.url.replace("http", "ws") + "/v1/services/s") as client:
        client.send('{"op":"ping"}')
        with pytest.raises(TimeoutError):
            client.recv(0.2)


def test_a_flood_of_control_frames_that_comes_after_a_quiet_second_ends_the_session(start, tmp_path):
    gateway = start.gateway({}, tmp_path, sessions={"ping": "1s"})
    raw, _ = upgrade(gateway, "/v1/socket", Sec_WebSocket_Protocol="zmq-gateway.v1")
    said = b""
    while frame(9)[:1] not in said[-2:]:  # The gateway's own ping says that a second has passed.
        said += raw.recv(4096)
    raw.sendall(frame(9, b"p") * 1000)
    assert close_code(raw) == 1008
    raw.close()
