"""Workers that freeze, by SIGSTOP: their exchanges end soon after, not at the deadline, and those of the living go on."""
import json
import os
import signal
import threading
import time

import pytest
import requests
import zmq

HEARTBEATS = {"heartbeat_interval": "200ms", "heartbeat_timeout": "600ms", "reconnect_interval": "50ms"}
WORKERS = {
    "dealer": (["echo_worker", "dealer"], "connect"), "dealer connects": (["echo_worker", "dealer"], "bind"),
    "rep": (["rep_worker"], "connect"), "rep connects": (["rep_worker"], "bind"),
    "router": (["echo_worker", "router"], "bind")}


@pytest.fixture
def freezing(start, endpoint, tmp_path):
    """freezing(kind, socket) is a gateway and its worker, which froze; it thaws when the second result is called."""
    def freeze(kind, settings):
        name, way = WORKERS[kind]
        there = endpoint()
        service = {"peer": kind.split()[0], "bind" if way == "connect" else "connect": there, **settings}
        if kind.startswith(("router", "dealer")):
            service["replies"] = {"count": 1}
        gateway = start.gateway({"s": service}, tmp_path, reactors=1)
        worker, _ = start.example(*name, way, there)
        gateway.ready("s")
        assert gateway.post("s", 1).json() == 1
        os.killpg(worker.pid, signal.SIGSTOP)
        return gateway, lambda: os.killpg(worker.pid, signal.SIGCONT)
    return freeze


@pytest.mark.parametrize("kind", WORKERS)
def test_a_frozen_worker_is_noticed_by_heartbeats(freezing, kind):
    gateway, thaw = freezing(kind, {"socket": HEARTBEATS})
    begun = time.monotonic()
    answer = gateway.post("s", 2)
    assert (answer.status_code, answer.json()["code"]) in [(502, "worker_lost"), (503, "no_worker")]
    assert time.monotonic() - begun < 5
    gateway.ready("s", False)
    thaw()
    gateway.ready("s")
    assert gateway.post("s", 3).json() == 3


def test_heartbeats_are_on_unless_they_are_configured_otherwise(freezing):
    gateway, _ = freezing("dealer", {})
    begun = time.monotonic()
    assert gateway.post("s", 2).json()["code"] == "worker_lost"
    assert time.monotonic() - begun < 15


def test_a_frozen_publisher_makes_its_service_unready(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "publisher", "connect": there, "socket": HEARTBEATS}}, tmp_path, reactors=1)
    publisher, _ = start.python("publisher.py", "bind", there)
    gateway.ready("s")
    os.killpg(publisher.pid, signal.SIGSTOP)
    gateway.ready("s", False)
    os.killpg(publisher.pid, signal.SIGCONT)
    gateway.ready("s")


def answer_in_many(context, there, count, end):
    """A ROUTER that answers one request with so many replies, as fast as they are taken, and stays until `end`."""
    with context.socket(zmq.ROUTER) as worker:
        worker.sndhwm, worker.router_mandatory, worker.linger = 10, 1, 5000
        worker.bind(there)
        identity, _ = worker.recv_multipart()
        for number in range(count):
            worker.send_multipart([identity, json.dumps({"n": number, "pad": "x" * 4096}).encode()])
        worker.send_multipart([identity, b'{"done":true}'])
        end.wait(30)


def test_a_worker_paused_for_its_client_is_not_considered_frozen(start, endpoint, tmp_path):
    there, context, end = endpoint(), zmq.Context(), threading.Event()
    service = {"peer": "router", "connect": there, "replies": {"final": {"pointer": "/done", "exists": True}},
               "socket": {**HEARTBEATS, "receive_high_water_mark": 10}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    worker = threading.Thread(target=answer_in_many, args=(context, there, 3000, end), daemon=True)
    worker.start()
    gateway.ready("s")
    with requests.post(gateway.url + "/v1/services/s", data="1", stream=True, timeout=30) as reply:
        time.sleep(2)  # Longer than a ping may stay unanswered; the pings' answers lie behind the unread replies.
        lines = reply.text.splitlines()
    assert len(lines) == 3001 and lines[-1] == '{"done":true}', lines[-1]
    end.set()
    worker.join(10)
    context.destroy(0)
