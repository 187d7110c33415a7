"""What the log says of workers: who came and went, who is refused, what is dropped; one event a line, and never a flood of them."""
import re

import pytest
import zmq
from guide_peers import MajordomoWorker
from harness import free_tcp_endpoint
from scripted import echo, silent


def logged(gateway, *words):
    """Waits for a line of the log that has all these words."""
    found = []

    def has():
        found[:] = [line for line in gateway.errors if all(word in line for word in words)]
        return bool(found)
    gateway.until(has)
    return found[0]


def test_workers_that_come_and_go_are_logged_with_configured_addresses(start, tmp_path, scripted):
    there = free_tcp_endpoint()
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path)
    worker = scripted(zmq.DEALER, echo, connect=there)
    line = logged(gateway, "service s: worker 127.0.0.1:", f"connected to {there}", "1 there")
    worker.die()
    address = re.search(r"worker (\S+)", line)[1]
    logged(gateway, f"service s: worker {address} is gone from {there}; 0 left")
    assert not any("::ffff" in line for line in gateway.errors)


def test_an_endpoint_is_logged_once_not_by_each_reactor(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "router", "connect": there, "replies": {"count": 1}}}, tmp_path, reactors=2)
    worker = scripted(zmq.ROUTER, echo, bind=there)
    logged(gateway, f"service s: connected to {there}")
    gateway.ready("s")
    worker.die()
    logged(gateway, f"service s: lost the connection to {there}")
    gateway.ready("s", False)
    assert sum("service s: connected" in line for line in gateway.errors) == 1


def test_a_peer_of_the_wrong_type_is_logged(start, endpoint, tmp_path, scripted):
    there = endpoint()
    scripted(zmq.PUB, silent, bind=there)
    gateway = start.gateway({"s": {"peer": "dealer", "connect": there, "replies": {"count": 1}}}, tmp_path, reactors=1)
    assert " warning " in logged(gateway, f"service s: {there}: the peer's socket type does not accept a DEALER")


def test_a_worker_that_forgets_the_envelope_is_logged_with_its_first_bytes_at_a_limited_rate(start, endpoint, tmp_path, scripted):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": {"count": 1, "deadline": "200ms"}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    worker = scripted(zmq.DEALER, silent, connect=there)
    gateway.ready("s")
    for number in range(1000):
        worker.send([b'{"n":%d,"esc":"\x1b[2J"}' % number + b"x" * 100])
    gateway.until(lambda: gateway.metric("zmq_gateway_replies_dropped_total", 'service="s",reason="unknown"') == 1000)
    line = logged(gateway, "service s: dropped a message", '{\\"n\\":0')
    assert "\\x1b[2J" in line and "x" * 60 not in line
    assert sum("dropped a message" in line for line in gateway.errors) <= 3


def test_an_invalid_reply_is_logged(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path)
    scripted(zmq.DEALER, lambda frames, send: send([*frames[:-1], b"no JSON"]), connect=there)
    gateway.ready("s")
    assert gateway.post("s", 1).json()["code"] == "bad_reply"
    logged(gateway, "service s: a reply cannot be used: the reply is not JSON", '"no JSON"')


def test_a_publisher_whose_messages_are_all_dropped_is_logged(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "publisher", "bind": there, "cache": 10}}, tmp_path, reactors=1)
    publisher = scripted(zmq.PUB, silent, connect=there)
    logged(gateway, "service s: publisher", f"connected to {there}", "1 there")
    gateway.ready("s")
    gateway.until(lambda: publisher.send([b"one frame only"]) or any("dropped a publisher's message" in line for line in gateway.errors))
    logged(gateway, "dropped a publisher's message", "1 frame,", '"one frame only"')


@pytest.mark.parametrize("settings", [{"peer": "majordomo"}])
def test_workers_of_a_broker_are_logged_by_name(start, endpoint, tmp_path, threaded, settings):
    there = endpoint()
    gateway = start.gateway({"broker": {**settings, "bind": there}}, tmp_path, reactors=1)
    worker = threaded(MajordomoWorker, there, service=b"echo", identity=b"worker-1")
    logged(gateway, "service broker: worker worker-1", 'registered for "echo"')
    worker.die()
    logged(gateway, "service broker: worker worker-1 is gone", 'for "echo"', "with 0 in hand")
    problem = gateway.post("echo", 1).json()
    assert problem["code"] == "no_worker" and 'start one that registers "echo"' in problem["detail"], problem


def test_the_advice_for_a_name_at_another_broker_is_to_register_it(start, endpoint, tmp_path):
    there = endpoint()
    start.gateway({"broker": {"peer": "majordomo", "bind": there}}, tmp_path)
    folder = tmp_path / "client"
    folder.mkdir()
    client = start.gateway({"remote": {"peer": "majordomo", "connect": there, "service": "sums"}}, folder)
    problem = client.post("remote", 1).json()
    assert problem["code"] == "no_worker" and 'registers "sums" at the broker' in problem["detail"], problem
