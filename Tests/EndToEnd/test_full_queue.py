"""A pool's queue that is full: clients that have less than others are let in."""
import json
import subprocess
import threading

import requests
import zmq
from guide_peers import MajordomoWorker
from websockets.sync.client import connect


def test_a_full_queue_admits_newcomers_at_the_cost_of_the_client_with_the_most(start, endpoint, scripted, tmp_path):
    """A session has filled the queue; four addresses come that have nothing in it yet."""
    there, gate = endpoint(), threading.Semaphore(0)

    def answer(frames, send):
        assert gate.acquire(timeout=20)
        send(frames)
    gateway = start.gateway({"s": {"peer": "ready", "bind": there, "queue": {"max": 8}}}, tmp_path, reactors=1)
    scripted(zmq.DEALER, answer, connect=there).send([b"", b"READY"])
    gateway.ready("s")

    def queued():
        return gateway.get("/v1/services/s").json()["pool"]["queued"]
    with connect(gateway.url.replace("http", "ws") + "/v1/socket", subprotocols=["zmq-gateway.v1"]) as session:
        for number in range(9):
            session.send(json.dumps({"op": "request", "id": str(number), "service": "s", "body": number}))
        gateway.until(lambda: queued() == 8)
        newcomers = [subprocess.Popen(
            ["curl", "-s", "--interface", f"127.0.0.{host}", "-d", str(host), gateway.url + "/v1/services/s"],
            stdout=subprocess.PIPE, text=True) for host in range(2, 6)]
        ended = []

        def read(count):
            while len(ended) < count:
                message = json.loads(session.recv(10))
                if message["op"] == "end":
                    ended.append((message["id"], message["reason"]))
        read(4)
        assert ended == [(str(number), "overloaded") for number in (8, 7, 6, 5)], "the last ones, and nothing else"
        assert queued() == 8
        for _ in range(9):
            gate.release()
        assert sorted(int(one.communicate(timeout=20)[0]) for one in newcomers) == [2, 3, 4, 5]
        read(9)
    for one in newcomers:
        one.wait(10)


def test_the_client_with_the_most_requests_is_rejected_itself(start, endpoint, scripted, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "ready", "bind": there, "queue": {"max": 2}, "replies": {"deadline": "2s"}}}, tmp_path)
    worker = scripted(zmq.DEALER, lambda frames, send: None, connect=there)
    worker.send([b"", b"READY"])
    gateway.ready("s")
    threads = [threading.Thread(target=requests.post, args=(gateway.url + "/v1/services/s", "1")) for _ in range(3)]
    for thread in threads:
        thread.start()
    gateway.until(lambda: gateway.get("/v1/services/s").json()["pool"]["queued"] == 2)
    assert gateway.post("s", 1).json()["code"] == "overloaded"
    assert gateway.get("/v1/services/s").json()["pool"]["queued"] == 2
    for thread in threads:
        thread.join(10)


def test_a_raw_session_is_held_back_and_loses_nothing(start, endpoint, scripted, tmp_path):
    there, gate = endpoint(), threading.Semaphore(0)

    def answer(frames, send):
        assert gate.acquire(timeout=20)
        send(frames)
    gateway = start.gateway({"s": {"peer": "ready", "bind": there, "queue": {"max": 8}}}, tmp_path, reactors=1)
    scripted(zmq.DEALER, answer, connect=there).send([b"", b"READY"])
    gateway.ready("s")

    def queued():
        return gateway.get("/v1/services/s").json()["pool"]["queued"]
    with connect(gateway.url.replace("http", "ws") + "/v1/services/s") as session:
        for number in range(50):
            session.send(str(number))
        gateway.until(lambda: queued() == 4)
        answers = []
        web = threading.Thread(target=lambda: answers.append(gateway.post("s", 99).json()))
        web.start()
        gateway.until(lambda: queued() == 5)
        for _ in range(51):
            gate.release()
        assert [session.recv(10) for _ in range(50)] == [str(number) for number in range(50)]
        web.join(10)
    assert answers == [99]


def test_a_majordomo_client_that_has_filled_the_queue_makes_room_for_the_web(start, endpoint, threaded, tmp_path):
    there, gate = endpoint(), threading.Semaphore(0)
    gateway = start.gateway({"hub": {"peer": "majordomo", "bind": there, "queue": {"max": 10}}}, tmp_path)
    threaded(MajordomoWorker, connect=there, answer=lambda body: body if gate.acquire(timeout=20) else None)
    gateway.until(lambda: gateway.get("/v1/services/echo").status_code == 200)
    refused = 'service="hub",reason="overloaded"'
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.linger, client.rcvtimeo = 0, 10_000
        client.connect(there)
        for number in range(50):
            client.send_multipart([b"", b"MDPC01", b"echo", b"%d" % number])
        gateway.until(lambda: gateway.metric("zmq_gateway_native_refused_total", refused) == 39)
        answers = []
        web = threading.Thread(target=lambda: answers.append(gateway.post("echo", 99).json()))
        web.start()
        gateway.until(lambda: gateway.metric("zmq_gateway_native_refused_total", refused) == 40)
        for _ in range(11):
            gate.release()
        web.join(10)
        assert answers == [99]
        assert [client.recv_multipart()[-1] for _ in range(10)] == [b"%d" % number for number in range(10)], "its last is lost"
