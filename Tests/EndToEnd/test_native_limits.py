"""Floods of native clients: they have a share of the places, take turns, and nothing of theirs is lost without a word."""
import contextlib
import threading
import time

import pytest
import zmq
from guide_peers import MajordomoWorker
from scripted import echo

PEERS = ["dealer", "rep", "ready", "majordomo"]


class Flood:
    """A native DEALER that keeps thousands of requests under way until it is closed, and reads what comes back."""

    def __init__(self, connect, frames, window=4_000):
        self.sent = self.received = 0
        self.failure = None
        self._stop = threading.Event()
        self._arguments = connect, frames, window
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        connect, frames, window = self._arguments
        with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
            socket.linger, socket.sndhwm, socket.rcvhwm = 0, 0, 0
            socket.connect(connect)
            while not self._stop.is_set():
                with contextlib.suppress(zmq.Again):
                    while self.sent - self.received < window:
                        socket.send_multipart(frames, zmq.DONTWAIT)
                        self.sent += 1
                if socket.poll(20):
                    with contextlib.suppress(zmq.Again):
                        while True:
                            socket.recv_multipart(zmq.DONTWAIT)
                            self.received += 1

    def close(self):
        self._stop.set()
        self._thread.join(10)


class QuickWorker:
    """A Majordomo worker that echoes as quickly as Python can."""

    def __init__(self, connect):
        self.failure = None
        self._context = zmq.Context()
        self._arguments = connect
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        with contextlib.suppress(zmq.ContextTerminated), self._context.socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.connect(self._arguments)
            socket.send_multipart([b"", b"MDPW01", b"\x01", b"echo"])
            while True:
                frames = socket.recv_multipart()
                if frames[2] == b"\x02":
                    socket.send_multipart([b"", b"MDPW01", b"\x03", *frames[3:]])

    def close(self):
        self._context.term()
        self._thread.join(10)


class Setting:
    """A gateway with the flooded service `s` and another one, `t`; how native clients of `s` ask."""

    def __init__(self, peer, start, endpoint, scripted, threaded, tmp_path, **settings):
        bound, other, self.clients = endpoint(), endpoint(), endpoint()
        self.peer, self.name = peer, "echo" if peer == "majordomo" else "s"
        service = {"peer": peer, "bind": bound}
        if peer == "majordomo":
            self.clients = bound
        else:
            service["clients"] = self.clients
        if peer == "dealer":
            service["replies"] = {"count": 1}
        self.gateway = start.gateway(
            {"s": service, "t": {"peer": "dealer", "bind": other, "replies": {"count": 1}}}, tmp_path, **settings)
        scripted(zmq.DEALER, echo, connect=other)
        if peer == "majordomo":
            threaded(QuickWorker, bound)
        else:
            worker = scripted(zmq.REP if peer == "rep" else zmq.DEALER, echo, connect=bound)
            if peer == "ready":
                worker.send([b"", b"READY"])
        self.gateway.ready("s")
        self.gateway.ready("t")

    def request(self, body, kind=zmq.DEALER):
        head = [b"MDPC01", b"echo"] if self.peer == "majordomo" else []
        return ([b""] if kind == zmq.DEALER else []) + head + [body]


@pytest.fixture
def setting(start, endpoint, scripted, threaded, tmp_path):
    return lambda peer, **settings: Setting(peer, start, endpoint, scripted, threaded, tmp_path, **settings)


@pytest.mark.parametrize("reactors", [1, 2])
@pytest.mark.parametrize("peer", PEERS)
def test_a_flood_of_a_native_client_leaves_the_web_and_other_clients_their_turn(setting, threaded, peer, reactors):
    one = setting(peer, reactors=reactors, limits={"max_exchanges": 400})
    flood = threaded(Flood, one.clients, one.request(b'"flood"'))
    one.gateway.until(lambda: flood.received > 100)
    slowest = 0
    for number in range(30):
        for service in (one.name, "t"):
            begun = time.monotonic()
            answer = one.gateway.post(service, number)
            assert (answer.status_code, answer.text) == (200, str(number)), (service, answer.text)
            slowest = max(slowest, time.monotonic() - begun)
    with zmq.Context() as context, context.socket(zmq.REQ) as polite:
        polite.linger, polite.rcvtimeo = 0, 10_000
        polite.connect(one.clients)
        for number in range(10):
            begun = time.monotonic()
            polite.send_multipart(one.request(b"%d" % number, zmq.REQ))
            assert polite.recv_multipart()[-1] == b"%d" % number
            slowest = max(slowest, time.monotonic() - begun)
    assert flood.sent - flood.received > 1_000, "the flood goes on"
    assert slowest < 5, "seconds, on a machine that has other things to do"


def test_twenty_thousand_requests_of_one_majordomo_client_are_all_answered(setting):
    """As the guide's mdclient2 asks: without waiting, and twice as many as exchanges may be open."""
    one = setting("majordomo")
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.linger, client.sndhwm, client.rcvhwm, client.rcvtimeo = 0, 0, 0, 30_000
        client.connect(one.clients)
        for number in range(20_000):
            client.send_multipart(one.request(b"%d" % number))
        for number in range(20_000):
            assert client.recv_multipart()[-1] == b"%d" % number
    assert one.gateway.metric("zmq_gateway_native_refused_total", 'service="s",reason="overloaded"') == 0
    assert "trouble" not in one.gateway.get("/readyz").json()["services"]["s"]


def test_requests_that_a_broker_rejects_are_counted_logged_and_shown(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"hub": {"peer": "majordomo", "bind": there, "queue": {"max": 10}}}, tmp_path)
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.linger = 0
        client.connect(there)
        for number in range(500):
            client.send_multipart([b"", b"MDPC01", b"echo", b"%d" % number])
        labels = 'service="hub",reason="overloaded"'
        gateway.until(lambda: gateway.metric("zmq_gateway_native_refused_total", labels) == 490)
        trouble = gateway.get("/readyz").json()["services"]["hub"]["trouble"]
        assert "native clients" in trouble and "queue.max" in trouble
        lines = [line for line in gateway.errors if "native clients get no reply" in line]
        assert len(lines) == 1, "not one for each"


@pytest.mark.parametrize("peer", ["dealer", "rep", "ready"])
def test_native_clients_that_are_held_back_lose_nothing(setting, peer):
    one = setting(peer, limits={"max_exchanges": 20})
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.linger, client.sndhwm, client.rcvhwm, client.rcvtimeo = 0, 0, 0, 20_000
        client.connect(one.clients)
        for number in range(3_000):
            client.send_multipart(one.request(b"%d" % number))
        assert sorted(int(client.recv_multipart()[-1]) for _ in range(3_000)) == list(range(3_000))
    assert one.gateway.metric("zmq_gateway_native_held_total", 'service="s"') > 0
    assert "trouble" not in one.gateway.get("/readyz").json()["services"]["s"]


def test_two_names_of_a_broker_share_its_native_places_in_turn(start, endpoint, threaded, tmp_path):
    """With one place, the flood on one name must not keep the other name's clients waiting."""
    there = endpoint()
    gateway = start.gateway({"hub": {"peer": "majordomo", "bind": there, "max_exchanges": 2}}, tmp_path)
    for name in (b"a", b"b"):
        threaded(MajordomoWorker, connect=there, service=name)
    gateway.until(lambda: gateway.get("/v1/services/b").status_code == 200)
    flood = threaded(Flood, there, [b"", b"MDPC01", b"a", b"x"], window=500)
    gateway.until(lambda: flood.received > 50)
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.linger, client.rcvtimeo = 0, 10_000
        client.connect(there)
        for number in range(10):
            client.send_multipart([b"MDPC01", b"b", b"%d" % number])
            assert client.recv_multipart()[-1] == b"%d" % number
        assert gateway.post("b", "1").json() == 1


def test_all_clients_behind_one_connection_have_one_turn(start, endpoint, scripted, tmp_path):
    """A foreign broker in front, or a client that gives each request an address of its own, is one peer."""
    bound, clients, gate, seen = endpoint(), endpoint(), threading.Semaphore(0), []

    def answer(frames, send):
        seen.append(frames[-1])
        assert gate.acquire(timeout=20)
        send(frames)
    gateway = start.gateway({"s": {"peer": "ready", "bind": bound, "clients": clients}}, tmp_path)
    scripted(zmq.DEALER, answer, connect=bound).send([b"", b"READY"])
    gateway.ready("s")

    def waiting():
        return gateway.metric("zmq_gateway_exchanges_waiting", 'service="s"')
    with zmq.Context() as context, context.socket(zmq.DEALER) as many, context.socket(zmq.DEALER) as polite:
        for socket in (many, polite):
            socket.linger, socket.rcvtimeo = 0, 10_000
            socket.connect(clients)
        for number in range(100):
            many.send_multipart([b"client-%d" % number, b"", b"x"])
        gateway.until(lambda: waiting() == 99)
        polite.send(b"polite")
        gateway.until(lambda: waiting() == 100)
        for _ in range(101):
            gate.release()
        assert polite.recv() == b"polite"
        assert seen.index(b"polite") <= 2
        assert {many.recv_multipart()[0] for _ in range(100)} == {b"client-%d" % number for number in range(100)}


def test_clients_behind_a_broker_are_remembered_up_to_a_bound(start, endpoint, tmp_path):
    """What a broker writes in front of a body is a client: one that writes another name each time must not fill the memory."""
    workers, clients = endpoint(), endpoint()
    gateway = start.gateway({"s": {"peer": "dealer", "bind": workers, "clients": clients}}, tmp_path, reactors=1)
    start.example("echo_worker", "dealer", "connect", workers)
    gateway.ready("s")
    with zmq.Context() as context, context.socket(zmq.DEALER) as broker:
        broker.linger, broker.rcvtimeo = 0, 10_000
        broker.connect(clients)
        for batch in range(0, 25_000, 250):
            names = [b"client-%d" % number for number in range(batch, batch + 250)]
            for name in names:
                broker.send_multipart([name, b"", b"1"])
            assert sorted(broker.recv_multipart()[0] for _ in names) == sorted(names)
        assert gateway.metric("zmq_gateway_native_clients", 'service="s"') <= 20_000
        broker.send_multipart([b"client-0", b"", b"2"])
        assert broker.recv_multipart() == [b"client-0", b"", b"2"]
