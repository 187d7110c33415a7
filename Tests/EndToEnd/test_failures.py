"""Workers that die, clients that leave, requests that are broken: each is reported, and nothing is left behind."""
import os
import signal
import socket
import threading
import time

import pytest
import requests
from harness import curl


def test_a_killed_worker_is_503_at_once_and_a_new_one_is_used(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "rep", "bind": there}}, tmp_path)
    for _ in range(2):
        worker, _ = start.example("rep_worker", "connect", there)
        gateway.ready("s")
        assert gateway.post("s", 1).status_code == 200
        worker.kill()
        gateway.ready("s", False)
        begun = time.monotonic()
        refused = gateway.post("s", 1)
        assert (refused.status_code, refused.json()["code"]) == (503, "no_worker")
        assert time.monotonic() - begun < 0.1 and refused.headers["retry-after"] == "1"


@pytest.mark.parametrize("peer", ["rep", "router"])
def test_requests_in_flight_end_when_their_only_worker_dies(start, endpoint, tmp_path, peer):
    there = endpoint()
    service = {"peer": "rep", "bind": there} if peer == "rep" else {"peer": "router", "connect": there, "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path)
    worker, _ = start.example("rep_worker", "connect", there) if peer == "rep" else start.example("echo_worker", "router", "bind", there)
    gateway.ready("s")
    os.killpg(worker.pid, signal.SIGSTOP)
    answers = []
    clients = [threading.Thread(target=lambda: answers.append(gateway.post("s", 1))) for _ in range(5)]
    for client in clients:
        client.start()
    gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_open", 'service="s"') == 5)
    worker.kill()
    for client in clients:
        client.join(5)
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(502, "worker_lost")] * 5
    if peer == "router":
        start.example("echo_worker", "router", "bind", there)
        gateway.ready("s")
        assert gateway.post("s", 2).json() == 2


def test_a_client_that_leaves_cancels_within_a_second(start, endpoint, tmp_path):
    there = endpoint()
    service = {
        "peer": "dealer", "bind": there, "replies": {"final": {"pointer": "/done", "equals": True}}, "cancel": '{"cancel":true}'}
    gateway = start.gateway({"s": service}, tmp_path)
    worker, _ = start.python("worker.py", "ticker", "connect", there)
    gateway.ready("s")
    # One leaves while its stream flows, one while it waits for the first reply.
    for count, interval in ((20, 50), (1, 1500)):
        code, _ = curl("-m", "0.3", gateway.url + "/v1/services/s", data=f'{{"count":{count},"interval_ms":{interval}}}')
        assert code == 28
        gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_open", 'service="s"') == 0, timeout=1)
        worker.line("cancelled", timeout=5)
    assert gateway.metric("zmq_gateway_exchanges_total", 'service="s",reason="client_left"') == 2


def test_an_idle_gateway_never_waits_for_the_next_edge(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path, reactors=1)
    start.example("echo_worker", "dealer", "connect", there)
    gateway.ready("s")
    slow = 0
    with requests.Session() as session:
        for number in range(3000):
            begun = time.monotonic()
            reply = session.post(gateway.url + "/v1/services/s", data=str(number), timeout=5)
            assert reply.text == str(number)
            slow += time.monotonic() - begun > 0.5
    assert slow == 0


BROKEN = [
    ("/v1/services/s", b'{"a":', 400), ("/v1/services/s", b"\xff\xfe", 400), ("/v1/services/s", b"[" * 500, 400),
    ("/v1/services/s", b"nul", 400), ("/v1/services/s", b'"' + b"x" * 70000 + b'"', 413),
    ("/v1/services/none", b"{}", 404), ("/no/such/path", b"{}", 404), ("/v1/services/s/%00", b"{}", 400),
    ("/v1/services/s?deadline=soon", b"{}", 400), ("/v1/services/s?count=-1", b"{}", 400),
]


def test_ten_thousand_broken_requests_are_answered_and_leave_nothing(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway(
        {"s": {"peer": "rep", "bind": there}}, tmp_path, reactors=1, log={"access": "off"}, limits={"max_body_bytes": "64KiB"})
    start.example("rep_worker", "connect", there)
    gateway.ready("s")

    def storm(times):
        with requests.Session() as session:
            for _ in range(times):
                for path, body, status in BROKEN:
                    reply = session.post(gateway.url + path, data=body, headers={"Content-Type": "application/json"}, timeout=10)
                    assert reply.status_code == status, (path, body[:20], reply.text)
                    assert reply.json()["status"] == status and reply.json()["detail"]

    storm(100)
    memory, descriptors = gateway.memory(), gateway.descriptors()
    storm(900)
    assert gateway.memory() < memory + (8 << 20)
    gateway.until(lambda: gateway.descriptors() <= descriptors)
    assert gateway.post("s", 1).json() == 1


def test_sigterm_lets_an_exchange_finish_and_a_second_one_does_not(start, endpoint, tmp_path):
    for signals, status in ((1, 200), (2, 503)):
        there = endpoint()
        gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path)
        start.python("worker.py", "ticker", "connect", there)
        gateway.ready("s")
        answers = []
        client = threading.Thread(target=lambda: answers.append(gateway.post("s", {"count": 1, "interval_ms": 700})))
        client.start()
        gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_open", 'service="s"') == 1)
        for _ in range(signals):
            gateway.process.send_signal(signal.SIGTERM)
            gateway.until(lambda: any("SIGTERM" in line for line in gateway.errors))
            gateway.errors.clear()
        client.join(10)
        assert answers[0].status_code == status
        assert gateway.process.wait(10) == (0 if signals == 1 else 128 + signal.SIGTERM)


def test_a_slow_reader_loses_only_its_own_stream(start, endpoint, tmp_path):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "replies": {"final": {"pointer": "/done", "equals": True}}}
    gateway = start.gateway({"s": service}, tmp_path, limits={"max_buffered_bytes": "64KiB"})
    start.example("flood_worker", there)
    gateway.ready("s")
    reader = socket.create_connection(("127.0.0.1", gateway.port))
    reader.sendall(b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n1000000")
    gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_total", 'service="s",reason="slow_client"') == 1, timeout=30)
    assert gateway.post("s", 3).text.splitlines()[-1] == '{"n":3,"done":true}'
    reader.close()
