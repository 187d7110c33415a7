"""Native DEALER and REQ clients beside the web: they share the workers, and each gets its own replies."""
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import zmq
from scripted import echo, silent


@pytest.fixture
def service(start, endpoint, scripted, tmp_path):
    """service(peer, answer, workers=n, ...) starts a gateway with service `s` and workers of its kind."""
    class Service:
        def __init__(self, peer, answer=echo, workers=1, reactors=1, limits=None, **settings):
            self.there, self.clients, self.peer = endpoint(), endpoint(), peer
            self.context = zmq.Context()
            replies = {"replies": {"count": 1}} if peer == "dealer" else {}
            service = {"peer": peer, "bind": self.there, "clients": self.clients, **replies, **settings}
            self.gateway = start.gateway({"s": service}, tmp_path, reactors=reactors, limits=limits or {})
            self.workers = [self.worker(answer) for _ in range(workers)]

        def worker(self, answer=echo):
            worker = scripted(zmq.REP if self.peer == "rep" else zmq.DEALER, answer, connect=self.there)
            if self.peer == "ready":
                worker.send([b"", b"READY"])
            self.gateway.ready("s")
            return worker

        def client(self, kind=zmq.DEALER):
            socket = self.context.socket(kind)
            socket.linger, socket.rcvtimeo = 0, 10_000
            socket.connect(self.clients)
            return socket

        def metric(self, name):
            """Of all reasons together."""
            values = self.gateway.metrics().get(f"zmq_gateway_{name}", {})
            return sum(value for labels, value in values.items() if labels.startswith('service="s"'))
    running = []

    def make(*arguments, **settings):
        running.append(Service(*arguments, **settings))
        return running[-1]
    yield make
    for one in running:
        one.context.destroy(linger=0)


@pytest.mark.parametrize("peer", ["dealer", "rep", "ready"])
def test_req_clients_are_served(service, peer):
    one = service(peer)
    client = one.client(zmq.REQ)
    for number in range(10):
        client.send(b"%d" % number)
        assert client.recv() == b"%d" % number
    assert one.metric("native_requests_total") == one.metric("native_replies_total") == 10
    assert one.metric("native_clients") == 1


@pytest.mark.parametrize("peer", ["dealer", "ready"])
def test_dealer_clients_are_served_without_a_delimiter(service, peer):
    one = service(peer)
    client = one.client()
    for number in range(10):
        client.send(b"%d" % number)
    assert sorted(client.recv_multipart() for _ in range(10)) == [[b"%d" % number] for number in range(10)]


def test_the_worker_sees_what_it_would_see_behind_a_proxy(service):
    one = service("dealer")
    client = one.client()
    client.send(b"request")
    client.recv()
    identity, *body = one.workers[0].wait_for_count(1)[0]
    assert body == [b"request"] and identity.isalnum()


@pytest.mark.parametrize("hops", [1, 3])
def test_clients_behind_other_brokers_are_told_apart(service, hops):
    one = service("ready")
    client = one.client()
    for number in range(4):
        client.send_multipart([b"hop"] * (hops - 1) + [b"peer-%d" % (number % 2), b"", b"%d" % number])
    got = sorted(client.recv_multipart() for _ in range(4))
    assert got == sorted([b"hop"] * (hops - 1) + [b"peer-%d" % (number % 2), b"", b"%d" % number] for number in range(4))
    assert one.metric("native_clients") == 2


def test_a_request_may_have_many_replies_and_late_ones(service):
    """As behind asyncsrv's proxy: whatever a worker sends to a client reaches it, whenever that is."""
    def answer(frames, send):
        for number in range(3):
            send([*frames[:-1], frames[-1] + b"-%d" % number])
    one = service("dealer", answer)
    client = one.client()
    client.send(b"a")
    client.send(b"b")
    got = sorted(client.recv() for _ in range(6))
    assert got == [b"a-0", b"a-1", b"a-2", b"b-0", b"b-1", b"b-2"]
    one.workers[0].send([one.workers[0].seen[0][0], b"an hour later"])
    assert client.recv() == b"an hour later"


@pytest.mark.parametrize("peer", ["dealer", "rep", "ready"])
@pytest.mark.parametrize("reactors", [1, 2])
def test_all_kinds_of_clients_share_one_pool_and_get_their_own(service, peer, reactors):
    from websockets.sync.client import connect
    one = service(peer, workers=3, reactors=reactors)

    def native(kind, name):
        client = one.client(kind)
        for number in range(60):
            body = json.dumps(f"{name}-{number}").encode()
            client.send_multipart([body] if kind == zmq.REQ or peer == "dealer" else [b"", body])
            assert client.recv_multipart()[-1] == body

    def curl(name):
        for number in range(60):
            assert one.gateway.post("s", f'"{name}-{number}"').json() == f"{name}-{number}"

    def session(name):
        with connect(one.gateway.url.replace("http", "ws") + "/v1/services/s") as socket:
            for number in range(60):
                socket.send(f'"{name}-{number}"')
                assert socket.recv(10) == f'"{name}-{number}"'
    with ThreadPoolExecutor(8) as clients:
        results = [clients.submit(native, kind, f"{kind}-{number}") for kind in (zmq.REQ, zmq.DEALER) for number in range(2)]
        results += [clients.submit(what, f"{what.__name__}-{number}") for what in (curl, session) for number in range(2)]
        for result in results:
            result.result()


def test_a_busy_native_client_does_not_keep_the_web_waiting(service):
    gate, seen = threading.Semaphore(0), []

    def answer(frames, send):
        seen.append(frames[-1])
        gate.acquire(timeout=20)
        send(frames)
    one = service("ready", answer, queue={"max": 1_000})
    client = one.client()
    for number in range(300):
        client.send(b"%d" % number)
    one.gateway.until(lambda: one.metric("exchanges_waiting") == 299)
    with ThreadPoolExecutor(1) as clients:
        web = clients.submit(one.gateway.post, "s", '"web"')
        one.gateway.until(lambda: one.metric("exchanges_waiting") == 300)
        for _ in range(301):
            gate.release()
        assert web.result().json() == "web"
        assert seen.index(b'"web"') <= 2
    assert [client.recv() for _ in range(300)] == [b"%d" % number for number in range(300)]


def test_what_nobody_can_take_stays_with_the_client(service):
    """Without a worker nothing is lost: the messages wait, and are answered when one comes."""
    one = service("ready", workers=0)
    client = one.client()
    for number in range(50):
        client.send(b"%d" % number)
    one.gateway.until(lambda: one.metric("native_requests_total") == 1)
    assert one.gateway.post("s", 1).json()["code"] == "no_worker"
    one.worker()
    assert [client.recv() for _ in range(50)] == [b"%d" % number for number in range(50)]


def test_a_client_that_leaves_is_forgotten(service):
    one = service("ready")
    client = one.client()
    client.send(b"1")
    assert client.recv() == b"1"
    assert one.metric("native_clients") == 1
    client.close()
    one.gateway.until(lambda: one.metric("native_clients") == 0)


@pytest.mark.parametrize("frames", [[b""], [b"", b""], [b"x", b""], [b""] * 30], ids=len)
def test_odd_messages_harm_nobody(service, frames):
    one = service("ready")
    stranger = one.client()
    for _ in range(5):
        stranger.send_multipart(frames)
    client = one.client(zmq.REQ)
    client.send(b"1")
    assert client.recv() == b"1"


def gated():
    """(gate, answer): a worker that answers one request for each release of the gate."""
    gate = threading.Semaphore(0)

    def answer(frames, send):
        assert gate.acquire(timeout=20)
        send(frames)
    return gate, answer


BOUNDS = [{"limits": {"max_exchanges": 6}}, {"max_exchanges": 6}]


@pytest.mark.parametrize("peer", ["dealer", "rep", "ready"])
@pytest.mark.parametrize("reactors", [1, 2])
@pytest.mark.parametrize("bound", BOUNDS, ids=["of the gateway", "of the service"])
def test_native_clients_have_half_of_the_places_and_the_web_the_rest(service, peer, reactors, bound):
    gate, answer = gated()
    pool = {"dialect": "addressed", "capacity": 10} if peer == "ready" else {}
    one = service(peer, answer, reactors=reactors, **bound, **pool)

    def under_way():
        if peer != "ready":
            return one.metric("native_requests_open")
        return one.gateway.get("/v1/services/s").json()["pool"]["workers"][0]["in_hand"]
    client = one.client()
    for number in range(8):
        client.send_multipart([b"", b"%d" % number])
    one.gateway.until(lambda: under_way() == 3)
    with ThreadPoolExecutor(3) as clients:
        web = [clients.submit(one.gateway.post, "s", number) for number in range(3)]
        one.gateway.until(lambda: one.metric("exchanges_open") == 3)
        refused = one.gateway.post("s", 1)
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert one.metric("native_refused_total") == 0
        for _ in range(11):
            gate.release()
        assert [one.result().json() for one in web] == [0, 1, 2]
    assert [client.recv_multipart() for _ in range(8)] == [[b"", b"%d" % number] for number in range(8)]
    one.gateway.until(lambda: one.metric("native_requests_open") == 0)
    gate.release()
    assert one.gateway.post("s", 1).json() == 1


def test_the_web_takes_places_from_native_clients(service):
    gate, answer = gated()
    one = service("ready", answer, max_exchanges=1)
    with ThreadPoolExecutor(1) as clients:
        web = clients.submit(one.gateway.post, "s", '"web"')
        one.workers[0].wait_for_count(1)
        client = one.client()
        client.send(b"native")
        one.gateway.until(lambda: one.metric("exchanges_waiting") == 1)
        gate.release()
        assert web.result().json() == "web"
    gate.release()
    assert client.recv() == b"native"


def leave(one, client):
    client.close()


def lose(one, client):
    one.workers[0].die()


def wait(one, client):
    """Its time passes by itself."""


ENDS = {
    "the client left": (leave, {}, 0), "the worker is lost": (lose, {}, 2),
    "the deadline": (wait, {"replies": {"count": 1, "deadline": "500ms"}}, 2)}


@pytest.mark.parametrize("peer", ["dealer", "rep", "ready"])
@pytest.mark.parametrize("end", ENDS)
def test_a_place_is_given_back_once_however_a_native_request_ends(service, peer, end):
    happen, settings, refusals = ENDS[end]
    if peer == "rep" and settings:
        settings = {"replies": {"deadline": "500ms"}}
    if peer == "ready":
        settings = {"capacity": 2, "dialect": "addressed", **settings}
    one = service(peer, silent, max_exchanges=4, **settings)
    client = one.client()
    for number in range(2):
        client.send(b"%d" % number)
    one.workers[0].wait_for_count(1)
    if end != "the deadline":
        one.gateway.until(lambda: one.metric("native_requests_open") == 2)
    happen(one, client)
    one.gateway.until(lambda: one.metric("native_requests_total") == 2 and one.metric("native_requests_open") == 0)
    assert one.metric("native_refused_total") == refusals
    # Two places are there, and not three.
    one.workers += [one.worker(silent)]
    other = one.client()
    for number in range(3):
        other.send(b"%d" % number)
    one.gateway.until(lambda: one.metric("native_requests_total") == 5)
    if peer == "ready":
        one.workers[-1].wait_for_count(2)
        assert one.metric("exchanges_waiting") == 1 and len(one.workers[-1].seen) == 2
    else:
        one.gateway.until(lambda: one.metric("native_requests_open") == 2)


def test_what_waits_too_long_gives_its_place_back(service):
    one = service("ready", silent, max_exchanges=3, queue={"max": 10, "max_age": "300ms"})
    client = one.client()
    for number in range(3):
        client.send(b"%d" % number)
    one.workers[0].wait_for_count(1)
    one.gateway.until(lambda: one.metric("native_refused_total") == 2)
    assert one.metric("native_requests_open") == 1, "the one that the worker has"


def test_a_worker_that_answers_after_the_deadline_is_ready_again(service):
    gate, answer = gated()
    one = service("ready", answer, replies={"deadline": "300ms"})
    client = one.client()
    client.send(b"late")
    one.gateway.until(lambda: one.metric("native_refused_total") == 1)
    assert one.metric("native_requests_open") == 0
    gate.release()
    gate.release()
    client.send(b"next")
    assert client.recv() == b"next", "and the late answer reaches nobody"
