"""Workers of a Majordomo broker that break the protocol: they neither fill its table of names nor go round in circles."""
import collections
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import zmq
from guide_peers import MajordomoWorker

READY, HEARTBEAT = b"\x01", b"\x04"


def command(number, *frames):
    return [b"", b"MDPW01", number, *frames]


class StubbornWorker:
    """One thing at a time on one connection: what it is told waits until its work is done, and DISCONNECT makes it say READY again."""

    def __init__(self, connect, name=b"echo", work=0, interrupts=False):
        """`work`: the seconds that a request takes; `interrupts`: it says READY in the middle of its work."""
        self.failure, self.served, self.told = None, 0, collections.Counter()
        self._name, self._seconds, self._interrupts = name, work, interrupts
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.linger, self._socket.sndhwm = 0, 0
        self._socket.connect(connect)
        self._stop = threading.Event()
        self._orders = collections.deque()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, *messages):
        self._orders.append(messages)

    def _run(self):
        self._socket.send_multipart(command(READY, self._name))
        while not self._stop.is_set():
            while self._orders:
                for message in self._orders.popleft():
                    self._socket.send_multipart(message)
            if not self._socket.poll(10):
                continue
            frames = self._socket.recv_multipart()
            self.told[frames[2]] += 1
            if frames[2] == b"\x02":
                self.served += 1
                time.sleep(self._seconds)  # The work itself.
                if self._interrupts:
                    self._socket.send_multipart(command(READY, self._name))
                self._socket.send_multipart(command(b"\x03", frames[3], b"", frames[5]))
            elif frames[2] == b"\x05":
                self._socket.send_multipart(command(READY, self._name))

    def close(self):
        self._stop.set()
        self._thread.join(10)
        self._context.destroy(linger=0)


@pytest.fixture
def hub(start, endpoint, tmp_path):
    """hub(...) starts a gateway whose service `hub` is a broker, and returns it and the broker's endpoint."""
    def make(**service):
        there = endpoint()
        return start.gateway({"hub": {"peer": "majordomo", "bind": there, **service}}, tmp_path), there
    return make


def workers(gateway, name):
    description = gateway.get(f"/v1/services/{name}")
    return description.json()["workers"] if description.status_code == 200 else 0


def names(gateway):
    return [service["name"] for service in gateway.get("/v1/services").json()["services"] if service["name"] != "hub"]


def test_a_worker_that_says_ready_after_each_disconnect_does_not_go_round_in_circles(hub, threaded):
    """It was silent and is told to begin anew for each of its heartbeats; all but the first of these READYs come when it is at work."""
    gateway, there = hub(heartbeat={"interval": "250ms", "liveness": 2}, socket={"queue_while_down": True})
    worker = threaded(StubbornWorker, there, work=0.005)
    gateway.until(lambda: workers(gateway, "echo") == 1)
    gateway.until(lambda: workers(gateway, "echo") == 0)
    with ThreadPoolExecutor(8) as clients:
        answers = [clients.submit(gateway.post, "echo", number) for number in range(200)]
        gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_waiting", 'service="hub"') == 8)
        worker.say(*[command(HEARTBEAT)] * 4)
        codes = collections.Counter(answer.result().status_code for answer in answers)
    assert codes[200] >= 198, codes
    assert worker.told[b"\x05"] <= 2, "one for all that it said before it was ready again"


def test_a_worker_that_breaks_the_protocol_again_and_again_is_given_less_and_less_work(hub, threaded):
    """It says READY with each request in hand: the requests it is given are lost, so it gets few."""
    gateway, there = hub(heartbeat={"interval": "1s", "liveness": 3})
    good = threaded(MajordomoWorker, connect=there)
    threaded(StubbornWorker, there, interrupts=True)
    gateway.until(lambda: workers(gateway, "echo") == 2)
    codes = collections.Counter(gateway.post("echo", number).status_code for number in range(200))
    assert codes[200] >= 190, codes
    assert good.failure is None and gateway.metric("zmq_gateway_violations_total", 'service="hub"') <= 20


def test_one_connection_offers_one_name(hub, threaded):
    gateway, there = hub()
    worker = threaded(StubbornWorker, there, name=b"first")
    gateway.until(lambda: names(gateway) == ["first"])
    worker.say(*[command(READY, b"name-%d" % number) for number in range(3_000)])
    gateway.until(lambda: gateway.metric("zmq_gateway_violations_total", 'service="hub"') >= 3_000)
    assert set(names(gateway)) <= {"first"}
    assert worker.told[b"\x05"] >= 1, "it is told to go"
    gateway.until(lambda: names(gateway) == ["first"])
    assert gateway.post("first", 1).status_code == 200, "the name that it began with is still its own"
    other = threaded(MajordomoWorker, connect=there, service=b"name-1")
    gateway.until(lambda: "name-1" in names(gateway))
    assert gateway.post("name-1", 1).json() == 1 and other.failure is None


def test_names_without_a_worker_make_room_for_one_that_has_one(hub, threaded):
    """A client asks for as many names as a broker knows at a time; a worker's name finds room all the same."""
    gateway, there = hub(queue={"max_age": "10m"}, replies={"deadline": "10m"})
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.linger, client.sndhwm, client.rcvtimeo = 0, 0, 60_000
        client.connect(there)
        for number in range(10_010):
            client.send_multipart([b"", b"MDPC01", b"name-%d" % number, b"x"])
        client.send_multipart([b"", b"MDPC01", b"mmi.service", b"name-10009"])
        assert client.recv_multipart()[-1] == b"404", "it has read them all"
        worker = threaded(MajordomoWorker, connect=there)
        gateway.until(lambda: gateway.post("echo", 1).status_code == 200, timeout=60)
        assert worker.failure is None
    page = requests.get(gateway.url + "/metrics", timeout=60).text
    assert 'zmq_gateway_native_refused_total{service="hub",reason="no_worker"} 11' in page, "ten of clients, and one made room"
