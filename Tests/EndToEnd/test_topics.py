"""Publishers and those who listen: prefixes, subscriptions upstream, the cache, slow clients, sessions, and the end."""
import contextlib
import http.client
import json
import signal
import socket
import time

import pytest
import requests
import websockets
import zmq
from test_sessions import V1, said, session


class Publisher:
    """An XPUB, which is told what is subscribed; used from the test's thread alone."""

    def __init__(self, bind=None, connect=None, kind=zmq.XPUB):
        self.context = zmq.Context()
        self.socket = self.context.socket(kind)
        self.socket.linger = 0
        self.socket.sndhwm = 0
        if bind:
            self.socket.bind(bind)
        else:
            self.socket.connect(connect)

    def heard(self, timeout=10):
        """The next subscription (`+topic`) or unsubscription (`-topic`)."""
        assert self.socket.poll(timeout * 1000), "nothing was subscribed or unsubscribed"
        message = self.socket.recv()
        return "-+"[message[0]] + message[1:].decode()

    def hears_nothing(self, gateway):
        """Nothing is on its way either: what a fresh subscription would say comes first otherwise."""
        return not self.socket.poll(0)

    def send(self, topic, body, *more):
        encode = lambda one: one if isinstance(one, bytes) else one.encode()  # noqa: E731
        self.socket.send_multipart([encode(one) for one in (topic, body, *more)])

    def close(self):
        self.context.destroy(linger=0)


class Stream:
    """A GET whose answer is read as it comes."""

    def __init__(self, gateway, query, accept=None, service="s"):
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=15)
        self.connection.request("GET", f"/v1/services/{service}?{query}", headers={"Accept": accept} if accept else {})
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def event(self):
        """The next event of an SSE stream, with its data as JSON; None at the end."""
        event = {}
        while line := self.response.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name and not name.startswith(":"):
                event[name] = json.loads(value) if name == "data" else value
            elif event:
                return event
        return None

    def line(self):
        return json.loads(self.response.readline())

    def close(self):
        self.response.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@pytest.fixture
def published(start, endpoint, tmp_path):
    """published(...) starts a gateway with a publisher's service `s` and the publisher."""
    publishers = []

    def make(reactors=1, binds=False, kind=zmq.XPUB, service=None, **settings):
        there = endpoint()
        entry = {"peer": "publisher", "bind" if binds else "connect": there, **(service or {})}
        gateway = start.gateway({"s": entry}, tmp_path, reactors=reactors, **settings)
        publishers.append(Publisher(kind=kind, **{"connect" if binds else "bind": there}))
        gateway.ready("s")
        return gateway, publishers[-1]
    yield make
    for publisher in publishers:
        publisher.close()


def topics(gateway, name="topics", service="s"):
    return gateway.metric(f"zmq_gateway_{name}", f'service="{service}"')


def on_every_reactor(gateway, query, count, **options):
    """Streams until each of `count` reactors has one, told by the connections that the listening sockets share out."""
    return [Stream(gateway, query, **options) for _ in range(8 * count)]


@pytest.mark.parametrize("binds", [False, True], ids=["connects", "binds"])
@pytest.mark.parametrize("accept", [None, "*/*", "text/event-stream", "text/event-stream, application/x-ndjson;q=0.5"])
def test_messages_come_by_prefix_as_events(published, binds, accept):
    gateway, publisher = published(binds=binds)
    with Stream(gateway, "topic=a&topic=bc", accept) as stream:
        assert stream.status == 200 and stream.response.headers["content-type"] == "text/event-stream"
        assert {publisher.heard(), publisher.heard()} == {"+a", "+bc"}
        for topic, body in (("a", "1"), ("b", "2"), ("abc", ' {"x":\n[1, 2]}'), ("bcd", '"four"')):
            publisher.send(topic, body)
        assert [stream.event() for _ in range(3)] == [
            {"id": "1", "data": {"topic": "a", "body": 1}},
            {"id": "2", "data": {"topic": "abc", "body": {"x": [1, 2]}}},
            {"id": "3", "data": {"topic": "bcd", "body": "four"}}]


def test_messages_come_as_lines_where_the_client_takes_those(published):
    gateway, publisher = published(service={"body": "text"})
    with Stream(gateway, "topic=", "application/x-ndjson") as stream:
        assert stream.response.headers["content-type"] == "application/x-ndjson"
        assert publisher.heard() == "+"
        publisher.send("ä/ö", "grüß\n")
        publisher.send("", "")
        publisher.send(b"\xff", "x")
        assert stream.line() == {"topic": "ä/ö", "body": "grüß\n"}
        assert stream.line() == {"topic": "", "body": ""}
        assert stream.line() == {"topic": "�", "body": "x"}


def test_bytes_travel_as_base64(published):
    gateway, publisher = published(service={"body": "binary"})
    with Stream(gateway, "topic=a") as stream:
        assert publisher.heard() == "+a"
        publisher.send("a", b"\x00\xff")
        assert stream.event()["data"] == {"topic": "a", "body": "AP8="}


def test_a_single_frame_is_the_body_and_begins_with_the_topic(published):
    gateway, publisher = published(service={"body": "text", "frames": "single"})
    with Stream(gateway, "topic=10001") as stream:
        assert publisher.heard() == "+10001"
        publisher.socket.send(b"10002 25 60")
        publisher.send("10001", "25 60")
        publisher.socket.send(b"10001 26 60")
        assert stream.event()["data"] == {"body": "10001 26 60"}
    assert gateway.metric("zmq_gateway_replies_dropped_total", 'service="s",cause="malformed"') == 1


def test_subscriptions_come_and_go_upstream_and_clients_share_them(published):
    gateway, publisher = published()
    first = Stream(gateway, "topic=a&topic=a")
    assert publisher.heard() == "+a"
    second = Stream(gateway, "topic=a&topic=b")
    assert publisher.heard() == "+b"
    assert (topics(gateway), topics(gateway, "listeners")) == (2, 2)
    publisher.send("a", "1")
    assert first.event()["data"]["body"] == second.event()["data"]["body"] == 1
    second.close()
    assert publisher.heard() == "-b"
    publisher.send("a", "2")
    assert first.event()["data"]["body"] == 2
    first.close()
    assert publisher.heard() == "-a"
    gateway.until(lambda: (topics(gateway), topics(gateway, "listeners")) == (0, 0))
    assert topics(gateway, "publications_total") == 2 and topics(gateway, "publications_delivered_total") == 3
