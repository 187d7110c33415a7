"""A router identity serves one exchange: what a worker says too often reaches no other client, whenever it says it."""
import asyncio
import heapq
import itertools
import os
import random
import subprocess
import time

import aiohttp
import pytest
import requests
import zmq
from harness import BINARY, free_tcp_endpoint
from scripted import ScriptedWorker, echo, replies, silent

DONE = {"pointer": "/done", "equals": True}
#: 100,000 take some minutes on a release build: FRESH_EXCHANGES=100000 ZMQ_GATEWAY_BIN=.build/release/zmq-gateway.
EXCHANGES = int(os.environ.get("FRESH_EXCHANGES", "3000"))
CLIENTS = 32


def told(gateway, words):
    return [line for line in gateway.errors if words in line]


@pytest.fixture
def router(start, endpoint, tmp_path, scripted):
    def make(answer, rules, reactors=1, **settings):
        worker = scripted(zmq.ROUTER, answer, bind=(there := endpoint()))
        service = {"peer": "router", "connect": there, "replies": {"deadline": "5s", **rules}, **settings}
        gateway = start.gateway({"s": service}, tmp_path, reactors=reactors)
        gateway.ready("s")
        return gateway, worker
    return make


class LateTwice(ScriptedWorker):
    """Answers each request, and once more a while later, at random times."""

    def __init__(self, most, **where):
        self.most, self.due, self.order = most, [], itertools.count()
        self.chance = random.Random(3)
        super().__init__(zmq.ROUTER, self._later, **where)

    def _later(self, frames, send):
        now = time.monotonic()
        for delay in (first := self.chance.random() * self.most, first + self.chance.random() * self.most):
            heapq.heappush(self.due, (now + delay, next(self.order), frames))

    def _tick(self):
        while self.due and self.due[0][0] <= time.monotonic():
            self._socket.send_multipart(heapq.heappop(self.due)[2])
        return max(0, (self.due[0][0] - time.monotonic()) * 1000) if self.due else None

    def _record(self, direction, frames):
        """There are too many."""


@pytest.mark.parametrize("rules", [{"count": 1}, {"final": {"pointer": "/who", "exists": True}}], ids=["count", "final"])
def test_a_second_reply_after_the_end_does_not_reach_the_next_client(router, rules):
    """The worker says its second reply to alice when bob's request is there, and only then answers bob."""
    first = []

    def answer(frames, send):
        if first:
            send([first[0][0], b'{"who":"alice","again":true}'])
        first.append(frames)
        send(frames)
    gateway, worker = router(answer, rules, identities={"spare": 1, "max": 1})
    for name in ("alice", "bob"):
        gateway.until(lambda: gateway.metric("zmq_gateway_identities", 'service="s",state="ready"') == 1)
        assert gateway.post("s", {"who": name}).json() == {"who": name}
    assert len(set(worker.identities())) == 2


@pytest.mark.timeout(900)
def test_replies_too_many_at_random_times_reach_nobody(start, endpoint, tmp_path, threaded):
    worker = threaded(LateTwice, 0.005, bind=(there := endpoint()))
    service = {"peer": "router", "connect": there, "replies": {"count": 1}, "identities": {"max": 2 * CLIENTS, "spare": 4}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=2, log={"access": "off"})
    gateway.ready("s")
    numbers = iter(range(EXCHANGES))
    crossed, refused = [], []

    async def client(session):
        for number in numbers:
            async with session.post(f"{gateway.url}/v1/services/s", json=number) as response:
                text = await response.text()
                if response.status != 200:
                    refused.append((response.status, text))
                elif text.strip() != str(number):
                    crossed.append((number, text))

    async def all_clients():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=800)) as session:
            await asyncio.gather(*(client(session) for _ in range(CLIENTS)))
    asyncio.run(all_clients())
    assert crossed == [] and refused == []
    assert not told(gateway, "reuse` is off")
    assert worker.failure is None


def test_replies_that_have_come_when_their_identity_is_closed_are_late(router):
    gateway, worker = router(replies(b"1", b"2", b"3"), {"count": 1})
    for _ in range(20):
        assert gateway.post("s", {}).json() == 1
    assert len(set(worker.identities())) == 20
    # The worker says all three at once, but they need not come at once.
    gateway.until(lambda: 0 < gateway.dropped("late") <= 40)
    assert "trouble" not in gateway.get("/v1/services/s").json()


@pytest.mark.parametrize("rules, body", [({"final": DONE}, b'{"done":true}'), ({"count": 1}, b"1")], ids=["final", "count"])
@pytest.mark.parametrize("reuse", [False, True])
def test_identities_serve_again_only_where_the_configuration_allows_it(router, rules, body, reuse):
    gateway, worker = router(replies(body), rules, identities={"reuse": reuse})
    for number in range(40):
        assert gateway.post("s", number).status_code == 200
    used = worker.identities()
    assert (len(set(used)) < len(used)) == reuse
    assert all(0x21 <= byte <= 0x7E for identity in used for byte in identity)


@pytest.mark.parametrize("reactors", [1, 2])
def test_the_first_reply_too_many_ends_reuse_and_says_so(router, reactors):
    """On every reactor, once. All fresh ones have their turn first: long enough for that reply to be seen."""
    lies = []

    def answer(frames, send):
        send(frames)
        if lies:
            send([frames[0], b'"too many"'])
    gateway, worker = router(answer, {"count": 1}, reactors, identities={"spare": 64, "max": 100, "reuse": True})
    for number in range(200):
        assert gateway.post("s", number).json() == number
    assert len(set(worker.identities())) <= 100 and not told(gateway, "`identities.reuse` is off")
    before = set(worker.identities())
    lies.append(True)
    assert gateway.post("s", 1).json() == 1
    gateway.until(lambda: told(gateway, "`identities.reuse` is off"))
    begun = len(worker.seen)
    for number in range(100):
        assert gateway.post("s", number).json() == number
    used = worker.identities()[begun:]
    assert len(set(used)) == 100 and not before & set(used)
    assert len(told(gateway, "`identities.reuse` is off")) == 1
    assert "`identities.reuse` is off" in gateway.get("/v1/services/s").json()["trouble"]


@pytest.mark.parametrize("queue_while_down", [False, True])
def test_a_worker_that_comes_anew_is_trusted_again(start, endpoint, tmp_path, scripted, queue_while_down):
    liar = scripted(zmq.ROUTER, lambda frames, send: [send(frames), send([frames[0], b"2"])], bind=(there := endpoint()))
    service = {"peer": "router", "connect": there, "replies": {"count": 1}, "socket": {"queue_while_down": queue_while_down},
               "identities": {"reuse": True}}
    gateway = start.gateway({"s": service}, tmp_path)
    trouble = lambda: "trouble" in gateway.get("/v1/services/s").json()
    gateway.ready("s")
    assert gateway.post("s", 1).status_code == 200
    gateway.until(trouble)
    liar.die()
    gateway.until(lambda: not trouble())
    worker = scripted(zmq.ROUTER, echo, bind=there)
    gateway.ready("s")
    for number in range(40):
        assert gateway.post("s", number).json() == number
    assert len(set(worker.identities())) < 40


def test_the_log_says_when_all_identities_are_in_use(router):
    gateway, worker = router(silent, {"deadline": "30s"}, identities={"spare": 1, "max": 1})
    with requests.post(f"{gateway.url}/v1/services/s", json=1, stream=True, headers={"Accept": "application/x-ndjson"}):
        worker.wait_for_count(1)
        for _ in range(20):
            assert gateway.post("s", 2, Accept="application/json").json()["code"] == "overloaded"
    gateway.until(lambda: told(gateway, "all identities are in use"))
    lines = told(gateway, "all identities are in use")
    assert len(lines) == 1 and "identities.max" in lines[0]


def test_closed_identities_leave_nothing_behind(router):
    gateway, worker = router(echo, {"count": 1}, identities={"spare": 2, "max": 50})
    assert gateway.post("s", 0).json() == 0
    gateway.until(lambda: gateway.metric("zmq_gateway_identities", 'service="s",state="ready"') >= 2)
    before = gateway.descriptors()
    for number in range(300):
        assert gateway.post("s", number).json() == number
    gateway.until(lambda: gateway.descriptors() <= before + 4)
    assert len(set(worker.identities())) == 301


@pytest.mark.parametrize("replies, note", [("{count: 1}", True), ("{final: {empty: true}}", True), ("{idle: 1s}", False)])
def test_check_says_what_reuse_would_gain(tmp_path, replies, note):
    path = tmp_path / "gateway.yaml"
    text = f"services:\n  q:\n    peer: router\n    connect: tcp://127.0.0.1:5570\n    replies: {replies}\n"
    for reuse in ("", "    identities: {reuse: true}\n"):
        path.write_text(text + reuse)
        run = subprocess.run([BINARY, "check", "--config", str(path)], capture_output=True, text=True, timeout=20)
        assert run.returncode == 0
        assert ("note: services.q: each exchange uses a fresh identity" in run.stdout) == (note and not reuse)
        assert ("warning" in run.stdout and "identities.reuse: has no effect" in run.stdout) == (bool(reuse) and not note)


def test_the_start_says_what_reuse_would_gain(router):
    gateway, _ = router(echo, {"count": 1})
    gateway.until(lambda: told(gateway, "services.s: each exchange uses a fresh identity"))


def test_check_says_when_identities_do_not_fit_the_descriptors(tmp_path):
    path = tmp_path / "gateway.yaml"
    path.write_text("services: {q: {peer: router, connect: tcp://127.0.0.1:5570, replies: {idle: 1s}, identities: {max: 400}}}\n")
    for limit, fits in ((256, False), (8192, True)):
        run = subprocess.run(
            ["prlimit", f"--nofile={limit}:{limit}", BINARY, "check", "--config", str(path)], capture_output=True, text=True,
            timeout=20)
        assert run.returncode == 0
        assert ("services.q.identities.max: 400 identities need 800 descriptors" in run.stdout) != fits


def test_a_worker_that_is_named_is_served_and_found_again(start, tmp_path, scripted):
    """Identities connect to the address of the name, and ask anew once the worker was gone."""
    there = free_tcp_endpoint()
    worker = scripted(zmq.ROUTER, echo, bind=there)
    service = {"peer": "router", "connect": there.replace("127.0.0.1", "localhost"), "replies": {"count": 1}, "socket": {"ipv6": False}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    for _ in range(2):
        gateway.ready("s")
        for number in range(50):
            assert gateway.post("s", number).json() == number
        worker.die()
        gateway.ready("s", False)
        worker = scripted(zmq.ROUTER, echo, bind=there)
