"""Requests that are refused leave a trace: a counter by reason, and a line in the log that a flood does not repeat."""
import json
import socket
import subprocess

import requests
from harness import BINARY


def refusals(gateway):
    return {labels.split('"')[1]: count for labels, count in gateway.metrics().get("zmq_gateway_requests_refused_total", {}).items()}


def raw(gateway, text, until=b""):
    with socket.create_connection(("127.0.0.1", gateway.port), 10) as client:
        client.sendall(text)
        return client.makefile("rb").read()


def test_refused_requests_are_counted_by_reason_and_told(start, endpoint, tmp_path):
    gateway = start.gateway(
        {"s": {"peer": "dealer", "bind": endpoint(), "replies": {"count": 1}}}, tmp_path, reactors=1, log={"access": "off"})
    assert gateway.get("/healthz").status_code == 200
    assert refusals(gateway) == {}
    assert gateway.get("/v1/services", Host="evil.example").status_code == 421
    assert gateway.get("/v1/services", Origin="http://evil.example").status_code == 403
    assert gateway.get("/nothing").status_code == 404
    assert gateway.post("s", "{").status_code == 400
    assert gateway.post("s", "1", query="?deadline=9h").status_code == 400
    assert requests.put(gateway.url + "/v1/services/s", timeout=5).status_code == 405
    assert requests.post(gateway.url + "/v1/services/s/workers/x/drain", timeout=5).status_code == 404
    assert b"400" in raw(gateway, b"GET / HTTP/1.1\r\n\r\n")
    assert b"400" in raw(gateway, b"GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n")
    gateway.until(lambda: refusals(gateway).get("malformed_request") == 2)
    counts = refusals(gateway)
    assert {reason: counts[reason] for reason in ("host_refused", "origin_refused", "bad_json", "bad_parameter", "method_not_allowed")} == {
        "host_refused": 1, "origin_refused": 1, "bad_json": 1, "bad_parameter": 1, "method_not_allowed": 1}
    for words in ("host_refused: Host \"evil.example\"", "origin_refused: pages of http://evil.example", "bad_json", "bad_parameter",
                  "malformed_request: there is no Host"):
        gateway.until(lambda: any(f"refused a request from 127.0.0.1: {words}" in line for line in gateway.errors))
    assert not any("not_found" in line and "/nothing" in line for line in gateway.errors)


def test_a_service_that_has_no_worker_refuses_nothing(start, endpoint, tmp_path):
    gateway = start.gateway({"s": {"peer": "dealer", "bind": endpoint(), "replies": {"count": 1}}}, tmp_path, reactors=1)
    assert gateway.post("s", 1).json()["code"] == "no_worker"
    assert refusals(gateway) == {}


def test_a_flood_of_refused_requests_is_told_a_few_times_and_counted(start, tmp_path):
    gateway = start.gateway({}, tmp_path, reactors=1, log={"access": "off"})
    with requests.Session() as session:
        for _ in range(300):
            assert session.get(gateway.url + "/v1/services", headers={"Host": "evil.example"}, timeout=5).status_code == 421
    assert refusals(gateway) == {"host_refused": 300}
    assert 1 <= sum("host_refused" in line for line in gateway.errors) <= 6


def test_requests_that_the_http_front_rejects_are_counted_by_kind(start, endpoint, tmp_path):
    service = {"peer": "rep", "bind": endpoint()}
    gateway = start.gateway(
        {"s": service}, tmp_path, reactors=1, timeouts={"header": "1s", "body": "200ms"}, limits={"max_connections_per_address": 3})

    def rejected():
        counts = gateway.metrics().get("zmq_gateway_requests_rejected_total", {})
        return {labels: count for labels, count in counts.items() if count}
    assert rejected() == {}
    post = b"POST /v1/services/s HTTP/1.1\r\nHost: localhost\r\n"
    assert b" 408 " in raw(gateway, b"GET / HTTP/1.1\r\nHo")
    assert b" 408 " in raw(gateway, post + b"Content-Type: application/json\r\nContent-Length: 5\r\n\r\n1")
    assert b" 400 " in raw(gateway, b"GET / HTTP/1.1\r\n\r\n")
    assert b" 501 " in raw(gateway, post + b"Transfer-Encoding: gzip\r\n\r\n")
    assert b" 417 " in raw(gateway, post + b"Expect: tea\r\nContent-Length: 1\r\n\r\n")
    crowd = [socket.create_connection(("127.0.0.1", gateway.port), 10) for _ in range(3)]
    visit = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    is_refused = lambda: b" 429 " in raw(gateway, visit)
    gateway.until(is_refused)
    for client in crowd:
        with client, client.makefile("rb") as answer:
            client.sendall(visit)
            answer.read()
    gateway.until(lambda: not is_refused())
    kinds = ("header_timeout", "body_timeout", "host_missing", "transfer_coding", "expectation", "too_many_connections")
    gateway.until(lambda: {f'reason="{kind}"' for kind in kinds} <= rejected().keys())
    counts = {labels: count for labels, count in rejected().items() if "too_many" not in labels}
    assert counts == {f'reason="{kind}"': 1 for kind in kinds[:-1]}
    assert "zmq_gateway_malformed_requests_total" not in gateway.metrics()


def test_an_address_in_the_access_log_is_ipv4_if_the_client_came_by_it(start, tmp_path):
    gateway = start.gateway({}, tmp_path, listen="[::]:0", allowed_hosts=["localhost"])
    assert requests.get(f"http://127.0.0.1:{gateway.port}/healthz", timeout=5).status_code == 200
    gateway.until(lambda: any("remote=127.0.0.1" in line for line in gateway.errors))


def test_check_warns_of_what_others_can_reach(tmp_path):
    path = tmp_path / "gateway.yaml"
    path.write_text(json.dumps({"public": str(tmp_path), "services": {"s": {"peer": "rep", "bind": "tcp://*:8080"}}}))
    run = subprocess.run([BINARY, "check", "--config", path], capture_output=True, text=True, timeout=20)
    assert run.returncode == 0
    assert "public: serves this configuration file" in run.stdout and "services.s.bind: is the address for HTTP clients" in run.stdout
