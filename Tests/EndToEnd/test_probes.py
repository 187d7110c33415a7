"""What operators and their machines ask: probes by any name, one service's readiness, orders, and where endpoints show."""
import socket

import pytest
import requests
import zmq
from scripted import echo

FORWARDED = [{"Forwarded": "for=192.0.2.1"}, {"X-Forwarded-For": "192.0.2.1"}, {"Via": "1.1 proxy"}, {"X-Real-IP": "192.0.2.1"}]


def raw(gateway, text):
    """The status line of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", gateway.port), 10) as connection:
        connection.sendall(text.encode())
        return connection.makefile("rb").readline().decode()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_answer_without_and_with_any_host(start, tmp_path, path):
    gateway = start.gateway({}, tmp_path)
    assert " 200 " in raw(gateway, f"GET {path} HTTP/1.0\r\n\r\n")
    for host in ("10.1.2.3:8080", "gateway.default.svc"):
        assert gateway.get(path, Host=host).status_code == 200
        assert gateway.get("/v1/services", Host=host).status_code == 421
        assert requests.post(gateway.url + path, headers={"Host": host}, timeout=10).status_code == 421
        # A page that came by a rebound name: its browser says so.
        for fields in ({"Origin": f"http://{host}"}, {"Sec-Fetch-Site": "same-origin"}):
            assert requests.get(gateway.url + path, headers={"Host": host, **fields}, timeout=10).status_code == 421
    for fields in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert requests.get(gateway.url + path, headers=fields, timeout=10).json()["code"] == "origin_refused"


def test_readiness_of_one_service_and_of_optional_ones(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway(
        {"here": {"peer": "dealer", "bind": there, "replies": {"count": 1}},
         "away": {"peer": "rep", "bind": endpoint(), "optional": True}}, tmp_path)
    assert gateway.get("/readyz").status_code == 503
    assert gateway.get("/readyz?service=here").status_code == 503
    scripted(zmq.DEALER, echo, connect=there)
    gateway.until(lambda: gateway.get("/readyz?service=here").status_code == 200)
    answer = gateway.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["services"]["away"] == {"ready": False, "workers": 0, "optional": True}
    one = gateway.get("/readyz?service=here").json()
    assert (one["ready"], list(one["services"])) == (True, ["here"])
    assert gateway.get("/readyz?service=away").status_code == 503
    unknown = gateway.get("/readyz?service=nowhere")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_service")


def test_readiness_of_a_registered_service(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"hub": {"peer": "majordomo", "bind": there}}, tmp_path)
    assert gateway.get("/readyz?service=echo").status_code == 404
    scripted(zmq.DEALER, lambda f, send: None, connect=there).send([b"", b"MDPW01", b"\x01", b"echo"])
    gateway.until(lambda: gateway.get("/readyz?service=echo").status_code == 200)


@pytest.mark.parametrize("fields", FORWARDED, ids=lambda fields: next(iter(fields)))
def test_orders_through_a_proxy_are_refused(start, endpoint, tmp_path, scripted, fields):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "ready", "bind": there, "body": "text"}}, tmp_path)
    scripted(zmq.DEALER, lambda f, send: None, connect=there, identity=b"worker").send([b"", b"ready"])
    gateway.ready("s")
    worker = gateway.get("/v1/services/s").json()["pool"]["workers"][0]["id"]
    order = gateway.url + f"/v1/services/s/workers/{worker}/drain"
    answer = requests.post(order, headers=fields, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (403, "operator_only")
    assert requests.post(order, timeout=10).status_code == 200


def test_endpoints_are_for_the_operator(start, endpoint, tmp_path, scripted):
    there, wrong = endpoint(), endpoint()
    gateway = start.gateway(
        {"s": {"peer": "router", "connect": there, "replies": {"count": 1}}, "t": {"peer": "rep", "bind": endpoint()},
         "p": {"peer": "publisher", "connect": wrong}}, tmp_path, reactors=1)
    scripted(zmq.REP, lambda f, send: None, bind=wrong)
    gateway.until(lambda: wrong in gateway.get("/readyz").json()["services"]["p"].get("trouble", ""))
    for fields in FORWARDED:
        name = next(iter(fields))
        for path in ("/readyz", "/v1/services", "/v1/services/p"):
            text = requests.get(gateway.url + path, headers=fields, timeout=10).text
            assert "an endpoint" in text and "ipc://" not in text, (name, path)
    assert "ipc://" not in requests.get(gateway.url + "/readyz", headers={"Host": "rebound.example"}, timeout=10).text
    for service in ("s", "t"):
        answer = gateway.post(service, 1)
        assert answer.json()["code"] == "no_worker" and "://" not in answer.text
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "A" * 22 + "=="}
    answer = requests.get(gateway.url + "/v1/services/t", headers=upgrade, timeout=10)
    assert answer.json()["code"] == "no_worker" and "://" not in answer.text
