"""Workers that die in the middle, or are something else altogether: said at once, and mended without a restart."""
import json
import threading
import time

import pytest
import zmq
from harness import curl
from scripted import echo

DONE = {"pointer": "/done", "equals": True}


def test_a_worker_that_dies_in_the_middle_of_a_stream_cuts_it(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"final": DONE}}}, tmp_path)
    worker, _ = start.python("worker.py", "ticker", "connect", there)
    gateway.ready("s")
    result = []
    client = threading.Thread(
        target=lambda: result.append(curl(gateway.url + "/v1/services/s", data='{"count":100,"interval_ms":50}')))
    client.start()
    gateway.until(lambda: gateway.metric("zmq_gateway_replies_total", 'service="s"') >= 3)
    worker.kill()
    begun = time.monotonic()
    client.join(10)
    code, text = result[0]
    end = json.loads(text.splitlines()[-1])["$end"]
    assert time.monotonic() - begun < 1
    assert (code, end["reason"], end["problem"]["code"]) == (18, "worker_lost", "worker_lost")
    assert end["replies"] == len(text.splitlines()) - 1 >= 3


def test_one_of_two_routers_dies_and_the_other_serves(start, endpoint, tmp_path):
    pairs = [start.example("echo_worker", "router", "bind", endpoint()) for _ in range(2)]
    service = {"peer": "router", "connect": [there for _, there in pairs], "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    gateway.until(lambda: gateway.get("/readyz").json()["services"]["s"]["workers"] == 2)
    pairs[0][0].kill()
    gateway.until(lambda: gateway.get("/readyz").json()["services"]["s"]["workers"] == 1)
    assert [gateway.post("s", number).json() for number in range(40)] == list(range(40))
    start.example("echo_worker", "router", "bind", pairs[0][1])
    gateway.until(lambda: gateway.get("/readyz").json()["services"]["s"]["workers"] == 2)
    assert [gateway.post("s", number).json() for number in range(40)] == list(range(40))


@pytest.fixture(params=["router", "dealer"])
def mistaken(request, start, endpoint, tmp_path, scripted):
    """A gateway that connects to a PUB, and how to put the right socket in its place."""
    there = endpoint()
    wrong = scripted(zmq.PUB, echo, bind=there)
    service = {"peer": request.param, "connect": there, "replies": {"count": 1}, "socket": {"reconnect_interval": "50ms"}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)

    def mend():
        wrong.close()
        scripted(zmq.ROUTER if request.param == "router" else zmq.DEALER, echo, bind=there)
    return gateway, mend


def test_a_socket_type_mismatch_is_reported(mistaken):
    gateway, _ = mistaken
    gateway.until(lambda: gateway.get("/readyz").json()["services"]["s"].get("trouble"), timeout=3)


def test_a_peer_of_the_wrong_socket_type_is_not_a_worker(mistaken):
    gateway, _ = mistaken
    assert gateway.get("/readyz").status_code == 503
    assert gateway.post("s", 1).json()["code"] == "no_worker"


def test_a_socket_of_the_right_type_is_found_after_a_wrong_one(mistaken):
    gateway, mend = mistaken
    assert gateway.post("s", 1).json()["code"] == "no_worker"
    time.sleep(0.2)  # The mistake has been met by then, several times if it is tried again.
    mend()
    gateway.ready("s")
    assert gateway.post("s", 2).json() == 2


def test_a_request_in_an_outage_is_refused_and_does_not_run_afterwards(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "dealer", "connect": there, "replies": {"count": 1}}}, tmp_path)
    for number in range(5):
        assert gateway.post("s", number).json()["code"] == "no_worker"
    worker = scripted(zmq.DEALER, echo, bind=there)
    gateway.ready("s")
    assert gateway.post("s", 9).json() == 9
    assert [frames[-1] for frames in worker.seen] == [b"9"]


def test_readiness_follows_the_workers(start, endpoint, tmp_path):
    there = {name: endpoint() for name in "ab"}
    gateway = start.gateway({name: {"peer": "rep", "bind": where} for name, where in there.items()}, tmp_path)
    assert (gateway.get("/readyz").status_code, gateway.get("/healthz").status_code) == (503, 200)
    start.example("rep_worker", "connect", there["a"])
    gateway.ready("a")
    assert gateway.get("/readyz").status_code == 503
    worker, _ = start.example("rep_worker", "connect", there["b"])
    gateway.until(lambda: gateway.get("/readyz").status_code == 200)
    worker.kill()
    gateway.until(lambda: gateway.get("/readyz").status_code == 503)
    assert gateway.post("a", 1).json() == 1


def test_the_access_log_has_the_status_of_readiness(start, endpoint, tmp_path):
    gateway = start.gateway({"s": {"peer": "rep", "bind": endpoint()}}, tmp_path, log={"format": "json"})
    assert gateway.get("/readyz", X_Request_Id="mine").status_code == 503
    gateway.until(lambda: any('"mine"' in line for line in gateway.errors))
    assert [json.loads(line)["status"] for line in gateway.errors if '"mine"' in line] == [503]
