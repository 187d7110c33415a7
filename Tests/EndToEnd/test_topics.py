"""Publishers and those who listen: prefixes, subscriptions upstream, the cache, slow clients, sessions, and the end."""
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
from test_sessions import V1, frame, said, session, upgrade


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
        # A request id that the gateway minted is a ticket: eight digits of the process, two of the reactor.
        self.reactor = int(self.response.headers["x-request-id"][8:10], 16)

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
    assert gateway.metric("zmq_gateway_replies_dropped_total", 'service="s",reason="malformed"') == 1


def test_subscriptions_come_and_go_upstream_and_clients_share_them(published):
    gateway, publisher = published()
    first = Stream(gateway, "topic=a&topic=a")
    assert publisher.heard() == "+a"
    second = Stream(gateway, "topic=a&topic=b")
    assert publisher.heard() == "+b"
    assert (topics(gateway), topics(gateway, "subscribers")) == (2, 2)
    publisher.send("a", "1")
    assert first.event()["data"]["body"] == second.event()["data"]["body"] == 1
    second.close()
    assert publisher.heard() == "-b"
    publisher.send("a", "2")
    assert first.event()["data"]["body"] == 2
    first.close()
    assert publisher.heard() == "-a"
    gateway.until(lambda: (topics(gateway), topics(gateway, "subscribers")) == (0, 0))
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


@pytest.mark.parametrize("binds, last_reactor", [(False, 0), (True, 0), (True, 1)])
def test_all_reactors_hear_each_message_once_and_in_order(published, binds, last_reactor):
    gateway, publisher = published(reactors=2, binds=binds)
    streams = [Stream(gateway, "topic=a") for _ in range(12)]
    last, first = collect(publisher, streams)
    assert {stream.reactor for stream in streams} == {0, 1}, "the kernel gave all twelve connections to one reactor"
    assert topics(gateway) == 2
    assert [publisher.heard() for _ in range(1 if binds else 2)] == ["+a"] * (1 if binds else 2)
    for number in range(last + 1, last + 50):
        publisher.send("a", str(number))
    for stream in streams:
        bodies = [first[stream]]
        while bodies[-1] < last + 49:
            bodies.append(stream.event()["data"]["body"])
        assert bodies == list(range(first[stream], last + 50))
    staying = [stream for stream in streams if stream.reactor == last_reactor]
    for stream in set(streams) - set(staying):
        stream.close()
    gateway.until(lambda: topics(gateway, "subscribers") == len(staying))
    for number in range(20):
        publisher.send("a", str(number))
        assert [stream.event()["data"]["body"] for stream in staying] == [number] * len(staying)
    for stream in staying:
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
    ('{"op":"subscribe","topic":1}', "bad_message"), ('{"op":"unsubscribe","topic":"x"}', "unknown_topic"), (b"x", "bad_message"),
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
        gateway.until(lambda: topics(gateway, "subscribers") == 2)
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


# What ends a stream, and what does not.


def ends(gateway, reason):
    return gateway.metric("zmq_gateway_exchanges_total", f'service="s",reason="{reason}"')


@pytest.mark.parametrize("query, reason, count", [("count=2", "count", 2), ("deadline=300ms", "deadline", 1), ("idle=200ms", "idle", 1)])
def test_a_client_may_say_when_it_has_heard_enough(published, query, reason, count):
    gateway, publisher = published()
    with Stream(gateway, "topic=a&" + query) as events, Stream(gateway, f"topic=a&end=record&{query}", "application/x-ndjson") as lines:
        assert publisher.heard() == "+a"
        gateway.until(lambda: topics(gateway, "subscribers") == 2)
        for number in range(count):
            publisher.send("a", str(number))
        assert [events.event()["data"]["body"] for _ in range(count)] == list(range(count))
        end = events.event()
        assert (end["event"], end["data"]["reason"], end["data"]["ok"], end["data"]["replies"]) == ("end", reason, True, count)
        assert events.event() is None
        assert [lines.line()["body"] for _ in range(count)] == list(range(count))
        assert lines.line()["$end"]["reason"] == reason
        assert lines.response.readline() == b""
    assert publisher.heard() == "-a"


def test_a_drain_ends_streams_and_sessions_at_once(published):
    gateway, publisher = published()
    with Stream(gateway, "topic=a") as stream, session(gateway, "/v1/socket", **V1) as many, session(gateway, "/v1/services/s") as one:
        said(many)
        many.send(json.dumps({"op": "subscribe", "id": "x", "service": "s", "topics": ["b"]}))
        one.send('{"op":"subscribe","topic":"c"}')
        assert {publisher.heard() for _ in range(3)} == {"+a", "+b", "+c"}
        begun = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        end = stream.event()
        assert (end["event"], end["data"]["reason"], end["data"]["ok"]) == ("end", "shutdown", False)
        assert stream.event() is None
        said_last = [said(many) for _ in range(2)]
        assert {message["op"] for message in said_last} == {"end", "goodbye"}
        for client in (many, one):
            with pytest.raises(websockets.ConnectionClosed) as closed:
                while True:
                    client.recv(8)
            assert closed.value.rcvd.code == 1001
    assert gateway.process.wait(10) == 0 and time.monotonic() - begun < 8, "it waited for what has no end"


def deaf_client(gateway, query):
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", gateway.port))
    raw.sendall(f"GET /v1/services/s?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return raw


@pytest.mark.timeout(60)
def test_a_client_that_never_reads_is_ended_and_others_do_not_notice(published):
    gateway, publisher = published(limits={"max_buffered_bytes": "256KiB"})
    deaf = deaf_client(gateway, "topic=a")
    assert publisher.heard() == "+a"
    with Stream(gateway, "topic=") as other:
        assert publisher.heard() == "+"
        body = '"' + "x" * 10_000 + '"'
        number = 0
        while not ends(gateway, "slow_client"):
            for _ in range(20):
                publisher.send("a", body)
                number += 1
                assert other.event()["id"] == str(number)
        assert publisher.heard() == "-a"
        assert topics(gateway, "subscribers") == 1 and ends(gateway, "slow_client") == 1
        publisher.send("a", "1")
        assert other.event()["data"]["body"] == 1
    deaf.close()


@pytest.mark.timeout(60)
def test_a_session_that_never_reads_is_closed_and_others_do_not_notice(published):
    gateway, publisher = published(sessions={"max_buffered_bytes": "256KiB"})
    deaf, _ = upgrade(gateway)
    with Stream(gateway, "topic=") as other:
        assert publisher.heard() == "+"
        deaf.sendall(frame(1, b'{"op":"subscribe","topic":"a"}'))
        assert publisher.heard() == "+a"
        body = '"' + "x" * 10_000 + '"'
        while gateway.metric("zmq_gateway_sessions_open"):
            for _ in range(20):
                publisher.send("a", body)
                assert other.event()["data"]["topic"] == "a"
        assert publisher.heard() == "-a"
    deaf.close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("reactors, binds", [(1, False), (2, True)])
@pytest.mark.parametrize("kind", ["stream", "session"])
def test_a_burst_is_no_reason_to_end_a_client_that_reads(published, reactors, binds, kind):
    """More than a buffer in one go, though less than the kernel takes: the gateway reads no faster than it hands on."""
    small = {"max_buffered_bytes": "128KiB"}
    gateway, publisher = published(
        reactors=reactors, binds=binds, limits=small, sessions=small, service={"socket": {"receive_high_water_mark": 10_000}})

    def burst():
        assert publisher.heard() == "+a"
        gateway.process.send_signal(signal.SIGSTOP)
        for number in range(600):
            publisher.send("a", json.dumps(str(number) + "x" * 1000))
        gateway.process.send_signal(signal.SIGCONT)
    if kind == "stream":
        with Stream(gateway, "topic=a&count=600") as stream:
            burst()
            for number in range(600):
                assert stream.event()["data"]["body"].startswith(f"{number}x")
            assert stream.event()["data"]["reason"] == "count"
    else:
        with session(gateway, "/v1/services/s", compression=None) as client:
            client.send('{"op":"subscribe","topic":"a"}')
            burst()
            for number in range(600):
                assert said(client)["body"].startswith(f"{number}x")


def test_a_client_that_leaves_is_noticed_and_told_in_the_log(published):
    gateway, publisher = published()
    stream = Stream(gateway, "topic=a")
    assert publisher.heard() == "+a"
    publisher.send("a", "1")
    assert stream.event()["data"]["body"] == 1
    stream.close()
    assert publisher.heard(timeout=3) == "-a"
    gateway.until(lambda: any("reason=client_left" in line and "replies=1" in line and "service=s" in line for line in gateway.errors))


# What the cache keeps.


def test_newcomers_hear_the_last_value_of_each_topic_first(published):
    gateway, publisher = published(service={"cache": 100})
    assert publisher.heard() == "+"
    for topic, body in (("a1", "1"), ("b", "2"), ("a2", "3"), ("a1", "4")):
        publisher.send(topic, body)
    gateway.until(lambda: topics(gateway, "publications_total") == 4)
    with Stream(gateway, "topic=a") as stream, Stream(gateway, "topic=a&topic=") as other:
        assert [stream.event()["data"] for _ in range(2)] == [{"topic": "a2", "body": 3}, {"topic": "a1", "body": 4}]
        assert sorted(other.event()["data"]["body"] for _ in range(3)) == [2, 3, 4]
        publisher.send("a3", "5")
        assert stream.event() == {"id": "3", "data": {"topic": "a3", "body": 5}}
        assert other.event()["data"]["body"] == 5
    with session(gateway, "/v1/services/s") as client:
        for topic in ("a", "a1", "b"):
            client.send(json.dumps({"op": "subscribe", "topic": topic}))
        assert [said(client)["body"] for _ in range(4)] == [3, 4, 5, 2], "a1 was heard with a"
    with session(gateway, "/v1/socket", **V1) as client:
        said(client)
        client.send(json.dumps({"op": "subscribe", "id": "x", "service": "s", "topics": ["b"], "count": 1}))
        assert said(client)["body"] == {"topic": "b", "body": 2} and said(client)["reason"] == "count"
    gateway.until(lambda: topics(gateway) == 0)
    assert not publisher.socket.poll(0), "the cache's own subscription is the only one, and stays"


def test_the_cache_forgets_what_was_silent_for_the_longest_time(published):
    gateway, publisher = published(service={"cache": 2})
    for number in range(5):
        publisher.send(str(number), str(number))
    gateway.until(lambda: topics(gateway, "publications_total") == 5)
    with Stream(gateway, "topic=&count=2") as stream:
        assert [stream.event()["data"]["body"] for _ in range(2)] == [3, 4]


@pytest.mark.parametrize("binds", [False, True], ids=["connects", "binds"])
def test_every_reactor_has_the_cache(published, binds):
    gateway, publisher = published(reactors=2, binds=binds, service={"cache": 10})
    # The subscription of the second reactor may still be on its way, and that of a bound socket has no other.
    assert [publisher.heard() for _ in range(1 if binds else 2)] == ["+"] * (1 if binds else 2)
    publisher.send("a", "1")
    gateway.until(lambda: topics(gateway, "publications_total") == (1 if binds else 2))
    streams = [Stream(gateway, "topic=a") for _ in range(12)]
    assert [stream.event()["data"]["body"] for stream in streams] == [1] * 12
    for stream in streams:
        stream.close()


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", ["stream", "session"])
def test_a_cache_larger_than_a_buffer_is_given_as_the_client_takes_it(published, kind):
    small = {"max_buffered_bytes": "64KiB"}
    gateway, publisher = published(limits=small, sessions=small, service={"cache": 1000})
    body = '"' + "x" * 10_000 + '"'  # ten megabytes in all, more than the kernel takes
    for number in range(1000):
        publisher.send(f"{number:03}", body)
    gateway.until(lambda: topics(gateway, "publications_total") == 1000)

    def hear_of_news():
        publisher.send("new", "1")
        gateway.until(lambda: topics(gateway, "publications_total") == 1001)
    expected = [f"{number:03}" for number in range(1000)] + ["new"]
    if kind == "stream":
        with Stream(gateway, "topic=") as stream:
            hear_of_news()
            assert [stream.event()["data"]["topic"] for _ in range(1001)] == expected
    else:
        with session(gateway, "/v1/services/s", compression=None) as client:
            client.send('{"op":"subscribe","topic":""}')
            assert said(client)["topic"] == "000"
            hear_of_news()
            assert [said(client)["topic"] for _ in range(1000)] == expected[1:]


@pytest.mark.timeout(60)
def test_one_that_takes_nothing_of_the_cache_is_ended_over_what_comes_meanwhile(published):
    gateway, publisher = published(limits={"max_buffered_bytes": "64KiB"}, service={"cache": 10_000})
    body = '"' + "x" * 10_000 + '"'
    for number in range(1500):
        publisher.send(f"{number:04}", body)
    gateway.until(lambda: topics(gateway, "publications_total") == 1500)
    deaf = deaf_client(gateway, "topic=")
    gateway.until(lambda: topics(gateway, "subscribers") == 1)
    while not ends(gateway, "slow_client"):
        publisher.send("0000", body)
    deaf.close()


# What is refused, dropped and told.


def test_other_services_know_no_topics(start, endpoint, tmp_path):
    gateway = start.gateway({"s": {"peer": "rep", "bind": endpoint()}}, tmp_path)
    assert gateway.get("/v1/services/s?topic=a").json()["code"] == "bad_parameter"


@pytest.mark.parametrize("reactors", [1, 2])
def test_topics_are_bounded_for_all_clients_together(published, reactors):
    gateway, publisher = published(reactors=reactors, service={"max_topics": 3, "retry_after": "7s"})
    held = [Stream(gateway, f"topic={name}") for name in "abc"]
    assert {publisher.heard() for _ in range(3)} == {"+a", "+b", "+c"}
    answer = gateway.get("/v1/services/s?topic=a&topic=d")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "too_many_topics", "7")
    with session(gateway, "/v1/services/s") as client:
        client.send('{"op":"subscribe","topic":"d"}')
        assert said(client)["problem"]["code"] == "too_many_topics"
    assert topics(gateway) == 3
    held.pop().close()
    assert publisher.heard() == "-c"
    with Stream(gateway, "topic=d") as stream:
        assert stream.status == 200 and publisher.heard() == "+d"
    for stream in held:
        stream.close()


def test_streams_are_exchanges_in_flight(published):
    gateway, publisher = published(service={"max_exchanges": 1})
    with Stream(gateway, "topic=a"):
        assert publisher.heard() == "+a"
        assert gateway.get("/v1/services/s?topic=a").json()["code"] == "overloaded"
        assert topics(gateway, "subscribers") == 1


def test_the_description_and_the_document_tell_how_to_listen(published):
    gateway, _ = published(service={"description": "Prices.", "cache": 5})
    with Stream(gateway, "topic=a&topic=b"):
        answer = gateway.get("/v1/services/s").json()
        expected = {"name": "s", "description": "Prices.", "peer": "publisher", "body": "json", "frames": "topic_body", "cache": 5,
                    "max_topics": 1000, "topics": 2, "subscribers": 1, "ready": True, "workers": 1, "exchanges_open": 1}
        assert answer.items() >= expected.items() and "ends" not in answer
        assert gateway.get("/v1/services").json()["services"] == [answer]
    operation = gateway.get("/openapi.json").json()["paths"]["/v1/services/s"]
    assert set(operation) == {"get"} and operation["get"]["parameters"][0]["name"] == "topic"
    assert "too_many_topics" in operation["get"]["responses"]["503"]["description"]
    assert requests.head(gateway.url + "/v1/services/s?topic=a").status_code == 200


@pytest.mark.parametrize("binds", [False, True], ids=["connects", "binds"])
def test_a_publisher_that_comes_back_is_subscribed_again(start, endpoint, tmp_path, binds):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "publisher", "bind" if binds else "connect": there}}, tmp_path, reactors=1)
    gateway.ready("s", False)
    with Stream(gateway, "topic=a") as stream, session(gateway, "/v1/services/s") as client:
        assert stream.status == 200, "who listens may come before whoever speaks"
        client.send('{"op":"subscribe","topic":"a"}')
        gateway.until(lambda: topics(gateway, "subscribers") == 2)
        for number in range(2):
            publisher = Publisher(**{"connect" if binds else "bind": there})
            gateway.ready("s")
            assert publisher.heard() == "+a"
            publisher.send("a", str(number))
            assert stream.event()["data"]["body"] == said(client)["body"] == number
            publisher.close()
            gateway.ready("s", False)


def test_several_publishers_are_one_service(start, endpoint, tmp_path):
    where = [endpoint(), endpoint()]
    gateway = start.gateway({"s": {"peer": "publisher", "connect": where}}, tmp_path, reactors=1)
    publishers = [Publisher(bind=there) for there in where]
    gateway.until(lambda: gateway.get("/v1/services/s").json()["workers"] == 2)
    with Stream(gateway, "topic=a") as stream:
        for number, publisher in enumerate(publishers):
            assert publisher.heard() == "+a"
            publisher.send("a", str(number))
            assert stream.event()["data"]["body"] == number
    for publisher in publishers:
        publisher.close()


def test_a_socket_of_another_type_is_no_publisher(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "publisher", "connect": there}}, tmp_path, reactors=1)
    stranger = Publisher(kind=zmq.ROUTER, bind=there)
    gateway.until(lambda: "is not a PUB" in gateway.get("/readyz").json()["services"]["s"].get("trouble", ""))
    assert not gateway.get("/readyz").json()["services"]["s"]["ready"]
    stranger.close()
    publisher = Publisher(bind=there)
    gateway.ready("s")
    assert "trouble" not in gateway.get("/readyz").json()["services"]["s"]
    publisher.close()


def test_a_stranger_at_a_bound_socket_is_not_counted(start, endpoint, tmp_path):
    """libzmq tells of one as lost that it never told of as there."""
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "publisher", "bind": there}}, tmp_path, reactors=1)
    workers = lambda: gateway.get("/readyz").json()["services"]["s"]["workers"]  # noqa: E731
    publishers = [Publisher(connect=there)]
    gateway.until(lambda: workers() == 1)
    context = zmq.Context()
    stranger = context.socket(zmq.ROUTER)
    monitor = stranger.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    stranger.connect(there)
    assert monitor.poll(10_000), "the stranger is not turned away"
    publishers.append(Publisher(connect=there))
    gateway.until(lambda: workers() == 2)
    for left in (1, 0):
        publishers.pop().close()
        gateway.until(lambda: workers() == left)
    stranger.disable_monitor()
    context.destroy(linger=0)


def test_a_stream_begins_before_its_first_message(published):
    gateway, _ = published()
    begun = time.monotonic()
    for _ in range(6):
        Stream(gateway, "topic=a").close()
    assert time.monotonic() - begun < 4, "another stream's header would wait a second for the first reply"


def test_more_topics_than_the_high_water_mark_are_subscribed_at_a_late_publisher(start, endpoint, tmp_path):
    """libzmq drops subscriptions beyond its mark; a reactor asks for all that it has when the publisher comes."""
    there = endpoint()
    gateway = start.gateway(
        {"s": {"peer": "publisher", "connect": there, "socket": {"send_high_water_mark": 10}}}, tmp_path, reactors=1)
    streams = [Stream(gateway, "&".join(f"topic={part}.{number}" for number in range(100))) for part in range(3)]
    publisher = Publisher(bind=there)
    assert len({publisher.heard() for _ in range(300)}) == 300
    for stream in streams:
        stream.close()
    publisher.close()
