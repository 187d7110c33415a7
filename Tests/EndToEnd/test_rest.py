"""What a web client sees: formats, ends, overrides, refusals. Mostly with the demo."""
import json
import socket
import subprocess
import time

import pytest
import requests
from harness import BINARY, ROOT, curl, events


def test_one_reply_is_the_body_and_several_are_an_array(demo_gateway):
    assert requests.post(demo_gateway + "/v1/services/echo", data='[1, 2]').text == "[1, 2]"
    reply = requests.post(demo_gateway + "/v1/services/ticker", data='{"count":2}', headers={"Accept": "application/json"})
    assert [item["tick"] for item in reply.json()] == [1, 2]
    assert reply.headers["x-exchange-end"] == "final"


def test_a_complete_ndjson_stream_simply_ends_and_curl_exits_0(demo_gateway):
    code, output = curl(demo_gateway + "/v1/services/ticker", data='{"count":2}')
    assert code == 0
    assert [json.loads(line)["tick"] for line in output.splitlines()] == [1, 2]


def test_an_end_record_is_sent_if_requested(demo_gateway):
    _, output = curl(demo_gateway + "/v1/services/ticker?end=record", data='{"count":1}')
    end = json.loads(output.splitlines()[-1])["$end"]
    assert (end["reason"], end["ok"], end["replies"]) == ("final", True, 1)
    assert end["elapsed_ms"] > 100 and end["request_id"] and "problem" not in end


def test_an_incomplete_ndjson_stream_reports_its_end_and_curl_exits_18(demo_gateway):
    code, output = curl(demo_gateway + "/v1/services/ticker?deadline=500ms", data='{"count":50}')
    assert code == 18
    end = json.loads(output.splitlines()[-1])["$end"]
    assert (end["reason"], end["ok"], end["problem"]["code"]) == ("deadline", False, "deadline")
    assert len(output.splitlines()) == end["replies"] + 1


def test_replies_arrive_as_they_are_made(demo_gateway):
    with requests.post(demo_gateway + "/v1/services/ticker", data='{"count":3}', stream=True) as response:
        times = [time.monotonic() for _ in response.iter_lines()]
    assert times[1] - times[0] > 0.1 and times[2] - times[1] > 0.1


def test_sse_has_ids_and_always_ends_with_an_end_event(demo_gateway):
    for query, reason in (("", "final"), ("?deadline=300ms", "deadline")):
        response = requests.post(
            demo_gateway + "/v1/services/ticker" + query, data='{"count":2}', headers={"Accept": "text/event-stream"})
        seen = events(response.text)
        assert [event["id"] for event in seen[:-1]] == [str(n + 1) for n in range(len(seen) - 1)]
        assert seen[-1]["event"] == "end" and json.loads(seen[-1]["data"])["reason"] == reason
        assert response.headers["x-accel-buffering"] == "no" and response.headers["cache-control"] == "no-store"


def test_eventsource_uses_get_and_gets_204_when_it_reconnects(demo_gateway):
    url = demo_gateway + '/v1/services/ticker?request={"count":1}'
    first = requests.get(url, headers={"Accept": "text/event-stream"})
    assert events(first.text)[-1]["event"] == "end"
    assert requests.get(url, headers={"Accept": "text/event-stream", "Last-Event-ID": "1"}).status_code == 204


def test_headers_come_after_a_second_when_nothing_else_does(demo_gateway):
    begun = time.monotonic()
    with requests.post(
            demo_gateway + "/v1/services/slow", data='{"seconds":3}', stream=True,
            headers={"Accept": "application/x-ndjson"}) as response:
        assert 0.9 < time.monotonic() - begun < 2
        assert response.text == '{"slept":3}\n'


def test_overrides_end_an_exchange_within_the_services_bounds(demo_gateway):
    url = demo_gateway + "/v1/services/ticker"
    assert len(curl(url + "?count=2", data='{"count":9}')[1].splitlines()) == 2
    assert curl(url + "?count=2", data='{"count":9}')[0] == 0
    partial = requests.post(
        url + "?deadline=500ms", data='{"count":9}', headers={"Accept": "application/json"})
    assert partial.status_code == 504 and len(partial.json()["replies"]) == 2
    taken = requests.post(url + "?deadline=500ms&partial=ok", data='{"count":9}', headers={"Accept": "application/json"})
    assert taken.status_code == 200 and len(taken.json()) == 2
    waited = requests.post(demo_gateway + "/v1/services/slow", data='{"seconds":9}', headers={"Prefer": "wait=1"})
    assert (waited.status_code, waited.json()["code"], waited.headers["x-exchange-end"]) == (504, "deadline", "deadline")


@pytest.mark.parametrize("query, status", [
    ("deadline=30s", 200), ("deadline=31s", 400), ("first=31s", 400), ("idle=31s", 400), ("deadline=1s&first=1s", 200)])
def test_without_configured_overrides_a_request_cannot_ask_for_more_than_its_service_has(demo_gateway, query, status):
    answer = requests.post(f"{demo_gateway}/v1/services/echo?{query}", data="1")
    assert answer.status_code == status
    if status == 400:
        assert "exceeds what service" in answer.json()["detail"]
    overrides = requests.get(demo_gateway + "/v1/services/echo").json()["overrides"]
    assert overrides == {"count": 1, "first_ms": 30_000, "idle_ms": 30_000, "deadline_ms": 30_000}
    assert requests.get(demo_gateway + "/v1/services/ticker").json()["overrides"]["deadline_ms"] == 60_000, "its own deadline"


@pytest.mark.parametrize("preference", ["", ";", "=", ";;", "= ,x", ",", ",=,;,", "=;=", "foo", "wait=", "wait=x", "count=-1", "=count=1"])
def test_unknown_preferences_are_ignored(demo_gateway, preference):
    for _ in range(2):
        reply = requests.post(demo_gateway + "/v1/services/echo", data="1", headers={"Prefer": preference}, timeout=10)
        assert (reply.status_code, reply.text) == (200, "1")


@pytest.mark.parametrize("query", ["deadline=5", "deadline=-1s", "deadline=99h", "count=-1", "count=x", "errors=x", "idle=", "no=1", "partial=1"])
def test_invalid_overrides_are_rejected_with_a_sentence(demo_gateway, query):
    reply = requests.post(demo_gateway + "/v1/services/ticker?" + query, data="{}")
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_parameter")


def test_misbehaving_workers_are_502_and_silent_ones_504(demo_gateway):
    url = demo_gateway + "/v1/services/flaky"
    error = requests.post(url, data='{"mode":"error"}')
    assert (error.status_code, error.json()["code"], error.json()["reply"]) == (502, "worker_error", {"error": "as you wished"})
    assert requests.post(url, data='{"mode":"garbage"}').json()["code"] == "bad_reply"
    silence = requests.post(url + "?deadline=100ms", data='{"mode":"silence"}')
    assert (silence.status_code, silence.json()["code"]) == (504, "deadline")


REFUSALS = [
    ("POST", "/v1/services/echo", b'{"a":', {}, 400, "bad_json"),
    ("POST", "/v1/services/echo", b"", {}, 400, "bad_json"),
    ("POST", "/v1/services/echo", b'"\xff"', {}, 400, "bad_json"),
    ("POST", "/v1/services/ticker", b"[1]", {}, 400, "object_required"),
    ("POST", "/v1/services/nobody", b"{}", {}, 404, "unknown_service"),
    ("GET", "/nothing", None, {}, 404, "not_found"),
    ("GET", "/%00", None, {}, 400, "bad_path"),
    ("DELETE", "/v1/services/echo", None, {}, 405, "method_not_allowed"),
    ("POST", "/healthz", b"", {}, 405, "method_not_allowed"),
    ("POST", "/v1/services/echo", b"{}", {"Content-Type": "text/xml"}, 415, "unsupported_media_type"),
    ("POST", "/v1/services/echo", b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415, "unsupported_media_type"),
    ("POST", "/v1/services/echo", b"{}", {"Accept": "image/png"}, 406, "not_acceptable"),
    ("POST", "/v1/services/echo", b"{}", {"Origin": "http://evil.example"}, 403, "origin_refused"),
    ("GET", "/v1/services", None, {"Host": "evil.example"}, 421, "host_refused"),
    ("GET", "/v1/services", None, {"Host": "[::1].evil.example"}, 421, "host_refused"),
    ("GET", "/v1/services", None, {"Host": "[::1"}, 421, "host_refused"),
    ("GET", "/v1/services", None, {"Host": "127.+0.0.1"}, 421, "host_refused"),
    ("GET", "/v1/services", None, {"Host": "localhost:abc"}, 421, "host_refused"),
    ("POST", "/v1/services/echo", b'"' + b"x" * (1 << 20) + b'"', {}, 413, "body_too_large"),
    ("GET", "/" + "x" * 9000, None, {}, 414, "target_too_long"),
    ("GET", "/healthz", None, {"X-Big": "x" * 9000}, 431, "header_too_large"),
]


@pytest.mark.parametrize("method,path,body,headers,status,code", REFUSALS, ids=lambda value: str(value)[:24])
def test_bad_requests_get_the_right_status_and_a_problem(demo_gateway, method, path, body, headers, status, code):
    if path == "/healthz" and method == "POST":
        reply = requests.post(demo_gateway + "/readyz", data=body)
    else:
        request = requests.Request(method, demo_gateway + path, data=body, headers=headers).prepare()
        request.url = demo_gateway + path
        reply = requests.Session().send(request)
    assert reply.status_code == status, reply.text
    problem = reply.json()
    assert reply.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["status"]) == (code, status) and problem["detail"] and problem["title"]
    if status == 405:
        assert "OPTIONS" in reply.headers["allow"]


def test_an_unknown_transfer_coding_is_501(demo_gateway):
    host = demo_gateway.removeprefix("http://")
    with socket.create_connection(tuple(host.split(":")), timeout=10) as client:
        client.sendall(f"POST /v1/services/echo HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".encode())
        head, body = client.recv(65536).decode().split("\r\n\r\n")
    assert head.startswith("HTTP/1.1 501") and json.loads(body)["code"] == "not_implemented"


def test_fields_that_come_in_several_lines_are_one_list(demo_gateway):
    def ask(*fields):
        return curl("-i", *(part for field in fields for part in ("-H", field)), demo_gateway + "/v1/services/ticker", data='{"count":9}')[1]
    assert ask("Prefer: foo", "Prefer: count=1").count('"tick"') == 1
    assert "text/event-stream" in ask("Accept: image/png", "Accept: text/event-stream", "Prefer: count=1")


def test_an_upgrade_to_another_protocol_is_ignored(demo_gateway):
    for path in ("/v1/services/echo", "/v1/services/echo?request=1"):
        reply = requests.get(demo_gateway + path, headers={"Connection": "Upgrade", "Upgrade": "h2c"})
        assert reply.status_code == 200 and "upgrade" not in reply.headers
    assert requests.get(demo_gateway + "/v1/socket", headers={"Connection": "Upgrade", "Upgrade": "h2c"}).status_code == 426


def test_a_request_in_query_and_body_is_rejected(demo_gateway):
    reply = requests.post(demo_gateway + "/v1/services/echo?request=1", data="2")
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_parameter")
    assert requests.post(demo_gateway + "/v1/services/echo?request=1").text == "1"


def test_a_syntax_error_has_its_position(demo_gateway):
    problem = requests.post(demo_gateway + "/v1/services/echo", data='{"a":1,}').json()
    assert problem["offset"] == 7 and "byte 7" in problem["detail"]


def test_the_health_page_answers_every_caller(demo_gateway):
    reply = requests.get(demo_gateway + "/healthz", headers={"Host": "probe.internal"})
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


def test_head_and_options_are_answered(demo_gateway):
    head = requests.head(demo_gateway + "/v1/services")
    assert head.status_code == 200 and head.text == "" and int(head.headers["content-length"]) > 100
    options = requests.options(demo_gateway + "/v1/services/echo")
    assert options.status_code == 204 and "POST" in options.headers["allow"]


def test_services_describe_themselves(demo_gateway):
    services = requests.get(demo_gateway + "/v1/services").json()["services"]
    assert [service["name"] for service in services] == ["echo", "ticker", "slow", "flaky", "pool", "prices"]
    ticker = requests.get(demo_gateway + "/v1/services/ticker").json()
    assert ticker["ends"]["final"] == "/done = true" and ticker["ready"] and ticker["peer"] == "router"


def test_metrics_count_what_happened(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "rep", "bind": there}}, tmp_path, reactors=2)
    start.example("rep_worker", "connect", there)
    gateway.ready("s")
    for _ in range(20):
        gateway.post("s", 1)
    metrics = gateway.metrics()
    assert metrics["zmq_gateway_exchanges_total"]['service="s",reason="count"'] == 20
    assert metrics["zmq_gateway_replies_total"]['service="s"'] == 20
    assert metrics["zmq_gateway_exchange_seconds_count"]['service="s"'] == 20
    assert metrics["zmq_gateway_exchanges_open"]['service="s"'] == 0


def test_the_access_log_has_one_truthful_line_an_exchange(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "rep", "bind": there}}, tmp_path, log={"format": "json"})
    gateway.post("s", 1, X_Request_Id="first")
    start.example("rep_worker", "connect", there)
    gateway.ready("s")
    gateway.post("s", 1, X_Request_Id="second")
    gateway.until(lambda: any('"second"' in line for line in gateway.errors))
    lines = {line["request_id"]: line for line in map(json.loads, gateway.errors) if "request_id" in line}
    assert (lines["first"]["status"], lines["first"]["reason"], lines["first"]["replies"]) == (503, "no_worker", 0)
    assert (lines["second"]["status"], lines["second"]["reason"], lines["second"]["replies"]) == (200, "count", 1)


def test_a_configured_origin_may_call_and_read(start, endpoint, tmp_path):
    gateway = start.gateway({}, tmp_path, allowed_origins=["https://app.example"], allowed_hosts=["gateway.example"])
    reply = gateway.get("/v1/services", Origin="https://app.example", Host="gateway.example")
    assert reply.headers["access-control-allow-origin"] == "https://app.example"
    assert gateway.get("/v1/services", Origin=gateway.url).status_code == 200
    assert gateway.get("/v1/services", Origin="null").status_code == 403


def test_a_bad_configuration_exits_78_with_every_mistake(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("listen: 127.0.0.1:99999\nserices: {}\nservices:\n  a: {peer: router, replies: {idle: 300}}\n")
    run = subprocess.run([BINARY, "check", "--config", str(path)], capture_output=True, text=True, timeout=20)
    assert run.returncode == 78
    lines = run.stderr.splitlines()
    assert any(line.startswith(f"{path}:2:1: serices:") and "did you mean services?" in line for line in lines)
    assert any("services.a.replies.idle" in line and "has no unit" in line for line in lines)
    assert any("listen" in line for line in lines) and len(lines) >= 4


def test_the_printed_configuration_is_a_good_one(tmp_path):
    text = subprocess.run([BINARY, "serve", "--print-config"], capture_output=True, text=True, timeout=20).stdout
    path = tmp_path / "printed.yaml"
    path.write_text(text)
    assert subprocess.run([BINARY, "check", "--config", str(path)], timeout=20, capture_output=True).returncode == 0


def test_the_example_file_is_what_the_command_prints():
    printed = subprocess.run([BINARY, "serve", "--print-config"], capture_output=True, text=True, timeout=20).stdout
    assert (ROOT / "examples/zmq-gateway.yaml").read_text() == printed
