"""What a worker's envelope makes of a response: its status, its header fields beside ours, and bodies of any kind."""
import base64
import http.client
import json

import pytest
import zmq
from harness import curl, events
from scripted import replies

PAGE = "https://page.example"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n\x00\xff").decode()


@pytest.fixture
def answering(start, endpoint, tmp_path, scripted):
    """answering(envelope, ...) is a gateway whose service "s" answers with these."""
    def make(*envelopes, count=1, **settings):
        there = endpoint()
        service = {"peer": "dealer", "bind": there, "reply": "envelope", "expose": True, "replies": {"count": count}, **settings}
        route = {"match": "GET /page", "service": "s", "reply": "envelope"}
        gateway = start.gateway({"s": service}, tmp_path, allowed_origins=[PAGE], routes=[route])
        bodies = [envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode() for envelope in envelopes]
        scripted(zmq.DEALER, replies(*bodies), connect=there)
        gateway.ready("s")
        return gateway
    return make


def raw(gateway, method="POST", path="/v1/services/s", body=b"1", **headers):
    """(status, [(field, value)], body): each field as it stands on the wire."""
    client = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    client.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = client.getresponse()
    result = answer.status, [(name.lower(), value) for name, value in answer.getheaders()], answer.read()
    client.close()
    return result


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson", "text/event-stream"])
def test_a_field_stands_once_whoever_sets_it(answering, kind):
    fields = {
        "Cache-Control": "max-age=60", "vary": ["Cookie", "X-A"], "etag": '"7"', "X-Own": "yes", "Set-Cookie": ["a=1", "b=2"],
        "X-Request-Id": "theirs", "x-exchange-end": "never", "Access-Control-Allow-Origin": "*", "access-control-max-age": "9",
        "X-Content-Type-Options": "none", "Strict-Transport-Security": "max-age=0", "content-security-policy": "default-src 'self'"}
    gateway = answering({"status": 201, "headers": fields, "body": {"a": 1}})
    status, got, _ = raw(gateway, Accept=kind, Origin=PAGE, X_Request_Id="ours")
    values = {name: [value for known, value in got if known == name] for name, _ in got}
    assert status == 201
    assert values["cache-control"] == ["max-age=60"]
    assert values["vary"] == ["Accept, Origin, Cookie, X-A"]
    assert values["x-request-id"] == ["ours"]
    assert values["access-control-allow-origin"] == [PAGE] and "access-control-max-age" not in values
    assert values["x-content-type-options"] == ["nosniff"]
    assert values.get("x-exchange-end", ["count"]) == ["count"]
    assert "strict-transport-security" not in values
    assert values["set-cookie"] == ["a=1", "b=2"]
    assert (values["etag"], values["x-own"]) == (['"7"'], ["yes"])
    assert values["content-type"] == [kind] and "default-src 'self'" in values["content-security-policy"]


@pytest.mark.parametrize("body", ["json", "text", "binary"])
def test_a_status_without_a_body_has_none(answering, body):
    for status, headers in ((204, {}), (304, {"etag": '"1"'}), (302, {"location": "/elsewhere"}), (201, {}), (404, {})):
        gateway = answering({"status": status, "headers": headers}, body=body)
        got, fields, content = raw(gateway, Content_Type="text/plain" if body == "text" else "application/json")
        assert (got, content) == (status, b""), body
        assert "content-type" not in dict(fields)
        assert all(dict(fields)[name] == value for name, value in headers.items())
        assert dict(fields).get("content-length", "0") == "0"


KINDS = {
    "a page": ({"headers": {"content-type": "text/html; charset=utf-8"}, "body_encoding": "text", "body": "<h1>ü</h1>"},
               "text/html; charset=utf-8", "<h1>ü</h1>".encode()),
    "text without a type": ({"status": 404, "body_encoding": "text", "body": "no"}, "text/plain; charset=utf-8", b"no"),
    "an image": ({"headers": {"content-type": "image/png"}, "body_encoding": "base64", "body": PNG}, "image/png", base64.b64decode(PNG)),
    "bytes without a type": ({"body_encoding": "base64", "body": PNG}, "application/octet-stream", base64.b64decode(PNG))}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("body", ["json", "text", "binary"])
def test_pages_and_images_come_from_a_service_of_any_kind(answering, name, body):
    envelope, kind, content = KINDS[name]
    gateway = answering(envelope, body=body)
    for accept in ("*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "image/avif,image/png", "text/html"):
        status, fields, got = raw(gateway, "GET", "/page", None, Accept=accept)
        assert (status, dict(fields)["content-type"], got) == (envelope.get("status", 200), kind, content), accept


def test_encoded_bodies_are_strings_among_several(answering):
    gateway = answering({"body_encoding": "text", "body": "a\nb"}, {"status": 204}, {"body_encoding": "base64", "body": PNG}, count=3)
    assert json.loads(raw(gateway, Accept="application/json")[2]) == ["a\nb", None, PNG]
    seen = events(raw(gateway, Accept="text/event-stream")[2].decode())
    assert [json.loads(event["data"]) for event in seen[:-1]] == ["a\nb", None, PNG]
    assert curl(f"{gateway.url}/v1/services/s", data="1")[1].splitlines() == [json.dumps("a\nb"), "null", json.dumps(PNG)]
