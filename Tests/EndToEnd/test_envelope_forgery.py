"""Request envelopes cannot be forged: every transport wraps, and a second way to the same worker is closed by name."""
import json

import pytest
import zmq
from harness import events
from scripted import echo
from test_configuration import check
from test_sessions import V1, said, session

ROUTE = {"match": "POST /orders/{id}", "service": "jobs", "headers": ["x-user"]}
FORGED = {"method": "POST", "headers": {"x-user": "root"}, "body": 1, "remote": "10.0.0.1"}


@pytest.fixture
def jobs(start, endpoint, tmp_path, scripted):
    """jobs(routes, ...) starts a gateway whose service `jobs` has a worker that answers with what it got."""
    def make(routes=(), reactors=1, **service):
        there = endpoint()
        entry = {"peer": "dealer", "bind": there, "replies": {"count": 1}, **service}
        gateway = start.gateway({"jobs": entry}, tmp_path, reactors=reactors, routes=list(routes))
        scripted(zmq.DEALER, echo, connect=there)
        gateway.ready("jobs")
        return gateway
    return make


def asked_on_a_socket(gateway, service, body):
    """The messages that answer a request to `service` on /v1/socket."""
    with session(gateway, "/v1/socket", **V1) as client:
        said(client)
        client.send(json.dumps({"op": "request", "id": "a", "service": service, "body": body}))
        messages = [said(client)]
        while messages[-1]["op"] == "reply":
            messages.append(said(client))
    return messages


def upgrade_status(gateway, path):
    answer = gateway.get(path, Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Version="13",
                         Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAA==")
    return answer.status_code


@pytest.mark.parametrize("service", [{}, {"expose": False}])
def test_a_service_with_envelopes_on_a_route_is_hidden_by_name(jobs, service):
    gateway = jobs([ROUTE], **service)
    unknown = gateway.post("nowhere", FORGED)
    for answer in (gateway.post("jobs", FORGED), gateway.get("/v1/services/jobs"), gateway.get("/v1/services/jobs?request=1")):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_service")
        assert answer.json()["detail"] == unknown.json()["detail"].replace("nowhere", "jobs")
    assert upgrade_status(gateway, "/v1/services/jobs") == 404
    end, = asked_on_a_socket(gateway, "jobs", FORGED)
    assert (end["reason"], end["problem"]["code"]) == ("refused", "unknown_service")
    assert gateway.get("/v1/services").json()["services"] == []
    assert "/v1/services/jobs" not in gateway.get("/openapi.json").json()["paths"]
    assert gateway.get("/readyz").json()["services"]["jobs"]["ready"]
    seen = __import__("requests").post(gateway.url + "/orders/7", json=FORGED, headers={"X-User": "bob"}, timeout=10).json()
    assert (seen["body"], seen["headers"], seen["remote"]) == (FORGED, {"x-user": "bob"}, "127.0.0.1")


def test_expose_opens_it_and_a_body_service_without_routes_is_open(jobs):
    assert jobs([ROUTE], expose=True).post("jobs", FORGED).json() == FORGED
    assert jobs().post("jobs", 1).json() == 1
    assert jobs([{**ROUTE, "request": "body"}]).post("jobs", 2).json() == 2


def test_what_is_hidden_stays_reachable_by_its_routes(jobs):
    gateway = jobs([{"match": "GET /seen", "service": "jobs", "request": "envelope"}], request="envelope", expose=False)
    assert gateway.post("jobs", 1).status_code == 404
    assert gateway.get("/seen").json()["path"] == "/seen"


@pytest.mark.parametrize("reactors", [1, 2])
def test_every_transport_puts_what_a_client_sends_into_the_body(jobs, reactors):
    gateway = jobs(reactors=reactors, request="envelope", headers=["x-user"])
    user = {"X-User": "bob", "traceparent": "00-aa-bb-01"}
    envelopes = {
        ("POST", "/v1/services/jobs"): gateway.post("jobs", FORGED, **user).json(),
        ("GET", "/v1/services/jobs"): json.loads(events(gateway.get(
            "/v1/services/jobs?request=" + json.dumps(FORGED), Accept="text/event-stream", **user).text)[0]["data"]),
        ("GET", "/v1/socket"): asked_on_a_socket(gateway, "jobs", FORGED)[0]["body"]}
    for (method, path), envelope in envelopes.items():
        assert (envelope["method"], envelope["path"], envelope["body"]) == (method, path, FORGED)
        assert (envelope["remote"], envelope["params"]) == ("127.0.0.1", {})
        assert envelope["headers"] == ({} if path == "/v1/socket" else {"x-user": "bob"})
    assert envelopes["GET", "/v1/socket"]["request_id"].endswith("/a")


def test_the_messages_of_sessions_are_wrapped(jobs):
    gateway = jobs(request="envelope", headers=["x-user"])
    fields = {"additional_headers": {"X-User": "bob", "X-Request-Id": "mine", "X-Other": "no", "traceparent": "00-aa-bb-01"}}
    seen = []
    with session(gateway, "/v1/services/jobs?a=1", **fields) as client:
        client.send(json.dumps(FORGED))
        client.send("")
        seen += [json.loads(client.recv(5)) for _ in range(2)]
    with session(gateway, "/v1/services/jobs?resume=1", **fields) as client:
        said(client)
        client.send(json.dumps({"op": "send", "body": FORGED}))
        seen.append(said(client)["body"])
    with session(gateway, "/v1/socket", **V1, **fields) as client:
        said(client)
        client.send(json.dumps({"op": "request", "id": "a", "service": "jobs", "body": FORGED}))
        seen.append(said(client)["body"])
    assert [envelope["body"] for envelope in seen] == [FORGED, None, FORGED, FORGED]
    assert [envelope["request_id"] for envelope in seen] == ["mine/1", "mine/2", "mine/1", "mine/a"]
    assert [envelope["query"] for envelope in seen] == [{"a": "1"}, {"a": "1"}, {"resume": "1"}, {}]
    assert {(e["method"], json.dumps(e["headers"]), e["remote"], e["traceparent"]) for e in seen} == {
        ("GET", '{"x-user": "bob"}', "127.0.0.1", "00-aa-bb-01")}


def test_a_registered_name_behind_a_route_is_hidden_by_name(start, endpoint, tmp_path, scripted):
    there, one = endpoint(), b"MDPW01"
    gateway = start.gateway(
        {"hub": {"peer": "majordomo", "bind": there}}, tmp_path,
        routes=[{"match": "GET /orders", "service": "hub", "registered": "orders"}])
    for name in (b"orders", b"free"):
        worker = scripted(
            zmq.DEALER, lambda f, send: f[2] == b"\x02" and send([b"", one, b"\x03", f[3], b"", f[5]]), connect=there)
        worker.send([b"", one, b"\x01", name])
    gateway.until(lambda: gateway.get("/v1/services/hub").json()["registered"] == ["free"])
    gateway.until(lambda: gateway.get("/orders").status_code == 200)
    assert gateway.get("/orders").json()["path"] == "/orders"
    assert gateway.post("free", 5).json() == 5
    assert [service["name"] for service in gateway.get("/v1/services").json()["services"]] == ["hub", "free"]
    assert gateway.post("orders", FORGED).json()["code"] == "unknown_service"
    assert asked_on_a_socket(gateway, "orders", FORGED)[0]["problem"]["code"] == "unknown_service"
    assert upgrade_status(gateway, "/v1/services/orders") == 404


def test_a_broker_that_is_hidden_hides_what_its_workers_register(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"hub": {"peer": "majordomo", "bind": there, "expose": False}}, tmp_path)
    scripted(zmq.DEALER, lambda f, send: None, connect=there).send([b"", b"MDPW01", b"\x01", b"echo"])
    gateway.until(lambda: gateway.get("/readyz").json()["services"]["hub"]["workers"] == 1)
    assert gateway.get("/v1/services").json()["services"] == []
    assert gateway.post("echo", 1).json()["code"] == gateway.post("hub", 1).json()["code"] == "unknown_service"


def test_check_reports_what_is_not_exposed_and_how_to_expose_it(tmp_path):
    service = {"peer": "dealer", "bind": "tcp://127.0.0.1:*", "replies": {"count": 1}}
    status, output = check(tmp_path, {"services": {"jobs": service}, "routes": [ROUTE]})
    assert status == 0 and "services.jobs: gets envelopes from routes[0]" in output and "expose: true" in output
    status, output = check(tmp_path, {"services": {"jobs": {**service, "expose": False}}, "routes": [ROUTE]})
    assert status == 0 and "warning" not in output
