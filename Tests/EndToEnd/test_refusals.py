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
        gateway.until(lambda: any(f"refused a request of 127.0.0.1: {words}" in line for line in gateway.errors))
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


def test_an_address_in_the_access_log_is_ipv4_if_the_client_came_by_it(start, tmp_path):
    gateway = start.gateway({}, tmp_path, listen="[::]:0", allowed_hosts=["localhost"])
    assert requests.get(f"http://127.0.0.1:{gateway.port}/healthz", timeout=5).status_code == 200
    gateway.until(lambda: any("remote=127.0.0.1" in line for line in gateway.errors))


def test_check_warns_of_what_others_can_reach(tmp_path):
    path = tmp_path / "gateway.yaml"
    path.write_text(json.dumps({"public": str(tmp_path), "services": {"s": {"peer": "rep", "bind": "tcp://*:8080"}}}))
    run = subprocess.run([BINARY, "check", "--config", path], capture_output=True, text=True, timeout=20)
    assert run.returncode == 0
    assert "public: serves this configuration file" in run.stdout and "services.s.bind: is where HTTP clients come in" in run.stdout
