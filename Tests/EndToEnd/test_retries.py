"""Requests whose worker died, and no other one is there: they wait for the next as far as `retries` allow."""
import threading
import time

import pytest
import zmq
from guide_peers import DIE, PirateWorker


@pytest.mark.parametrize("retries", [0, 1])
def test_a_request_whose_only_worker_died_waits_for_the_next(start, endpoint, threaded, tmp_path, retries):
    """The guide's ppworker and hwclient: the request that killed the worker is answered by the one that comes next."""
    there, clients = endpoint(), endpoint()
    gateway = start.gateway(
        {"s": {"peer": "ready", "bind": there, "dialect": "paranoid-pirate", "clients": clients, "retries": retries}}, tmp_path)
    first = threaded(PirateWorker, connect=there, answer=lambda body: DIE)
    gateway.ready("s")
    results = []
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.linger, client.rcvtimeo = 0, 10_000
        client.connect(clients)
        client.send(b'"native"')
        first.wait_for(lambda seen: [frames for frames in seen if len(frames) == 3], "the request")
        gateway.ready("s", False)
        if retries == 0:
            assert gateway.metric("zmq_gateway_native_refused_total", 'service="s",reason="worker_lost"') == 1
            return
        second = threaded(PirateWorker, connect=there, answer=lambda body: DIE if body == b'"web"' else body)
        assert client.recv() == b'"native"'
        web = threading.Thread(target=lambda: results.append(gateway.post("s", '"web"')))
        web.start()
        second.wait_for(lambda seen: [frames for frames in seen if frames[-1] == b'"web"'], "the request")
        gateway.ready("s", False)
        threaded(PirateWorker, connect=there)
        web.join(10)
    assert (results[0].status_code, results[0].json()) == (200, "web")
    assert gateway.metric("zmq_gateway_requests_retried_total", 'service="s"') == 2


def test_a_request_without_another_worker_ends_after_the_queues_max_age(start, endpoint, threaded, tmp_path):
    there, clients = endpoint(), endpoint()
    gateway = start.gateway({"s": {
        "peer": "ready", "bind": there, "dialect": "paranoid-pirate", "clients": clients, "retries": 2,
        "queue": {"max_age": "600ms"}}}, tmp_path)
    worker = threaded(PirateWorker, connect=there, answer=lambda body: DIE)
    gateway.ready("s")
    begun = time.monotonic()
    answer = gateway.post("s", "1")
    assert (answer.status_code, answer.json()["code"]) == (502, "worker_lost")
    assert 0.6 <= time.monotonic() - begun < 5
    assert len(worker.seen) == 1
    worker = threaded(PirateWorker, connect=there, answer=lambda body: DIE)
    gateway.ready("s")
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.linger = 0
        client.connect(clients)
        client.send(b"1")
        labels = 'service="s",reason="worker_lost"'
        gateway.until(lambda: gateway.metric("zmq_gateway_native_refused_total", labels) == 1)
    assert "worker was lost" in gateway.get("/readyz").json()["services"]["s"]["trouble"]
