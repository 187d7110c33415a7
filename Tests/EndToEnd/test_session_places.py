"""Sessions whose client is away: which of them are kept, and which give their places to others."""
import json
import socket

import pytest
import zmq
from scripted import echo
from websockets.sync.client import connect

V1 = {"subprotocols": ["zmq-gateway.v1"]}


@pytest.fixture
def gateway_with(start, endpoint, tmp_path, scripted):
    def make(reactors=1, **settings):
        there = endpoint()
        service = {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "5s"}}
        gateway = start.gateway({"s": service}, tmp_path, reactors=reactors, **settings)
        scripted(zmq.DEALER, echo, connect=there)
        gateway.ready("s")
        return gateway
    return make


class Client:
    """A session of /v1/socket."""

    def __init__(self, gateway):
        self.socket = connect(gateway.url.replace("http", "ws") + "/v1/socket", **V1)
        self.token = json.loads(self.socket.recv(5))["token"]

    def ask(self, name="a"):
        self.socket.send(json.dumps({"op": "request", "id": name, "service": "s", "body": 1}))
        assert [json.loads(self.socket.recv(5))["op"] for _ in range(2)] == ["reply", "end"]
        return self

    def lose(self):
        """The connection is gone without a goodbye."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)

    def resume(self, token):
        self.socket.send(json.dumps({"op": "resume", "token": token, "seq": 0}))
        return json.loads(self.socket.recv(5))["op"]


def is_open(gateway, count):
    gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == count)


def test_an_unused_session_is_not_kept(gateway_with):
    gateway = gateway_with()
    idle, busy = Client(gateway), Client(gateway).ask()
    idle.lose()
    is_open(gateway, 1)
    busy.lose()
    is_open(gateway, 1)
    assert Client(gateway).resume(busy.token) == "resumed"
    assert Client(gateway).resume(idle.token) == "error"


def test_abandoned_sessions_do_not_lock_other_clients_out(gateway_with):
    gateway = gateway_with(sessions={"max": 20, "max_per_address": 10})
    for number in range(60):
        client = Client(gateway)
        if number % 2:
            client.ask()
        client.lose()
    clients = [Client(gateway).ask() for _ in range(10)]
    assert gateway.metric("zmq_gateway_sessions_open") <= 20
    with pytest.raises(Exception, match="429"):
        Client(gateway)
    for client in clients:
        client.ask("again")


@pytest.mark.parametrize("limit", ["max", "max_per_address"])
def test_the_session_that_has_been_away_longest_makes_room(gateway_with, limit):
    gateway = gateway_with(sessions={limit: 3})
    away = [Client(gateway).ask() for _ in range(3)]
    for number, client in enumerate(away):
        client.lose()
        gateway.until(lambda: gateway.metric("zmq_gateway_sessions_away") == number + 1)
    # Who comes back needs a connection first, and takes no place for that.
    back = Client(gateway)
    assert back.resume(away[0].token) == "resumed"
    assert gateway.metric("zmq_gateway_sessions_evicted_total") == 0
    fresh = Client(gateway).ask()
    is_open(gateway, 3)
    assert gateway.metric("zmq_gateway_sessions_evicted_total") == 1
    back.lose()
    assert Client(gateway).resume(away[1].token) == "error"
    again = Client(gateway)
    assert again.resume(away[2].token) == "resumed"
    fresh.ask("again")
