"""Each peer kind with workers in C, C++ and Python: the frames are right, or these would hang or abort."""
import asyncio
import json

import aiohttp
import pytest
import requests
import zmq
from harness import curl
from scripted import echo, replies
from websockets.sync.client import connect


@pytest.mark.parametrize("language", ["c", "python"])
@pytest.mark.parametrize("peer", ["rep", "dealer"])
@pytest.mark.parametrize("way", ["bind", "connect"])
@pytest.mark.parametrize("reactors", [1, 2])
def test_a_shared_socket_serves_workers_that_connect_or_bind(start, endpoint, tmp_path, language, peer, way, reactors):
    there = endpoint()
    service = {"peer": peer, way: there, "replies": {"count": 1}}
    worker_way = "connect" if way == "bind" else "bind"
    gateway = start.gateway({"s": service}, tmp_path, reactors=reactors)
    if language == "c":
        arguments = ["rep_worker", worker_way, there] if peer == "rep" else ["echo_worker", "dealer", worker_way, there]
        start.example(*arguments)
    else:
        start.python("worker.py", peer, worker_way, there)
    gateway.ready("s")
    for number in range(40):
        reply = gateway.post("s", {"n": number})
        assert (reply.status_code, reply.json()) == (200, {"n": number})


def test_all_requests_of_one_client_fit_the_queue_of_a_slow_worker(start, endpoint, tmp_path):
    """More than libzmq's own 1,000 messages, larger than what the kernel keeps, and with some that it takes for unread:
    it learns of what was read in steps of half its mark."""
    many, there = 2_500, endpoint()
    limits = {"max_exchanges_per_address": many, "max_connections_per_address": many + 10}
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path, reactors=1, limits=limits)
    context = zmq.Context()
    worker = context.socket(zmq.DEALER)
    worker.rcvhwm = 1
    worker.connect(there)
    gateway.ready("s")

    def work(count):
        for _ in range(count):
            worker.send_multipart(worker.recv_multipart())

    async def one(http, number):
        body = {"n": number, "filler": "x" * 4_000}
        async with http.post(f"{gateway.url}/v1/services/s", json=body) as response:
            return response.status, (await response.json()).get("n")

    async def all_of_them():
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            first = [asyncio.create_task(one(http, number)) for number in range(many // 3)]
            await asyncio.to_thread(work, many // 3)
            assert {status for status, _ in await asyncio.gather(*first)} == {200}
            asked = [asyncio.create_task(one(http, number)) for number in range(many)]
            is_open = lambda: gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_open", 'service="s"') == many, timeout=25)
            await asyncio.to_thread(is_open)
            await asyncio.to_thread(work, many)
            return await asyncio.gather(*asked)

    assert asyncio.run(all_of_them()) == [(200, number) for number in range(many)]
    context.destroy(linger=0)


@pytest.mark.parametrize("server", [("example", "async_server"), ("python", "async_server.py")])
def test_a_router_serves_streams_that_end_by_idle(start, endpoint, tmp_path, server):
    kind, name = server
    _, there = getattr(start, kind)(name, endpoint(), "5")
    replies = {"idle": "100ms", "idle_means": "complete", "deadline": "400ms"}
    gateway = start.gateway({"s": {"peer": "router", "connect": there, "replies": replies}}, tmp_path, reactors=1)
    gateway.ready("s")
    counts = set()
    for number in range(30):
        reply = gateway.post("s", {"n": number}, Accept="application/json")
        if reply.status_code == 504:
            assert reply.json()["code"] == "deadline"
            counts.add(0)
            continue
        assert reply.status_code == 200
        assert all(item == {"n": number} for item in reply.json())
        counts.add(len(reply.json()))
    assert counts <= {0, 1, 2, 3, 4} and len(counts) > 2


def test_a_router_with_delimiters_gets_and_gives_them(start, endpoint, tmp_path):
    _, there = start.python("worker.py", "delimited", "bind", endpoint())
    service = {"peer": "router", "delimiter": True, "connect": there, "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path)
    gateway.ready("s")
    assert gateway.post("s", {"a": 1}).json() == {"a": 1}


def test_rep_workers_behind_a_proxy_answer(start, endpoint, tmp_path):
    _, there = start.python("worker.py", "proxy", "bind", endpoint(), endpoint())
    front, back = there.split(" ")
    gateway = start.gateway({"s": {"peer": "rep", "connect": front}}, tmp_path)
    workers = [start.python("worker.py", "rep", "connect", back) for _ in range(3)]
    assert len(workers) == 3
    gateway.ready("s")
    for number in range(30):
        assert gateway.post("s", {"n": number}).json() == {"n": number}


def test_several_routers_take_turns(start, endpoint, tmp_path):
    there = [start.example("echo_worker", "router", "bind", endpoint())[1] for _ in range(2)]
    gateway = start.gateway({"s": {"peer": "router", "connect": there, "replies": {"count": 1}}}, tmp_path, reactors=1)
    gateway.until(lambda: gateway.get("/readyz").json()["services"]["s"]["workers"] == 2)
    for number in range(50):
        assert gateway.post("s", number).json() == number


def test_an_empty_frame_ends_a_stream_of_bytes(start, endpoint, tmp_path):
    _, there = start.python("worker.py", "chunks", "bind", endpoint())
    service = {"peer": "router", "connect": there, "body": "binary", "replies": {"final": {"empty": True}}}
    gateway = start.gateway({"s": service}, tmp_path)
    gateway.ready("s")
    assert gateway.post("s", b"fetch", Accept="application/json").json() == ["b25l", "dHdv", "dGhyZWU="]
    assert gateway.post("s", b"fetch").text.splitlines() == ['"b25l"', '"dHdv"', '"dGhyZWU="']


@pytest.mark.parametrize("body", ["text", "binary"])
def test_text_and_bytes_come_back_as_they_are_and_quoted_inside_json(start, endpoint, tmp_path, body):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "rep", "bind": there, "body": body}}, tmp_path)
    start.example("rep_worker", "connect", there)
    gateway.ready("s")
    content = "grüße \"quoted\"\n".encode()
    kind = "text/plain" if body == "text" else "application/octet-stream"
    reply = gateway.post("s", content, Content_Type=kind)
    assert reply.content == content and reply.headers["content-type"].startswith(kind)
    inside = gateway.post("s", content, Content_Type=kind, Accept="application/json").json()
    assert inside == (content.decode() if body == "text" else __import__("base64").b64encode(content).decode())


def test_a_route_wraps_the_request_and_unwraps_the_reply(start, endpoint, tmp_path):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "reply": "envelope", "replies": {"count": 1}}
    route = {"match": "PUT /orders/{id}/items/{rest...}", "service": "s", "headers": ["accept-language"]}
    gateway = start.gateway({"s": service}, tmp_path, routes=[route])
    start.python("worker.py", "envelope", "connect", there)
    gateway.ready("s")
    reply = requests.put(
        f"{gateway.url}/orders/a%20b/items/x/y?q=1&q=2&deadline=mine", data='{"hello":1}', timeout=10,
        headers={"Accept-Language": "de", "X-Request-Id": "my-id", "traceparent": "00-aa-bb-01", "Content-Type": "application/json"})
    assert (reply.status_code, reply.headers["location"], reply.headers["x-worker"]) == (201, "/orders/7", "yes")
    assert reply.headers["x-request-id"] == "my-id"
    seen = reply.json()
    assert seen.pop("remote") == "127.0.0.1"
    assert seen == {
        "method": "PUT", "path": "/orders/a%20b/items/x/y", "params": {"id": "a b", "rest": "x/y"},
        "query": {"q": ["1", "2"], "deadline": "mine"}, "headers": {"accept-language": "de"}, "body": {"hello": 1},
        "request_id": "my-id", "traceparent": "00-aa-bb-01"}


def test_options_of_a_route_that_takes_every_method(start, endpoint, tmp_path, scripted):
    there, page = endpoint(), "https://page.example"
    routes = [{"match": "* /any", "service": "s"}, {"match": "OPTIONS /own", "service": "s"}, {"match": "POST /post", "service": "s"}]
    gateway = start.gateway(
        {"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path, routes=routes, allowed_origins=[page])
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("s")
    asks = {"Origin": page, "Access-Control-Request-Method": "PUT"}
    for path, method in (("/any", "PUT"), ("/post", "POST")):
        leave = requests.options(gateway.url + path, headers=asks, timeout=10)
        assert leave.status_code == 204 and method in leave.headers["access-control-allow-methods"]
        assert leave.headers["access-control-allow-origin"] == page
    for path in ("/any", "/own"):
        answer = requests.options(gateway.url + path, timeout=10)
        assert (answer.status_code, answer.json()["method"]) == (200, "OPTIONS")
    assert requests.options(gateway.url + "/nowhere", timeout=10).status_code == 404


def test_a_field_on_several_lines_is_passed_on_whole(start, endpoint, tmp_path, scripted):
    there = endpoint()
    route = {"match": "POST /x", "service": "s", "headers": ["x-forwarded-for"]}
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"count": 1}}}, tmp_path, routes=[route])
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("s")
    names = curl(gateway.url + "/x?caf%C3%A9=1&cafe%CC%81=2", data="1")[1]
    assert json.loads(names)["query"] == {"caf\u00e9": "1", "cafe\u0301": "2"}
    answer = json.loads(curl("-H", "X-Forwarded-For: 1.1.1.1", "-H", "X-Forwarded-For: 2.2.2.2", gateway.url + "/x", data="1")[1])
    assert answer["headers"] == {"x-forwarded-for": "1.1.1.1, 2.2.2.2"}


NO_ENVELOPES = {
    "no object": b"[1,2]", "neither status nor body": b'{"a":1}', "status": b'{"status":700,"body":1}',
    "field of ours": b'{"body":1,"headers":{"transfer-encoding":"chunked"}}', "headers": b'{"body":1,"headers":[]}'}


@pytest.mark.parametrize("reply", NO_ENVELOPES.values(), ids=NO_ENVELOPES)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_reply_that_is_not_an_envelope_ends_every_kind_of_response(start, endpoint, tmp_path, scripted, reply, is_first):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "reply": "envelope", "replies": {"count": 3}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    before = [] if is_first else [b'{"body":"good"}']
    scripted(zmq.DEALER, replies(*before, reply), connect=there)
    gateway.ready("s")
    for kind in ("application/json", "application/x-ndjson", "text/event-stream"):
        answer = gateway.post("s", 1, Accept=kind) if is_first or kind == "application/json" else None
        if answer is not None:
            assert (answer.status_code, answer.json()["code"]) == (502, "bad_reply"), kind
        else:
            last = curl(gateway.url + "/v1/services/s", "-H", f"Accept: {kind}", data="1")[1].strip().splitlines()[-1]
            assert '"reason":"bad_reply"' in last, kind
    with connect(gateway.url.replace("http", "ws") + "/v1/socket", subprotocols=["zmq-gateway.v1"]) as client:
        client.recv(5)
        client.send('{"op":"request","id":"a","service":"s","body":1}')
        said = [json.loads(client.recv(5)) for _ in range(1 if is_first else 2)]
        assert (said[-1]["op"], said[-1]["reason"]) == ("end", "bad_reply")
    assert gateway.metric("zmq_gateway_exchanges_total", 'service="s",reason="bad_reply"') == 4


def test_plain_bytes_are_a_response_if_there_is_one_reply(start, endpoint, tmp_path, scripted):
    there = endpoint()
    service = {"peer": "dealer", "bind": there, "body": "text", "replies": {"count": 2, "deadline": "300ms"}}
    gateway = start.gateway({"s": service}, tmp_path, reactors=1)
    scripted(zmq.DEALER, replies(b'one"', b"],two"), connect=there)
    gateway.ready("s")
    refused = gateway.post("s", "x", Accept="text/plain", Content_Type="text/plain")
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")
    single = gateway.post("s", "x", query="?count=1", Accept="text/plain", Content_Type="text/plain")
    assert (single.status_code, single.content) == (200, b'one"')
    assert gateway.post("s", "x", Accept="application/json", Content_Type="text/plain").json() == ['one"', "],two"]


def test_nothing_a_client_sends_adds_a_frame(start, endpoint, tmp_path):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "rep", "bind": there, "body": "binary"}}, tmp_path)
    worker, _ = start.example("rep_worker", "connect", there)  # aborts on a second body frame
    gateway.ready("s")
    for content in (b"\x00", b"\x01\x00", b"\r\n\r\n", bytes(range(256)), b"\xff" * 70000):
        assert gateway.post("s", content).content == content
    assert worker.process.poll() is None


def test_worker_errors_carry_the_status_and_the_reply(start, endpoint, tmp_path):
    there = endpoint()
    error = {"pointer": "/error", "exists": True, "status_pointer": "/error/status"}
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": {"count": 1, "error": error}}}, tmp_path)
    start.example("echo_worker", "dealer", "connect", there)
    gateway.ready("s")
    reply = gateway.post("s", {"error": {"status": 422, "why": "no"}})
    assert reply.status_code == 422 and reply.headers["content-type"] == "application/problem+json"
    assert (reply.json()["code"], reply.json()["reply"]) == ("worker_error", {"error": {"status": 422, "why": "no"}})
    assert gateway.post("s", {"error": "plain"}).status_code == 502
    assert json.loads(gateway.post("s", {"fine": 1}).text) == {"fine": 1}
