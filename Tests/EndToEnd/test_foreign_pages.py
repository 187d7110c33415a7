"""A page of another origin starts nothing, however it asks; the gateway's own page does. Without a browser, and in Chromium."""
import functools
import http.server
import json
import threading

import pytest
import requests
import zmq
from browser import wait_for
from browser_script import js, needs_chromium  # noqa: F401 (fixture)
from scripted import echo

ROUTES = [{"match": "GET /orders", "service": "jobs", "request": "body", "reply": "body"},
          {"match": "* /any", "service": "jobs", "request": "body"}]
FOREIGN = [{"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}
           for site in ("cross-site", "same-site") for mode, destination in (("no-cors", "image"), ("navigate", "document"))]
ACTING = [("GET", "/v1/services/jobs?request=1"), ("GET", "/orders"), ("GET", "/any"), ("PUT", "/any"), ("POST", "/v1/services/jobs"),
          ("GET", "/v1/services/news?topic=a"), ("POST", "/v1/services/jobs/workers/x/drain")]


@pytest.fixture
def jobs(start, endpoint, tmp_path, scripted):
    """jobs(...) starts a gateway whose worker remembers what it was asked, and answers with it."""
    def make(**settings):
        there = endpoint()
        gateway = start.gateway(
            {"jobs": {"peer": "dealer", "bind": there, "body": "text", "replies": {"count": 1}},
             "news": {"peer": "publisher", "bind": endpoint()}},
            tmp_path, reactors=1, routes=ROUTES, **settings)
        worker = scripted(zmq.DEALER, echo, connect=there)
        gateway.ready("jobs")
        return gateway, worker
    return make


def refused(answer):
    return (answer.status_code, answer.json()["code"]) == (403, "origin_refused")


@pytest.mark.parametrize("fields", FOREIGN, ids=lambda f: f["Sec-Fetch-Site"] + " " + f["Sec-Fetch-Mode"])
def test_a_foreign_page_without_an_origin_may_not_cause_effects(jobs, fields):
    gateway, worker = jobs()
    for method, path in ACTING:
        assert refused(requests.request(method, gateway.url + path, data="1" if method != "GET" else None, headers=fields, timeout=10))
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol": "zmq-gateway.v1", **fields}
    for path in ("/v1/services/jobs", "/v1/services/news", "/v1/socket"):
        assert refused(requests.get(gateway.url + path, headers=upgrade, timeout=10))
    assert worker.seen == []
    assert gateway.post("jobs", "own", Sec_Fetch_Site="same-origin").text == "own"
    assert gateway.get("/v1/services/jobs?request=typed", Sec_Fetch_Site="none").text == "typed"


def test_a_link_may_open_pages_without_effects(jobs):
    gateway, _ = jobs(public="public")
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    for path in ("/", "/v1/services", "/v1/services/jobs", "/openapi.json", "/healthz", "/metrics"):
        assert requests.get(gateway.url + path, headers=link, timeout=10).status_code == 200, path
        assert refused(requests.get(gateway.url + path, headers={**link, "Sec-Fetch-Dest": "iframe"}, timeout=10)), path


def test_a_page_of_a_configured_origin_may_show_images_of_a_worker(jobs):
    gateway, _ = jobs(allowed_origins=["https://app.example.org"])
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for referer, status in (("https://app.example.org/", 200), ("https://evil.example.org/", 403)):
        assert requests.get(gateway.url + "/orders", data="1", headers={**image, "Referer": referer}, timeout=10).status_code == status


def test_an_origin_with_the_other_scheme_is_foreign(jobs):
    gateway, _ = jobs()
    host = f"127.0.0.1:{gateway.port}"
    assert refused(gateway.post("jobs", "1", Origin=f"https://{host}"))
    assert gateway.post("jobs", "1", Origin=f"http://{host}").status_code == 200


@pytest.mark.parametrize("kind", ["text/html", "application/xhtml+xml", "image/svg+xml", "image/png"])
def test_a_document_that_a_worker_makes_is_put_into_a_sandbox(start, endpoint, tmp_path, scripted, kind):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "reply": "envelope", "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path)
    reply = {"headers": {"Content-Type": kind}, "body_encoding": "text", "body": "<p>"}
    scripted(zmq.DEALER, lambda f, send: send([f[0], json.dumps(reply).encode()]), connect=there)
    gateway.ready("s")
    answer = gateway.post("s", 1)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers.get("content-security-policy") == (None if kind == "image/png" else "sandbox")


ATTACK = """
  const [url, ws, mark] = arguments;
  const settled = [];
  const image = new Image();
  settled.push(new Promise((done) => { image.onload = image.onerror = done; }));
  image.src = `${url}/v1/services/jobs?request=${mark}-image`;
  for (const path of [`/v1/services/jobs?request=${mark}-fetch`, "/orders", "/any"])
    settled.push(fetch(url + path, { mode: "no-cors" }).catch(() => {}));
  settled.push(fetch(`${url}/v1/services/jobs`, { mode: "no-cors", method: "POST", body: `${mark}-post` }).catch(() => {}));
  settled.push(fetch(`${url}/v1/services/jobs?request=${mark}-cors`).catch(() => {}));
  const source = new EventSource(`${url}/v1/services/jobs?request=${mark}-source`);
  settled.push(new Promise((done) => { source.onerror = () => { source.close(); done(); }; }));
  const socket = new WebSocket(`${ws}/v1/services/jobs`);
  settled.push(new Promise((done) => {
    socket.onopen = () => socket.send(`${mark}-socket`);
    socket.onmessage = () => socket.close();
    socket.onclose = done;
  }));
  const frame = document.createElement("iframe");
  settled.push(new Promise((done) => { frame.onload = frame.onerror = done; }));
  frame.src = `${url}/v1/services/jobs?request=${mark}-frame`;
  document.body.append(frame);
  for (const [method, action] of [["get", "/v1/services/jobs"], ["post", "/any"]]) {
    const form = document.createElement("form");
    const target = document.createElement("iframe");
    Object.assign(target, { name: method });
    Object.assign(form, { method, action: url + action, target: method, enctype: "text/plain" });
    form.innerHTML = `<input name=request value=${mark}-form>`;
    document.body.append(target, form);
    settled.push(new Promise((done) => { target.addEventListener("load", done); }));
    form.submit();
  }
  window.settled = 0;
  for (const one of settled) one.then(() => { window.settled += 1; });
  return settled.length;
"""


class Blank(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>another site</title><body>")

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def elsewhere():
    """The port of a server with a blank page."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    threading.Thread(target=functools.partial(server.serve_forever, 0.02), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@needs_chromium
@pytest.mark.parametrize("name, site", [("127.0.0.1", "same-site"), ("localhost", "cross-site")])
def test_no_way_out_of_a_foreign_page_reaches_a_worker(js, jobs, elsewhere, name, site):
    gateway, worker = jobs()
    js.driver.get(f"http://{name}:{elsewhere}/")
    count = js.driver.execute_script(ATTACK, gateway.url, gateway.url.replace("http", "ws"), site)
    wait_for(js.driver, lambda: js.run("return window.settled") == count, "every attempt to end")
    assert gateway.post("jobs", "last").text == "last"
    assert [frames[-1] for frames in worker.seen] == [b"last"]


@needs_chromium
def test_the_own_page_reaches_the_worker_in_all_these_ways(js, jobs):
    gateway, worker = jobs()
    js.driver.get(gateway.url + "/v1/services")
    js.driver.execute_script(ATTACK, gateway.url, gateway.url.replace("http", "ws"), "own")
    bodies = {f"own-{way}".encode() for way in ("image", "fetch", "post", "cors", "source", "socket", "frame", "form")}
    worker.wait_for(lambda seen: bodies <= {frames[-1] for frames in seen}, "each way")
