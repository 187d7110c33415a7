"""The gateway as a Majordomo broker: workers register names, the web and native clients ask for them."""
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import zmq
from harness import events

ONE, TWO = b"MDPW01", b"MDPW02"


@pytest.fixture
def broker(start, endpoint, scripted, tmp_path):
    """broker(...) starts a gateway whose service `hub` is a broker."""
    class Broker:
        def __init__(self, reactors=1, public="off", limits=None, **service):
            self.there = endpoint()
            settings = {"peer": "majordomo", "bind": self.there, **service}
            self.gateway = start.gateway({"hub": settings}, tmp_path, reactors=reactors, public=public, limits=limits or {})
            self.context = zmq.Context()

        def worker(self, name, answer=lambda body: body, wait=True):
            """A worker of MDP/0.1; `answer(body)` is the reply's body, or None for none."""
            def act(frames, send):
                assert frames[:2] == [b"", ONE]
                if frames[2] == b"\x02":
                    reply = answer(frames[5])
                    if reply is not None:
                        send([b"", ONE, b"\x03", frames[3], b"", reply])
            return self._register(scripted(zmq.DEALER, act, connect=self.there), [b"", ONE, b"\x01", name.encode()], wait)

        def parts(self, name, bodies, head=(), wait=True):
            """A worker of MDP/0.2 that answers with these bodies, the last of which is final."""
            def act(frames, send):
                assert frames[:len(head) + 1] == [*head, TWO]
                frames = frames[len(head):]
                if frames[1] == b"\x02":
                    for number, body in enumerate(bodies):
                        command = b"\x04" if number == len(bodies) - 1 else b"\x03"
                        send([*head, TWO, command, frames[2], b"", body])
            return self._register(scripted(zmq.DEALER, act, connect=self.there), [*head, TWO, b"\x01", name.encode()], wait)

        def _register(self, worker, ready, wait):
            before = self.workers(ready[-1].decode())
            worker.send(ready)
            if wait:
                self.gateway.until(lambda: self.workers(ready[-1].decode()) > before)
            return worker

        def workers(self, name):
            description = self.gateway.get(f"/v1/services/{name}")
            return description.json()["workers"] if description.status_code == 200 else 0

        def client(self, kind=zmq.REQ):
            socket = self.context.socket(kind)
            socket.linger, socket.rcvtimeo = 0, 10_000
            socket.connect(self.there)
            return socket
    brokers = []

    def make(*arguments, **settings):
        brokers.append(Broker(*arguments, **settings))
        return brokers[-1]
    yield make
    for one in brokers:
        one.context.destroy(linger=0)


def names(gateway):
    return {service["name"] for service in gateway.get("/v1/services").json()["services"]}


@pytest.mark.parametrize("reactors", [1, 2])
def test_a_name_that_a_worker_registers_is_a_service(broker, reactors):
    one = broker(reactors=reactors)
    assert names(one.gateway) == {"hub"} and one.gateway.post("echo", 1).json()["code"] == "unknown_service"
    worker = one.worker("echo")
    assert names(one.gateway) == {"hub", "echo"}
    one.gateway.until(lambda: one.gateway.post("echo", 1).status_code == 200)
    for number in range(20):
        answer = one.gateway.post("echo", {"number": number})
        assert (answer.json(), answer.headers["X-Exchange-End"]) == ({"number": number}, "final")
    worker.close()
    one.gateway.until(lambda: names(one.gateway) == {"hub"})
    assert one.gateway.post("echo", 1).json()["code"] == "no_worker", "known, and nobody there"


def test_parts_come_as_they_are_sent_and_the_final_one_ends(broker):
    one = broker()
    one.parts("count", [b"1", b"2", b"3"])
    assert one.gateway.post("count", 0, Accept="application/json").json() == [1, 2, 3]
    assert one.gateway.post("count", 0).text == "1\n2\n3\n"
    stream = events(one.gateway.post("count", 0, Accept="text/event-stream").text)
    assert [event["data"] for event in stream[:3]] == ["1", "2", "3"]
    assert json.loads(stream[3]["data"])["reason"] == "final"


def test_native_clients_of_both_versions(broker):
    one = broker()
    one.worker("echo", lambda body: body.upper())
    one.parts("count", [b"1", b"2"])
    client = one.client()
    client.send_multipart([b"MDPC01", b"echo", b"hello"])
    assert client.recv_multipart() == [b"MDPC01", b"echo", b"HELLO"]
    client.send_multipart([b"MDPC01", b"count", b"x"])
    assert client.recv_multipart() == [b"MDPC01", b"count", b"1", b"2"], "one reply, with all parts"
    client = one.client(zmq.DEALER)
    client.send_multipart([b"MDPC02", b"\x01", b"count", b"x"])
    assert client.recv_multipart() == [b"MDPC02", b"\x02", b"count", b"1"]
    assert client.recv_multipart() == [b"MDPC02", b"\x03", b"count", b"2"]
    client.send_multipart([b"MDPC02", b"\x01", b"echo", b"x"])
    assert client.recv_multipart() == [b"MDPC02", b"\x03", b"echo", b"X"]
    assert one.gateway.metric("zmq_gateway_native_requests_total", 'service="hub"') == 4


def test_a_native_client_waits_for_a_worker_that_is_yet_to_come(broker):
    one = broker()
    client = one.client()
    client.send_multipart([b"MDPC01", b"later", b"1"])
    one.gateway.until(lambda: one.gateway.metric("zmq_gateway_native_requests_total", 'service="hub"') == 1)
    one.worker("later")
    assert client.recv_multipart() == [b"MDPC01", b"later", b"1"]


def test_web_and_native_clients_share_a_worker_and_get_their_own(broker):
    one = broker(reactors=2)
    for _ in range(3):
        one.worker("echo")

    def native(name):
        client = one.client()
        for number in range(100):
            client.send_multipart([b"MDPC01", b"echo", b'"%s-%d"' % (name, number)])
            assert client.recv_multipart()[2] == b'"%s-%d"' % (name, number)
        client.close()

    def web(name):
        for number in range(100):
            assert one.gateway.post("echo", f'"{name}-{number}"').json() == f"{name}-{number}"
    with ThreadPoolExecutor(8) as clients:
        results = [clients.submit(native, b"n%d" % number) for number in range(4)]
        results += [clients.submit(web, f"w{number}") for number in range(4)]
        for result in results:
            result.result()


def test_names_that_are_not_allowed_are_not_served(broker):
    one = broker(allow=["echo", "math.*"])
    for name in ("mmi.service", "a/b", "other"):
        one.worker(name, wait=False)
    one.worker("echo")
    one.worker("math.add")
    assert names(one.gateway) == {"hub", "echo", "math.add"}
    one.gateway.until(lambda: "allow" in one.gateway.get("/readyz").json()["services"]["hub"].get("trouble", ""))


def test_a_configured_service_goes_before_a_registered_one(broker):
    one = broker()
    one.worker("hub", wait=False)
    one.worker("echo")
    assert one.gateway.get("/v1/services/hub").json()["registered"] == ["echo", "hub"]
    assert one.gateway.post("hub", 1).status_code == 405


def test_a_worker_that_says_goodbye_gets_nothing(broker):
    one = broker()
    first = one.worker("echo", lambda body: b'"first"')
    one.worker("echo", lambda body: b'"second"')
    first.send([b"", ONE, b"\x05"])
    one.gateway.until(lambda: one.workers("echo") == 1)
    assert [one.gateway.post("echo", 1).json() for _ in range(4)] == ["second"] * 4


def test_a_route_leads_to_a_registered_service(start, endpoint, scripted, tmp_path):
    there = endpoint()
    gateway = start.gateway(
        {"hub": {"peer": "majordomo", "bind": there}}, tmp_path,
        routes=[{"match": "GET /orders/{id}", "service": "hub", "registered": "orders", "request": "envelope"}])
    worker = scripted(
        zmq.DEALER, lambda f, send: f[2] == b"\x02" and send([b"", ONE, b"\x03", f[3], b"", f[5]]), connect=there)
    worker.send([b"", ONE, b"\x01", b"orders"])
    gateway.ready("hub")
    for accept in ("*/*", "application/json"):
        answer = gateway.get("/orders/7", Accept=accept)
        assert (answer.json()["params"], answer.headers["content-type"]) == ({"id": "7"}, "application/json")
    assert gateway.get("/v1/services/hub").json()["registered"] == [], "by name its worker would take a forged envelope"


def test_a_name_that_a_worker_gives_itself_forges_no_line_of_the_log(broker, scripted):
    one = broker()
    stranger = scripted(zmq.DEALER, lambda frames, send: None, connect=one.there)
    stranger.send([b"", ONE, b"\x01", b"x\n2026-01-01T00:00:00.000Z info forged\x1b[2J"])
    one.gateway.until(lambda: any("forged" in line for line in one.gateway.errors))
    lines = [line for line in one.gateway.errors if "forged" in line]
    assert len(lines) == 1 and "a worker offers" in lines[0] and "\x1b" not in lines[0]


def test_sessions_reach_registered_services(broker):
    from websockets.sync.client import connect
    one = broker()
    one.worker("echo")
    one.parts("count", [b"1", b"2"])
    address = one.gateway.url.replace("http", "ws")
    with connect(address + "/v1/services/echo") as socket:
        socket.send("7")
        assert socket.recv(5) == "7"
    with connect(address + "/v1/socket", subprotocols=["zmq-gateway.v1"]) as socket:
        assert json.loads(socket.recv(5))["op"] == "hello"
        socket.send(json.dumps({"op": "request", "id": "a", "service": "count", "body": 0}))
        messages = [json.loads(socket.recv(5)) for _ in range(3)]
        assert [message.get("body") for message in messages] == [1, 2, None]
        assert messages[2]["reason"] == "final"
        socket.send(json.dumps({"op": "request", "id": "b", "service": "hub", "body": 0}))
        assert json.loads(socket.recv(5))["problem"]["code"] == "unknown_service"


@pytest.fixture
def through(broker, start, tmp_path):
    """through(broker, version) starts a second gateway that is a client of the first one's broker."""
    def begin(one, version="0.1", **service):
        settings = {"peer": "majordomo", "connect": one.there, "version": version, "service": "echo", **service}
        return start.gateway({"far": settings}, tmp_path)
    return begin


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_a_service_of_a_broker_that_exists(broker, through, version):
    one = broker()
    one.worker("echo")
    gateway = through(one, version)
    gateway.ready("far")
    with ThreadPoolExecutor(8) as clients:
        results = list(clients.map(lambda number: gateway.post("far", number), range(200)))
    assert [json.loads(result.text) for result in results] == list(range(200))


def test_parts_come_through_a_broker(broker, through):
    one = broker()
    one.parts("echo", [b"1", b"2", b"3"])
    gateway = through(one, "0.2")
    gateway.ready("far")
    for _ in range(3):
        assert gateway.post("far", 0, Accept="application/json").json() == [1, 2, 3]


def test_a_name_that_nobody_offers_at_the_broker_is_no_worker(broker, through):
    """The broker would keep the request for ever."""
    one = broker()
    gateway = through(one)
    one.gateway.until(lambda: gateway.post("far", 1).json()["code"] == "no_worker")
    one.worker("echo")
    gateway.ready("far")
    assert gateway.post("far", 1).json() == 1
    assert one.gateway.metric("zmq_gateway_native_requests_total", 'service="hub"') == 1


def test_a_broker_that_does_not_know_the_question_is_tried(through, scripted, endpoint):
    class Place:
        there = endpoint()

    def answer(frames, send):
        if frames[3] == b"echo":
            send(frames)
    scripted(zmq.ROUTER, answer, bind=Place.there)
    gateway = through(Place)
    gateway.ready("far")
    assert gateway.post("far", {"a": 1}).json() == {"a": 1}


@pytest.mark.parametrize("address", [b"nobody", b"0" * 24], ids=["a name", "a ticket"])
def test_who_answers_what_it_was_not_asked_is_told_to_go(broker, address):
    one = broker()
    seen = threading.Event()
    worker = one.worker("echo", lambda body: seen.set())
    with ThreadPoolExecutor(1) as clients:
        result = clients.submit(one.gateway.post, "echo", 1)
        assert seen.wait(10)
        worker.send([b"", ONE, b"\x03", address, b"", b'"other"'])
        assert result.result().json()["code"] == "worker_lost"
    assert worker.wait_for(lambda seen: [f for f in seen if f[2] == b"\x05"], "DISCONNECT")


def test_a_native_client_may_ask_for_very_much_at_once(broker):
    one = broker(limits={"max_exchanges": 30_000})
    client = one.client(zmq.DEALER)
    client.sndhwm = client.rcvhwm = 0
    for number in range(30_000):
        client.send_multipart([b"", b"MDPC01", b"echo", b"%d" % number])
    one.gateway.until(lambda: one.gateway.metric("zmq_gateway_native_requests_total", 'service="hub"') >= 1000)
    one.worker("echo")
    assert sorted(int(client.recv_multipart()[3]) for _ in range(30_000)) == list(range(30_000))


def test_a_broker_itself_is_no_service_to_ask(broker):
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect
    one = broker()
    one.worker("echo")
    answer = one.gateway.get("/v1/services/hub?request=1")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_service") and "registered" in answer.json()["detail"]
    with pytest.raises(InvalidStatus) as refused:
        connect(one.gateway.url.replace("http", "ws") + "/v1/services/hub")
    assert refused.value.response.status_code == 404


def test_of_two_brokers_the_first_has_a_name_and_then_the_second(start, endpoint, scripted, tmp_path):
    places = {name: endpoint() for name in ("one", "two")}
    gateway = start.gateway(
        {name: {"peer": "majordomo", "bind": there} for name, there in places.items()}, tmp_path, reactors=2)

    def worker(name):
        act = lambda f, send: f[2] == b"\x02" and send([b"", ONE, b"\x03", f[3], b"", b'"%s"' % name.encode()])  # noqa: E731
        worker = scripted(zmq.DEALER, act, connect=places[name])
        worker.send([b"", ONE, b"\x01", b"echo"])
        gateway.ready(name)
        return worker
    worker("two")
    gateway.until(lambda: gateway.post("echo", 1).status_code == 200)
    assert gateway.post("echo", 1).json() == "two"
    worker("one")
    gateway.until(lambda: gateway.post("echo", 1).json() == "one")


def test_what_waits_for_a_native_client_outlives_the_last_worker(broker):
    """It cannot be told that nobody is there, so its request waits for the next worker; a web client is told at once."""
    one = broker()
    seen = threading.Event()
    worker = one.worker("echo", lambda body: seen.set())
    with ThreadPoolExecutor(2) as clients:
        busy = clients.submit(one.gateway.post, "echo", 1)
        assert seen.wait(10)
        client = one.client()
        client.send_multipart([b"MDPC01", b"echo", b"2"])
        one.gateway.until(lambda: one.gateway.metric("zmq_gateway_native_requests_total", 'service="hub"') == 1)
        web = clients.submit(one.gateway.post, "echo", 3)
        one.gateway.until(lambda: one.gateway.metric("zmq_gateway_exchanges_waiting", 'service="hub"') == 2)
        worker.close()
        assert busy.result().json()["code"] == "worker_lost" and web.result().json()["code"] == "no_worker"
    one.worker("echo")
    assert client.recv_multipart() == [b"MDPC01", b"echo", b"2"]


def metric(one, name):
    """Of all reasons together."""
    values = one.gateway.metrics().get(f"zmq_gateway_{name}", {})
    return sum(value for labels, value in values.items() if labels.startswith('service="hub"'))


def test_native_requests_and_the_web_share_one_bound(broker):
    gate = threading.Semaphore(0)

    def answer(body):
        assert gate.acquire(timeout=20)
        return body
    one = broker(max_exchanges=2)
    one.worker("echo", answer)
    client = one.client(zmq.DEALER)
    for number in range(5):
        client.send_multipart([b"", b"MDPC01", b"echo", b"%d" % number])
    one.gateway.until(lambda: metric(one, "exchanges_waiting") == 4)
    with ThreadPoolExecutor(1) as clients:
        web = clients.submit(one.gateway.post, "echo", 1)
        one.gateway.until(lambda: metric(one, "exchanges_open") == 1)
        refused = one.gateway.post("echo", 1)
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded"), "one has the worker, one waits"
        for _ in range(6):
            gate.release()
        assert web.result().json() == 1
    assert [client.recv_multipart()[-1] for _ in range(5)] == [b"%d" % number for number in range(5)]
    one.gateway.until(lambda: metric(one, "native_requests_open") == 0)
    assert metric(one, "native_refused_total") == 0


@pytest.mark.parametrize("end", ["the deadline", "the client left", "the worker is lost"])
def test_a_place_is_given_back_however_a_native_request_ends(broker, end):
    gate = threading.Semaphore(0)
    settings = {"replies": {"deadline": "500ms"}} if end == "the deadline" else {}
    one = broker(max_exchanges=1, **settings)
    worker = one.worker("echo", lambda body: body if gate.acquire(timeout=20) else None)
    client = one.client(zmq.DEALER)
    client.send_multipart([b"", b"MDPC01", b"echo", b"1"])
    worker.wait_for(lambda seen: [frames for frames in seen if frames[2] == b"\x02"], "the request")
    if end == "the client left":
        client.close()
        gate.release()
    elif end == "the worker is lost":
        gate.release()
        worker.die()
    one.gateway.until(lambda: metric(one, "native_requests_open") == 0)
    if end == "the deadline":
        assert metric(one, "native_refused_total") == 1
    gate.release()
    gate.release()
    if end == "the worker is lost":
        one.worker("echo")
    assert one.gateway.post("echo", 2).json() == 2
