"""Workers that are killed without a word, again and again, under load: every exchange ends, and everything is accounted for.

CHAOS_SECONDS=60 makes it a minute for each; the default keeps it short.
"""
import json
import os
import random
import threading
import time
from collections import Counter

import pytest
from websockets.sync.client import connect

SECONDS = float(os.environ.get("CHAOS_SECONDS", "4"))
WORKERS, IN_FLIGHT = 20, 2000
REASONS = {"worker_lost", "overloaded", "no_worker", "deadline"}
GOOD = {"count", "final"}


class Load(threading.Thread):
    """One session with many requests in flight, a new one for each that ends."""

    def __init__(self, url, service, in_flight=IN_FLIGHT):
        super().__init__(daemon=True)
        self.in_flight = in_flight
        self.address, self.service = url.replace("http", "ws") + "/v1/socket", service
        self.stopping = False
        self.ends, self.wrong, self.slowest = Counter(), [], 0
        self.failure = None

    def run(self):
        try:
            with connect(self.address, subprotocols=["zmq-gateway.v1"], compression=None, max_size=None) as self.socket:
                self._serve()
        except Exception as error:  # Told to the test.
            self.failure = error

    def _serve(self):
        self.number, self.open = 0, {}
        for _ in range(self.in_flight):
            self._ask()
        while self.open:
            message = json.loads(self.socket.recv(30))
            if message["op"] == "hello":
                continue
            asked = self.open.get(message.get("id"))
            if asked is None:
                self.wrong.append(message)
            elif message["op"] == "reply":
                if message["body"] != int(message["id"]) or asked[1]:
                    self.wrong.append(message)
                self.open[message["id"]] = (asked[0], True)
            else:
                self._ended(message, asked)

    def _ended(self, message, asked):
        reason = message["reason"]
        if (reason in GOOD) != asked[1] or reason not in GOOD | REASONS:
            self.wrong.append(message)
        self.ends[reason] += 1
        self.slowest = max(self.slowest, time.monotonic() - asked[0])
        del self.open[message["id"]]
        if not self.stopping:
            self._ask()

    def _ask(self):
        self.number += 1
        self.open[str(self.number)] = (time.monotonic(), False)
        self.socket.send(json.dumps({"op": "request", "id": str(self.number), "service": self.service, "body": self.number}))


@pytest.mark.timeout(SECONDS * 3 + 120)
@pytest.mark.parametrize("kind", ["bare", "addressed", "paranoid-pirate", "majordomo"])
@pytest.mark.parametrize("retries", [0, 3])
def test_workers_that_are_killed_under_load(start, endpoint, tmp_path, kind, retries):
    there = endpoint()
    pool = {"peer": "majordomo"} if kind == "majordomo" else {"peer": "ready", "dialect": kind}
    capacity = {} if kind in ("bare", "majordomo") else {"capacity": 4}
    service = {
        **pool, **capacity, "bind": there, "retries": retries, "queue": {"max": 5000, "max_age": "20s"},
        "replies": {"deadline": "20s"}}
    gateway = start.gateway(
        {"s": service}, tmp_path, reactors=2, log={"access": "off"}, sessions={"max_exchanges": IN_FLIGHT})

    def workers_there():
        return gateway.get("/readyz").json()["services"]["s"]["workers"]

    def worker():
        return start.example("ready_worker", kind, there, "2000")[0]
    workers = [worker() for _ in range(WORKERS)]
    gateway.until(lambda: workers_there() == WORKERS)
    load = Load(gateway.url, "echo" if kind == "majordomo" else "s")
    load.start()
    until, killed = time.monotonic() + SECONDS, 0
    while (time.monotonic() < until or killed < SECONDS) and load.failure is None:
        pause = time.monotonic() + 0.2
        victim = random.randrange(WORKERS)
        workers[victim].kill()
        killed += 1
        workers[victim] = worker()
        gateway.until(lambda: workers_there() == WORKERS)
        time.sleep(max(0, pause - time.monotonic()))  # The pace of the killing is what is tested.
    load.stopping = True
    load.join(60)
    assert load.failure is None and not load.is_alive() and not load.wrong, (load.failure, load.wrong[:5])
    total, replies = sum(load.ends.values()), sum(load.ends[reason] for reason in GOOD)
    assert replies > 0
    assert load.ends["deadline"] == 0 and load.slowest < 20, "a worker that died is known at once"
    # The books: every exchange ended for one reason, and the sums agree to the last one.
    gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_open", 'service="s"') == 0)
    ends = gateway.metrics()["zmq_gateway_exchanges_total"]
    assert ends == {f'service="s",reason="{reason}"': count for reason, count in load.ends.items()}
    assert gateway.metric("zmq_gateway_replies_total", 'service="s"') == replies
    assert gateway.metric("zmq_gateway_workers_lost_total", 'service="s"') == killed
    assert sum(gateway.metrics()["zmq_gateway_pool_workers"].values()) == WORKERS
    if retries:
        assert load.ends["worker_lost"] <= total / 1000
    else:
        assert load.ends["worker_lost"] <= killed * 4
    print(f"{kind} retries={retries}: {total} exchanges, {killed} killed, {dict(load.ends)}, slowest {load.slowest:.2f} s")
