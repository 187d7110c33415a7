"""The description and what is described are one: the committed document, the tables, and the running demo."""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import zmq
from harness import BINARY, ROOT
from scripted import echo
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


@pytest.fixture(scope="module")
def document():
    return json.loads((ROOT / "openapi/openapi.json").read_text())


def operations(document):
    return [(path, method, operation) for path, known in document["paths"].items() for method, operation in known.items()]


def test_the_committed_document_is_the_one_that_is_served(demo_gateway):
    served = requests.get(demo_gateway + "/openapi.json")
    committed = (ROOT / "openapi/openapi.json").read_text()
    assert served.text == committed, "run `make openapi`"
    assert subprocess.run([BINARY, "openapi"], capture_output=True, text=True, timeout=20).stdout == committed


def test_every_path_and_problem_of_the_document_is_real(demo_gateway, document):
    assert document["openapi"] == "3.1.0"
    for path, known in document["paths"].items():
        allowed = requests.options(demo_gateway + path).headers["allow"].split(", ")
        assert {method.upper() for method in known} == set(allowed) - {"HEAD", "OPTIONS"}
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert requests.get(demo_gateway + "/nowhere").json()["code"] in codes
    assert len(codes) == len(set(codes)) and {"no_worker", "deadline", "bad_json"} <= set(codes)


def test_each_operation_has_a_name_of_its_own_and_only_statuses_that_it_can_have(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) and all(re.fullmatch(r"[A-Za-z0-9_.-]+", name) for name in names)
    for path, method, operation in operations(document):
        text = json.dumps(operation["responses"])
        assert ("operator_only" in text) == path.endswith("/{order}"), path
        assert ("426" in operation["responses"]) == (method == "get" and path.startswith(("/v1/services/", "/v1/socket"))), path
        assert ("bad_json" in text) == ("/services/" in path and path.split("/")[-1] in ("echo", "ticker", "slow", "flaky", "pool")), path
        assert ("object_required" in text) == path.endswith(("ticker", "slow", "flaky")) or "object_required" not in text
        assert all(status in operation["responses"] for status in ("400", "431"))
        assert all("Retry-After" in operation["responses"][status].get("headers", {})
                   for status in ("429", "503") if status in operation["responses"] and path != "/readyz")


def test_times_and_counts_are_as_the_document_says(demo_gateway, document):
    parameters = {one["name"]: one["schema"] for one in document["paths"]["/v1/services/echo"]["post"]["parameters"]}
    for time, status in (("250ms", 200), ("3s", 200), ("5m", 400), ("1h", 400)):
        assert re.search(parameters["deadline"]["pattern"], time)
        answer = requests.post(f"{demo_gateway}/v1/services/echo?deadline={time}", data="1", timeout=10)
        assert answer.status_code == status and (status == 200 or "exceeds what service" in answer.json()["detail"])
    for time in ("5", "0s", "-1s", "1.5s", "5d"):
        assert not re.search(parameters["deadline"]["pattern"], time)
        assert requests.post(f"{demo_gateway}/v1/services/echo?deadline={time}", data="1", timeout=10).status_code == 400
    for count, status in ((parameters["count"]["minimum"], 202), (parameters["count"]["maximum"], 200), (parameters["count"]["maximum"] + 1, 400)):
        assert requests.post(f"{demo_gateway}/v1/services/echo?count={count}", data="1", timeout=10).status_code == status


def test_routes_brokers_and_workers_errors_are_described_as_they_are(start, endpoint, tmp_path, scripted):
    there = endpoint()
    error = {"pointer": "/error", "exists": True}
    services = {
        "fixed": {"peer": "dealer", "bind": there, "replies": {"count": 1, "error": {**error, "status": 422}}},
        "named": {"peer": "dealer", "bind": endpoint(), "reply": "envelope", "replies": {"error": {**error, "status_pointer": "/status"}}},
        "broker": {"peer": "majordomo", "bind": endpoint()}}
    routes = [{"match": match, "service": "fixed", "request": "body"} for match in ("GET /a/{b}", "GET /a_b", "* /x")]
    gateway = start.gateway(services, tmp_path, routes=routes)
    document = gateway.get("/openapi.json").json()
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) and "get_a_b" in names
    assert "worker_error" in document["paths"]["/v1/services/fixed"]["post"]["responses"]["422"]["description"]
    assert {"4XX", "5XX", "default"} <= set(document["paths"]["/v1/services/named"]["post"]["responses"])
    assert list(document["paths"]["/v1/services/broker"]) == ["get"]
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("fixed")
    assert gateway.post("fixed", {"error": 1}).status_code == 422


def test_a_session_without_a_worker_gets_a_retry_after(start, endpoint, tmp_path):
    gateway = start.gateway({"s": {"peer": "dealer", "bind": endpoint(), "retry_after": "7s"}}, tmp_path, reactors=1)
    with pytest.raises(InvalidStatus) as refused:
        connect(gateway.url.replace("http", "ws") + "/v1/services/s")
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (503, "7")


@pytest.mark.timeout(300)
def test_schemathesis_finds_only_what_the_document_says(demo_gateway, document, tmp_path):
    # Only what answers at once: the others would wait for their workers. And no deadline that a good worker misses.
    keep = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/services", "/v1/services/echo")
    narrowed = json.loads(json.dumps(document).replace(json.dumps("^[1-9][0-9]{0,8}(ms|s|m|h)$"), '"^[1-4](s|m)$"'))
    narrowed["paths"] = {path: value for path, value in narrowed["paths"].items() if path in keep}
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(narrowed))
    checks = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
              "response_schema_conformance"]
    run = subprocess.run(
        [str(Path(sys.executable).parent / "schemathesis"), "run", str(path), "--base-url", demo_gateway, "--experimental",
         "openapi-3.1", "--checks", ",".join(checks), "--hypothesis-max-examples", "40", "--hypothesis-seed", "7",
         "--request-timeout", "5000"],
        capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
