"""Which bodies are taken, and what a HEAD does."""
import gzip
import http.client
import json

import pytest
import requests
import zmq
from scripted import echo


@pytest.fixture
def service(start, endpoint, tmp_path, scripted):
    """service(answer, ...) is a gateway whose service "s" answers so; its worker is `gateway.worker`."""
    def make(answer, routes=(), **settings):
        there = endpoint()
        settings = {"peer": "dealer", "bind": there, "replies": {"deadline": "4s", "final": {"pointer": "/done", "exists": True}}, **settings}
        gateway = start.gateway({"s": settings}, tmp_path, routes=list(routes))
        gateway.worker = scripted(zmq.DEALER, answer, connect=there)
        gateway.ready("s")
        return gateway
    return make


@pytest.mark.parametrize("body", ["json", "text", "binary"])
def test_a_compressed_body_is_415_and_the_client_learns_why(service, body):
    gateway = service(echo, body=body, replies={"count": 1})
    kind = {"json": "application/json", "text": "text/plain", "binary": "application/octet-stream"}[body]
    for coding in ("gzip", "br", "deflate", "x, gzip"):
        answer = gateway.post("s", gzip.compress(b"1"), Content_Type=kind, Content_Encoding=coding)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
        assert coding in answer.json()["detail"] and answer.headers["accept-encoding"] == "identity"
    assert gateway.worker.seen == []
    assert gateway.post("s", "1", Content_Type=kind, Content_Encoding="identity").text == "1"


def test_head_runs_nothing_that_only_a_get_asks_for(service):
    routes = [{"match": "GET /get", "service": "s"}, {"match": "* /any", "service": "s"}, {"match": "HEAD /own", "service": "s"},
              {"match": "GET /both", "service": "s"}, {"match": "HEAD /both", "service": "s"}]
    gateway = service(lambda frames, send: send([*frames[:-1], b'{"done":1}']), routes, expose=True, replies={"count": 1})

    def head(path):
        client = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        client.request("HEAD", path)
        answer = client.getresponse()
        return answer.status, answer.getheader("allow"), answer.read()

    assert head("/get") == (405, "GET, OPTIONS", b"")
    assert requests.options(gateway.url + "/get", timeout=10).headers["allow"] == "GET, OPTIONS"
    assert head("/v1/services/s?request=1")[0] == head("/v1/services/s")[0] == 200
    assert gateway.worker.seen == []
    for path in ("/any", "/own", "/both"):
        assert head(path) == (200, None, b"")
        assert json.loads(gateway.worker.seen[-1][-1])["method"] == "HEAD"
    assert requests.options(gateway.url + "/both", timeout=10).headers["allow"] == "GET, HEAD, OPTIONS"
    assert requests.get(gateway.url + "/get", timeout=10).status_code == 200
