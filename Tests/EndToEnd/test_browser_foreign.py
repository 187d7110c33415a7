"""A page of another origin, in a real browser: what it may do with and without `allowed_origins`."""
import http.server
import threading

import pytest
import requests
import zmq

from browser_script import needs_chromium
from scripted import echo

pytestmark = needs_chromium


@pytest.fixture
def foreign():
    """The address of another site with an empty page."""
    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def served(start, endpoint, tmp_path, scripted):
    def make(allowed_origins):
        there = endpoint()
        scripted(zmq.ROUTER, echo, bind=there)
        gateway = start.gateway(
            {"s": {"peer": "router", "connect": there, "replies": {"count": 1}}}, tmp_path, public="public",
            allowed_origins=allowed_origins)
        gateway.ready("s")
        return gateway
    return make


def run(driver, script):
    return driver.execute_async_script(
        f"const done = arguments[arguments.length - 1];"
        f"(async () => {{ {script} }})().then(done, (error) => done(String(error)));")


def test_a_page_of_a_configured_origin_imports_the_module_and_uses_each_transport(driver, served, foreign):
    gateway = served([foreign])
    driver.get(foreign)
    # The page of the gateway's own origin was here before, so that a cached answer without CORS fields is at hand.
    assert run(driver, f"""
      const there = "{gateway.url}";
      await fetch(there + "/zmq-gateway.js", {{ mode: "no-cors" }});
      const {{ connect }} = await import(there + "/zmq-gateway.js");
      const types = await fetch(there + "/zmq-gateway.d.ts").then((answer) => answer.text());
      const authorized = (url, init) => fetch(url, {{ ...init, headers: {{ ...init.headers, Authorization: "Bearer x",
        "Idempotency-Key": "k", "Last-Event-ID": "1" }} }});
      const replies = [];
      for (const transport of ["websocket", "sse", "ndjson"]) {{
        const connection = connect({{ url: there, transport, fetch: authorized }});
        replies.push(await connection.request("s", {{ transport }}));
        connection.close();
      }}
      return [types.includes("export function connect"), replies.map((one) => one.transport)];
    """) == [True, ["websocket", "sse", "ndjson"]]


def test_a_page_of_any_other_origin_gets_no_module(driver, served, foreign):
    gateway = served([])
    driver.get(foreign)
    assert "Failed to fetch" in run(driver, f'return Object.keys(await import("{gateway.url}/zmq-gateway.js"));')


def test_the_headers_of_a_public_file_for_a_configured_origin(served):
    gateway = served(["https://app.example"])
    allowed = gateway.get("/zmq-gateway.js", Origin="https://app.example")
    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    again = gateway.get("/zmq-gateway.js", Origin="https://app.example", If_None_Match=allowed.headers["etag"])
    assert (again.status_code, again.headers["access-control-allow-origin"]) == (304, "https://app.example")
    own = gateway.get("/zmq-gateway.js")
    assert "access-control-allow-origin" not in own.headers
    # A cache in between must not give the one's answer to the other.
    assert {answer.headers["vary"] for answer in (allowed, again, own)} == {"Origin"}
    assert gateway.get("/zmq-gateway.js", Origin="https://evil.example").status_code == 403


def test_a_preflight_allows_what_a_client_of_this_gateway_sends(served):
    gateway = served(["https://app.example"])
    answer = requests.options(gateway.url + "/v1/services/s", timeout=10, headers={
        "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type"})
    names = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert names >= {
        "authorization", "last-event-id", "idempotency-key", "content-type", "accept", "prefer", "x-request-id"}
    assert "access-control-allow-credentials" not in answer.headers
