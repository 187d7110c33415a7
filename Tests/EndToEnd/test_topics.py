"""Publishers and those who listen: prefixes, subscriptions upstream, the cache, slow clients, sessions, and the end."""
import contextlib
import http.client
import json
import select
import signal
import socket
import time

import pytest
import requests
import websockets
import zmq
from test_sessions import V1, said, session


class Publisher:
    """An XPUB, which is told of each subscription, also of one that it knows; used from the test's thread alone."""

    def __init__(self, bind=None, connect=None, kind=zmq.XPUB):
        self.context = zmq.Context()
        self.socket = self.context.socket(kind)
        self.socket.linger = 0
        self.socket.sndhwm = 0
        if kind == zmq.XPUB:
            self.socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        if bind:
            self.socket.bind(bind)
        else:
            self.socket.connect(connect)

    def heard(self, timeout=10):
        """The next subscription (`+topic`) or unsubscription (`-topic`)."""
        assert self.socket.poll(timeout * 1000), "nothing was subscribed or unsubscribed"
        message = self.socket.recv()
        return "-+"[message[0]] + message[1:].decode()

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


def collect(publisher, streams, topic="a"):
    """Publishes until every stream has had a message: nobody tells a client when its subscription has arrived at the
    publisher. The last number that was sent, and what each stream heard first."""
    first = {}
    deadline = time.monotonic() + 10
    number = -1
    while len(first) < len(streams):
        assert time.monotonic() < deadline, f"{len(first)} of {len(streams)} streams hear"
        number += 1
        publisher.send(topic, str(number))
        deaf = {stream.connection.sock: stream for stream in streams if stream not in first}
        for ready in select.select(list(deaf), [], [], 0.02)[0]:
            first[deaf[ready]] = deaf[ready].event()["data"]["body"]
    return number, first


@pytest.mark.parametrize("binds", [False, True], ids=["connects", "binds"])
def test_all_reactors_hear_each_message_once_and_in_order(published, binds):
    gateway, publisher = published(reactors=2, binds=binds)
    streams = [Stream(gateway, "topic=a") for _ in range(12)]
    last, first = collect(publisher, streams)
    assert topics(gateway) == 2, "the kernel gave all twelve connections to one reactor"
    assert [publisher.heard() for _ in range(1 if binds else 2)] == ["+a"] * (1 if binds else 2)
    for number in range(last + 1, last + 50):
        publisher.send("a", str(number))
    for stream in streams:
        bodies = [first[stream]]
        while bodies[-1] < last + 49:
            bodies.append(stream.event()["data"]["body"])
        assert bodies == list(range(first[stream], last + 50))
        stream.close()
    gateway.until(lambda: topics(gateway) == 0)
    assert publisher.heard() == "-a"


def test_a_session_says_what_it_wants_to_hear(published):
    gateway, publisher = published()
    with session(gateway, "/v1/services/s") as client:
        client.send('{"op":"subscribe","topic":"a"}')
        assert publisher.heard() == "+a"
        client.send('{"op":"subscribe","topic":"a"}')
        client.send('{"op":"subscribe","topic":"b"}')
        assert publisher.heard() == "+b"
        for number, topic in enumerate(("ab", "c", "b")):
            publisher.send(topic, str(number))
        assert said(client) == {"op": "message", "topic": "ab", "body": 0}
        assert said(client) == {"op": "message", "topic": "b", "body": 2}
        client.send('{"op":"unsubscribe","topic":"a"}')
        assert publisher.heard() == "-a"
        publisher.send("a", "3")
        publisher.send("b", "4")
        assert said(client)["body"] == 4
    assert publisher.heard() == "-b"
    gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == 0)


@pytest.mark.parametrize("message, code", [
    ("{", "bad_json"), ("1", "bad_message"), ('{"op":"send","body":1}', "bad_message"), ('{"op":"subscribe"}', "bad_message"),
    ('{"op":"subscribe","topic":1}', "bad_message"), ('{"op":"unsubscribe","topic":"x"}', "unknown_id"), (b"x", "bad_message"),
    (json.dumps({"op": "subscribe", "topic": "x" * 256}), "bad_parameter")])
def test_what_a_session_cannot_obey_harms_nothing(published, message, code):
    gateway, publisher = published()
    with session(gateway, "/v1/services/s") as client:
        client.send(message)
        problem = said(client)
        assert (problem["op"], problem["problem"]["code"]) == ("error", code)
        client.send('{"op":"subscribe","topic":""}')
        assert publisher.heard() == "+"
        publisher.send("a", "1")
        assert said(client) == {"op": "message", "topic": "a", "body": 1}


def test_a_session_with_a_publisher_has_no_parameters_and_bounded_topics(published):
    gateway, _ = published()
    with pytest.raises(websockets.InvalidStatus) as refused, session(gateway, "/v1/services/s?resume=1"):
        pass
    assert refused.value.response.status_code == 400
    with session(gateway, "/v1/services/s") as client:
        for number in range(101):
            client.send(json.dumps({"op": "subscribe", "topic": str(number)}))
        assert said(client)["problem"]["code"] == "bad_message"
    gateway.until(lambda: topics(gateway) == 0)


def test_many_subscriptions_share_a_multiplexed_session(published):
    gateway, publisher = published()
    with session(gateway, "/v1/socket", **V1) as client:
        assert said(client)["op"] == "hello"
        client.send(json.dumps({"op": "subscribe", "id": "x", "service": "s", "topics": ["a", "b"]}))
        assert {publisher.heard(), publisher.heard()} == {"+a", "+b"}
        client.send(json.dumps({"op": "subscribe", "id": "y", "service": "s", "topics": ["a"], "count": 1}))
        gateway.until(lambda: topics(gateway, "listeners") == 2)
        publisher.send("ab", "1")
        replies = [said(client) for _ in range(3)]
        assert {(one["op"], one["id"]) for one in replies} == {("reply", "x"), ("reply", "y"), ("end", "y")}
        assert [one["seq"] for one in replies] == [1, 2, 3]
        assert [one["body"] for one in replies if one["op"] == "reply"] == [{"topic": "ab", "body": 1}] * 2
        end = next(one for one in replies if one["op"] == "end")
        assert (end["reason"], end["ok"], end["replies"]) == ("count", True, 1)
        client.send('{"op":"cancel","id":"x"}')
        assert said(client)["reason"] == "cancelled"
        assert {publisher.heard(), publisher.heard()} == {"-a", "-b"}


@pytest.mark.parametrize("changes, code", [
    ({"op": "request", "body": 1}, "bad_message"), ({"topics": "a"}, "bad_message"), ({"topics": []}, "bad_message"),
    ({"topics": ["a", 1]}, "bad_message"), ({"topics": ["x" * 256]}, "bad_parameter"), ({"topics": ["a"] * 101}, "bad_parameter"),
    ({"service": "none"}, "unknown_service"), ({"deadline": "soon"}, "bad_parameter"), ({"service": "r"}, "bad_message")])
def test_a_subscription_that_is_refused_is_an_end(start, endpoint, tmp_path, changes, code):
    gateway = start.gateway(
        {"s": {"peer": "publisher", "connect": endpoint()}, "r": {"peer": "rep", "bind": endpoint()}}, tmp_path, reactors=1)
    with session(gateway, "/v1/socket", **V1) as client:
        said(client)
        client.send(json.dumps({"op": "subscribe", "id": "x", "service": "s", "topics": ["a"], **changes}))
        end = said(client)
        assert (end["op"], end["reason"], end["problem"]["code"]) == ("end", "refused", code)
