"""Workers that say when they are ready: who gets what, in which order, and what happens when one is lost."""
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import zmq
from harness import curl, events
from websockets.sync.client import connect

DONE = {"pointer": "/done", "equals": True}


class Dialect:
    """What a DEALER worker says and hears in one dialect; `take` gives the envelope and the body of a request."""

    def __init__(self, name, ready, take):
        self.name, self.ready, self.take = name, ready, take


BARE = Dialect("bare", [b"", b"hello"], lambda frames: (frames[:1], frames[1]))
ADDRESSED = Dialect("addressed", [b"", b"READY"], lambda frames: (frames[:3], frames[3]))
PIRATE = Dialect("paranoid-pirate", [b"\x01"], lambda frames: (frames[:2], frames[2]))
DIALECTS = [BARE, ADDRESSED, PIRATE]


@pytest.fixture
def pool(start, endpoint, scripted, tmp_path):
    """pool(dialect, ...) starts a gateway with service `s`; its `worker(answer)` adds a worker."""
    class Pool:
        def __init__(self, dialect=BARE, reactors=1, **service):
            self.dialect, self.there = dialect, endpoint()
            settings = {"peer": "ready", "bind": self.there, "dialect": dialect.name, **service}
            self.gateway = start.gateway({"s": settings}, tmp_path, reactors=reactors)

        def worker(self, answer=lambda body: body, wait=True):
            """`answer(body)` is the reply's body, or None for none."""
            before = self.state()["ready"] + self.state()["busy"]

            def act(frames, send):
                if len(frames) < 2:
                    return  # a heartbeat
                envelope, body = self.dialect.take(frames)
                reply = answer(body)
                if reply is not None:
                    send([*envelope, reply])
            worker = scripted(zmq.DEALER, act, connect=self.there)
            worker.send(self.dialect.ready)
            if wait:
                self.gateway.until(lambda: self.state()["ready"] + self.state()["busy"] > before)
            return worker

        def state(self):
            return self.gateway.get("/v1/services/s").json()["pool"]

        def metric(self, name, labels='service="s"'):
            return self.gateway.metric(f"zmq_gateway_{name}", labels)
    return Pool


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("reactors", [1, 2])
def test_a_request_reaches_a_worker_and_its_reply_comes_back(pool, dialect, reactors):
    one = pool(dialect, reactors=reactors)
    one.worker()
    for number in range(20):
        answer = one.gateway.post("s", {"number": number})
        assert (answer.status_code, answer.json()) == (200, {"number": number})
        assert "queue;dur=" in answer.headers["Server-Timing"] and "worker;dur=" in answer.headers["Server-Timing"]
    state = one.state()
    assert (state["ready"], state["busy"], state["queued"]) == (1, 0, 0)
    assert state["workers"][0]["finished"] == 20


def test_without_a_worker_it_is_said_at_once(pool):
    one = pool()
    answer = one.gateway.post("s", 1)
    assert (answer.status_code, answer.json()["code"]) == (503, "no_worker")
    assert answer.headers["Retry-After"]
    assert one.gateway.get("/readyz").status_code == 503


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_longest_ready_worker_is_the_next(pool, dialect):
    """Ten workers, one of which is slow: the order in which they become ready is the order in which they get work."""
    one = pool(dialect)
    order, free = [], threading.Event()

    def answer(name):
        def act(body):
            order.append(name)
            if name == 3:
                free.wait(10)
            return body
        return act
    for name in range(10):
        one.worker(answer(name))
    with ThreadPoolExecutor(40) as clients:
        first = []
        for number in range(10):
            first.append(clients.submit(one.gateway.post, "s", number))
            one.gateway.until(lambda: len(order) == number + 1)
        one.gateway.until(lambda: one.state()["ready"] == 9)
        assert order == list(range(10)), "in the order in which they registered"
        # From here on one at a time, so the order of becoming ready is known: the order of the replies.
        del order[:]
        expected = [worker["id"] for worker in sorted(
            (worker for worker in one.state()["workers"] if worker["state"] == "ready"),
            key=lambda worker: -worker["since_ms"])]
        assert len(expected) == 9
        for number in range(27):
            assert one.gateway.post("s", number).json() == number
        assert len(order) == 27 and 3 not in order
        assert order[:9] == order[9:18] == order[18:], "in turn, and nobody waits for the slow one"
        free.set()
        assert [result.result().json() for result in first] == list(range(10))


def test_what_finds_nobody_free_waits_its_turn(pool):
    one = pool()
    gate = threading.Semaphore(0)
    seen = []

    def answer(body):
        seen.append(json.loads(body))
        gate.acquire(timeout=10)
        return body
    one.worker(answer)
    with ThreadPoolExecutor(5) as clients:
        results = []
        for number in range(5):
            results.append(clients.submit(one.gateway.post, "s", number))
            one.gateway.until(lambda: one.state()["busy"] == 1 and one.state()["queued"] == number)
        assert one.metric("exchanges_waiting") == 4
        for _ in range(5):
            gate.release()
        assert [result.result().json() for result in results] == list(range(5))
    assert seen == list(range(5))
    assert one.state()["queued"] == one.state()["queued_bytes"] == 0
    assert one.metric("queue_seconds_count") == 5


def test_the_queue_has_bounds(pool):
    one = pool(queue={"max": 2, "max_age": "300ms"})
    worker = one.worker(lambda body: None)
    with ThreadPoolExecutor(4) as clients:
        hung = clients.submit(one.gateway.post, "s", 0, query="?deadline=1500ms")
        worker.wait_for_count(1)
        waiting = [clients.submit(one.gateway.post, "s", number) for number in (1, 2)]
        one.gateway.until(lambda: one.state()["queued"] == 2)
        refused = one.gateway.post("s", 3)
        assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (503, "overloaded", "1")
        for result in waiting:
            answer = result.result()
            assert (answer.status_code, answer.json()["code"]) == (503, "overloaded"), "older than max_age"
            assert float(answer.headers["Server-Timing"].split("dur=")[1].split(",")[0]) >= 300
        assert hung.result().json()["code"] == "deadline"


def test_a_client_that_leaves_leaves_the_queue(pool):
    one = pool()
    worker = one.worker(lambda body: None)
    with ThreadPoolExecutor(2) as clients:
        hung = clients.submit(one.gateway.post, "s", 0, query="?deadline=2s")
        worker.wait_for_count(1)
        with pytest.raises(requests.exceptions.ReadTimeout):
            one.gateway.post("s", 1, timeout=0.3)
        one.gateway.until(lambda: one.state()["queued"] == 0, timeout=2)
        late = one.gateway.post("s", 2, query="?deadline=200ms")
        assert late.json()["code"] == "deadline" and one.state()["queued"] == 0
        hung.result()
    assert len(worker.seen) == 1


def test_a_client_with_much_to_do_does_not_hold_up_another(pool):
    """The requests of one session are one client's: another client's comes after the first of them, not after all."""
    from websockets.sync.client import connect
    one = pool()
    gate, seen = threading.Semaphore(0), []

    def answer(body):
        seen.append(json.loads(body))
        gate.acquire(timeout=10)
        return body
    one.worker(answer)
    address = one.gateway.url.replace("http", "ws") + "/v1/socket"
    with connect(address, subprotocols=["zmq-gateway.v1"]) as socket, ThreadPoolExecutor(1) as clients:
        for number in range(30):
            socket.send(json.dumps({"op": "request", "id": str(number), "service": "s", "body": number}))
        one.gateway.until(lambda: one.state()["queued"] == 29)
        other = clients.submit(one.gateway.post, "s", 1000)
        one.gateway.until(lambda: one.state()["queued"] == 30)
        for _ in range(31):
            gate.release()
        assert other.result().json() == 1000
        assert seen.index(1000) <= 2
        one.gateway.until(lambda: len(seen) == 31)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_worker_that_dies_ends_its_exchange_at_once(pool, dialect):
    one = pool(dialect)
    worker = one.worker(lambda body: None)
    with ThreadPoolExecutor(1) as clients:
        result = clients.submit(one.gateway.post, "s", 1)
        worker.wait_for_count(1)
        begun = time.monotonic()
        worker.close()
        answer = result.result()
    assert (answer.status_code, answer.json()["code"]) == (502, "worker_lost")
    assert time.monotonic() - begun < 1
    one.gateway.ready("s", False)
    assert one.metric("workers_lost_total") == 1


def test_an_idle_worker_that_dies_gets_nothing(pool):
    one = pool()
    first = one.worker(lambda body: b'"first"')
    one.worker(lambda body: b'"second"')
    first.close()
    one.gateway.until(lambda: len(one.state()["workers"]) == 1)
    assert [one.gateway.post("s", 1).json() for _ in range(5)] == ["second"] * 5


def test_a_worker_that_comes_back_under_its_name_is_a_new_one(pool, endpoint):
    """Its first word is not the reply to what it had in hand before."""
    one = pool(handover=True)
    context = zmq.Context()

    def worker():
        socket = context.socket(zmq.DEALER)
        socket.linger, socket.identity = 0, b"same"
        socket.connect(one.there)
        socket.send_multipart([b"", b'"ready"'])
        return socket
    socket = worker()
    one.gateway.ready("s")
    with ThreadPoolExecutor(1) as clients:
        result = clients.submit(one.gateway.post, "s", 1)
        assert socket.poll(5000) and socket.recv_multipart() == [b"", b"1"]
        socket.close()
        socket = worker()
        assert result.result().json()["code"] == "worker_lost"
        one.gateway.until(lambda: one.state()["ready"] == 1)
        result = clients.submit(one.gateway.post, "s", 2)
        assert socket.poll(5000) and socket.recv_multipart() == [b"", b"2"]
        socket.send_multipart([b"", b'"two"'])
        assert result.result().json() == "two"
    context.destroy(linger=0)


def test_a_second_worker_of_one_name_is_deaf_and_that_is_said(pool):
    one = pool()
    context = zmq.Context()
    sockets = []
    for _ in range(2):
        sockets.append(context.socket(zmq.DEALER))
        sockets[-1].linger, sockets[-1].identity = 0, b"same"
        sockets[-1].connect(one.there)
        sockets[-1].send_multipart([b"", b"ready"])
        one.gateway.ready("s")
    one.gateway.until(lambda: "handover" in one.gateway.get("/readyz").json()["services"]["s"].get("trouble", ""))
    context.destroy(linger=0)
    one.gateway.until(lambda: "trouble" not in one.gateway.get("/readyz").json()["services"]["s"])


def test_idempotent_requests_go_to_another_worker(pool):
    one = pool(retries=2)
    silent = one.worker(lambda body: None)
    with ThreadPoolExecutor(1) as clients:
        result = clients.submit(one.gateway.post, "s", {"a": "x" * 100}, Accept="text/event-stream")
        silent.wait_for_count(1)
        one.worker()
        silent.close()
        answer = result.result()
    body = events(answer.text)
    assert json.loads(body[0]["data"]) == {"a": "x" * 100}
    assert json.loads(body[1]["data"])["attempts"] == 2
    assert 'attempts;desc="2"' in answer.headers["Server-Timing"]
    assert one.metric("requests_retried_total") == 1


def test_a_session_is_told_of_attempts_too(pool):
    one = pool(retries=2)
    silent = one.worker(lambda body: None)
    with connect(one.gateway.url.replace("http", "ws") + "/v1/socket", subprotocols=["zmq-gateway.v1"]) as client:
        client.recv(5)
        client.send('{"op":"request","id":"a","service":"s","body":1}')
        silent.wait_for_count(1)
        one.worker()
        silent.close()
        assert [json.loads(client.recv(5)).get("attempts") for _ in range(2)] == [None, 2]


def test_a_request_is_not_tried_more_often_than_allowed(pool):
    one = pool(retries=1)
    workers = [one.worker(lambda body: None) for _ in range(3)]
    with ThreadPoolExecutor(1) as clients:
        result = clients.submit(one.gateway.post, "s", 1)
        for worker in workers[:2]:
            worker.wait_for_count(1)
            worker.close()
        answer = result.result()
    assert (answer.status_code, answer.json()["code"]) == (502, "worker_lost")
    assert workers[2].seen == []


def test_what_had_replied_already_is_not_tried_again(pool):
    one = pool(ADDRESSED, retries=2, replies={"final": DONE})
    worker = one.worker(lambda body: b'{"part":1}')
    spare = one.worker()
    with ThreadPoolExecutor(1) as clients:
        result = clients.submit(curl, one.gateway.url + "/v1/services/s", data="{}")
        one.gateway.until(lambda: one.metric("replies_total") == 1)
        worker.close()
        code, text = result.result()
    end = json.loads(text.splitlines()[-1])["$end"]
    assert (code, end["reason"], end["replies"]) == (18, "worker_lost", 1)
    assert spare.seen == []


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_worker_may_reply_many_times(pool, dialect, scripted):
    one = pool(dialect, replies={"final": DONE})

    def act(frames, send):
        if len(frames) > 1:
            envelope, _ = dialect.take(frames)
            for number in range(5):
                send([*envelope, json.dumps({"number": number, "done": number == 4}).encode()])
    worker = scripted(zmq.DEALER, act, connect=one.there)
    worker.send(dialect.ready)
    one.gateway.ready("s")
    for _ in range(3):
        answer = one.gateway.post("s", {}, Accept="application/x-ndjson")
        assert [json.loads(line)["number"] for line in answer.text.splitlines()] == list(range(5))
    assert one.state()["workers"][0]["finished"] == 3


def test_a_worker_with_places_takes_several_at_once(pool):
    one = pool(ADDRESSED, capacity=3)
    held = []
    worker = one.worker(lambda body: held.append(body))
    with ThreadPoolExecutor(4) as clients:
        results = [clients.submit(one.gateway.post, "s", number) for number in range(4)]
        seen = worker.wait_for_count(3)
        one.gateway.until(lambda: one.state()["queued"] == 1)
        assert one.state()["workers"][0]["in_hand"] == 3
        for frames in reversed(seen):
            worker.send(frames)
        last = worker.wait_for_count(4)[3]
        worker.send(last)
        assert [result.result().json() for result in results] == list(range(4)), "each its own, in whatever order"


def test_a_worker_that_the_page_does_not_list_can_be_drained(pool):
    one = pool()
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 2000)
    sockets = [context.socket(zmq.DEALER) for _ in range(1003)]
    for number, socket in enumerate(sockets):
        socket.linger, socket.identity = 0, b"w%04d" % number
        socket.connect(one.there)
        socket.send_multipart([b"", b"ready"])
    one.gateway.until(lambda: one.state()["ready"] == 1003, timeout=30)
    listed = {worker["id"] for worker in one.state()["workers"]}
    assert len(listed) == 1000
    other = next(name for name in (f"w{number:04}" for number in range(1003)) if name not in listed)
    assert requests.post(f"{one.gateway.url}/v1/services/s/workers/{other}/drain").json() == {"worker": other, "draining": True}
    one.gateway.until(lambda: one.state()["draining"] == 1)
    context.destroy(linger=0)


def test_a_worker_that_is_drained_gets_nothing_new(pool):
    one = pool()
    gate = threading.Semaphore(0)
    names = []

    def answer(name):
        def act(body):
            names.append(name)
            gate.acquire(timeout=10)
            return body
        return act
    one.worker(answer("first"))
    order = one.gateway.url + "/v1/services/s/workers/"
    first = one.state()["workers"][0]["id"]
    with ThreadPoolExecutor(2) as clients:
        running = clients.submit(one.gateway.post, "s", 1)
        one.gateway.until(lambda: one.state()["busy"] == 1)
        assert requests.post(f"{order}{first}/drain").json() == {"worker": first, "draining": True}
        one.gateway.until(lambda: one.state()["draining"] == 1)
        one.worker(answer("second"))
        gate.release()
        assert running.result().json() == 1, "what it has in hand it finishes"
        for number in range(4):
            gate.release()
            assert one.gateway.post("s", number).json() == number
        assert names == ["first"] + ["second"] * 4
        assert requests.post(f"{order}{first}/resume").json()["draining"] is False
        one.gateway.until(lambda: one.state()["ready"] == 2)
    assert requests.post(f"{order}nobody/drain").status_code == 404
    assert requests.post(f"{order}{first}/dance").status_code == 404
    assert requests.post(one.gateway.url + "/v1/services/none/workers/x/drain").json()["code"] == "unknown_service"


def test_a_reply_after_the_end_reaches_nobody_and_frees_the_worker(pool):
    one = pool()
    gate = threading.Semaphore(0)

    def answer(body):
        gate.acquire(timeout=10)
        return body
    one.worker(answer)
    assert one.gateway.post("s", '"late"', query="?deadline=100ms").json()["code"] == "deadline"
    gate.release()
    gate.release()
    assert one.gateway.post("s", '"next"').json() == "next"
    assert one.gateway.metric("zmq_gateway_replies_dropped_total", 'service="s",reason="late"') == 1


def test_a_busy_pirate_need_not_speak(pool):
    one = pool(PIRATE, heartbeat={"interval": "250ms", "liveness": 2})

    def answer(body):
        time.sleep(1.2)  # The worker does one thing at a time: that is what is tested.
        return body
    one.worker(answer)
    assert one.gateway.post("s", 5).json() == 5


def test_a_frozen_worker_is_noticed_although_it_is_busy(start, endpoint, tmp_path):
    there = endpoint()
    service = {"peer": "ready", "bind": there, "socket": {"heartbeat_interval": "200ms", "heartbeat_timeout": "600ms"}}
    gateway = start.gateway({"s": service}, tmp_path)
    worker, _ = start.python("ready_worker.py", "--connect", there, "--delay", "30")
    gateway.ready("s")
    with ThreadPoolExecutor(1) as clients:
        result = clients.submit(gateway.post, "s", 1)
        gateway.until(lambda: gateway.get("/v1/services/s").json()["pool"]["busy"] == 1)
        os.killpg(worker.pid, signal.SIGSTOP)
        assert result.result().json()["code"] == "worker_lost"


def test_a_raw_session_sends_through_the_pool(pool):
    from websockets.sync.client import connect
    one = pool(ADDRESSED)
    one.worker()
    with connect(one.gateway.url.replace("http", "ws") + "/v1/services/s") as socket:
        for number in range(10):
            socket.send(str(number))
        assert [json.loads(socket.recv(5)) for _ in range(10)] == list(range(10))


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_a_first_word_is_never_a_reply(start, endpoint, tmp_path, transport):
    """A worker that comes back under its name, on a connection that may have the number of the one before."""
    there = endpoint()
    gateway = start.gateway(
        {"s": {"peer": "ready", "bind": there if transport == "ipc" else "tcp://127.0.0.1:*", "handover": True}}, tmp_path)
    if transport == "tcp":
        gateway.until(lambda: any("is bound to" in line for line in gateway.errors))
        there = next(line.rsplit(" ", 1)[1] for line in gateway.errors if "is bound to" in line).replace("::ffff:", "")
        there = there.replace("[", "").replace("]", "")
    context = zmq.Context()

    def worker():
        socket = context.socket(zmq.DEALER)
        socket.linger, socket.identity = 0, b"same"
        socket.connect(there)
        socket.send_multipart([b"", b'"ready"'])
        return socket

    def workers():
        return len(gateway.get("/v1/services/s").json()["pool"]["workers"])
    lost = 0
    with ThreadPoolExecutor(1) as clients:
        for _ in range(100):
            socket = worker()
            gateway.until(lambda: gateway.get("/v1/services/s").json()["pool"]["ready"] == 1)
            result = clients.submit(gateway.post, "s", 1, query="?deadline=5s")
            assert socket.poll(5000)
            socket.recv_multipart()
            socket.close()
            socket = worker()
            answer = result.result().json()
            assert answer != "ready", "the word of a worker that has just come"
            lost += answer["code"] == "worker_lost"
            # One that closes before it was let in might take the name away from the next one.
            gateway.until(lambda: workers() == 1)
            socket.close()
            gateway.until(lambda: workers() == 0)
    assert lost == 100
    context.destroy(linger=0)
