"""Requests that want no reply, replies that need not come, and what is left when none came."""
import json
import threading

import pytest
import requests
import zmq
from harness import curl, events
from scripted import echo, replies, silent
from websockets.sync.client import connect

NDJSON, SSE = "application/x-ndjson", "text/event-stream"


def ask_session(gateway, *messages):
    """The ends of these requests, by their ids."""
    with connect(gateway.url.replace("http", "ws") + "/v1/socket", subprotocols=["zmq-gateway.v1"]) as client:
        client.recv(5)
        for message in messages:
            client.send(json.dumps(message))
        ends = {}
        while len(ends) < len(messages):
            said = json.loads(client.recv(10))
            if said["op"] == "end":
                ends[said["id"]] = said
        return ends


@pytest.fixture
def service(start, endpoint, tmp_path, scripted):
    """service(answer, kind=zmq.DEALER, **settings) is a gateway whose service "s" has that worker."""
    def make(answer, kind=zmq.DEALER, reactors=1, peer="dealer", where="bind", waits=True, **settings):
        there = endpoint()
        services = {"s": {"peer": peer, where: there, **settings}}
        if where == "connect":
            worker = scripted(kind, answer, bind=there)
        gateway = start.gateway(services, tmp_path, reactors=reactors)
        gateway.worker = worker if where == "connect" else scripted(kind, answer, connect=there)
        if waits:
            gateway.ready("s")
        return gateway
    return make


@pytest.mark.parametrize("reactors", [1, 3])
@pytest.mark.parametrize("by", ["query", "preference", "configuration"])
def test_a_one_way_request_is_202_once_the_worker_has_it(service, by, reactors):
    rules = {"deadline": "4s", **({"count": 0} if by == "configuration" else {})}
    gateway = service(echo, reactors=reactors, replies=rules)
    for number in range(10):
        answer = gateway.post(
            "s", number, query="?count=0" if by == "query" else "", **({"Prefer": "count=0"} if by == "preference" else {}))
        assert (answer.status_code, answer.content, answer.headers["x-exchange-end"]) == (202, b"", "count")
        assert "content-type" not in answer.headers
    assert [frames[-1] for frames in gateway.worker.wait_for_count(10)] == [b"%d" % number for number in range(10)]
    gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_total", 'service="s",reason="count"') == 10)
    gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_open", 'service="s"') == 0)


def test_every_transport_reports_that_it_is_sent(service):
    gateway = service(silent, replies={"count": 0})
    assert gateway.post("s", 1, Accept="application/json").status_code == gateway.post("s", 1, Accept=NDJSON).status_code == 202
    code, text = curl("-H", f"Accept: {NDJSON}", f"{gateway.url}/v1/services/s?end=record", data="1")
    assert code == 0 and json.loads(text)["$end"]["ok"]
    event, = events(gateway.post("s", 1, Accept=SSE).text)
    assert event["event"] == "end" and (json.loads(event["data"])["reason"], json.loads(event["data"])["replies"]) == ("count", 0)
    ends = ask_session(gateway, {"op": "request", "id": "a", "service": "s", "body": 1}, {"op": "request", "id": "b", "service": "s", "body": 2, "count": 0})
    assert all((end["reason"], end["ok"], end["replies"]) == ("count", True, 0) for end in ends.values())
    gateway.worker.wait_for_count(6)


def test_without_a_worker_a_one_way_request_is_refused(start, endpoint, tmp_path):
    gateway = start.gateway({"s": {"peer": "dealer", "bind": endpoint(), "replies": {"count": 0}}}, tmp_path)
    assert gateway.post("s", 1).json()["code"] == "no_worker"


def test_a_router_gets_every_one_way_request_and_its_answer_goes_to_no_other(service):
    gateway = service(lambda frames, send: send([frames[0], b'"late"']), zmq.ROUTER, peer="router", where="connect",
                      replies={"deadline": "4s"}, identities={"spare": 1, "max": 4})
    statuses = []

    def ask():
        for _ in range(15):
            statuses.append(gateway.post("s", {"n": 1}, query="?count=0").status_code)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = statuses.count(202)
    assert accepted >= 15 and set(statuses) <= {202, 503}
    seen = gateway.worker.wait_for_count(accepted)
    assert len({frames[0] for frames in seen}) == len(seen) == accepted


def test_in_a_pool_it_is_202_once_a_worker_has_it_and_is_not_retried(service):
    gateway = service(silent, peer="ready", waits=False, retries=3, replies={"count": 0, "deadline": "10s"})
    worker = gateway.worker
    worker.send([b"", b"READY"])
    gateway.ready("s")
    assert gateway.post("s", 1).status_code == 202
    worker.wait_for_count(1)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(gateway.post("s", 2)))
    waiting.start()
    gateway.until(lambda: gateway.get("/v1/services/s").json()["pool"]["queued"] == 1)
    assert answers == []
    worker.send([b"", b"READY"])
    waiting.join(10)
    assert answers[0].status_code == 202
    assert [frames[-1] for frames in worker.wait_for_count(2)] == [b"1", b"2"]


RULES = {"first": "100ms", "first_means": "complete", "deadline": "4s"}


def test_no_reply_in_time_is_a_success_if_the_service_says_so(service):
    gateway = service(silent, replies={**RULES, "final": {"pointer": "/done", "exists": True}}, cancel='"stop"')
    whole = gateway.post("s", 1, Accept="application/json")
    assert (whole.status_code, whole.json(), whole.headers["x-exchange-end"]) == (200, [], "first")
    single = gateway.post("s", 1, query="?count=1", Accept="application/json")
    assert (single.status_code, single.content, single.headers["x-exchange-end"]) == (204, b"", "first")
    assert curl("-H", f"Accept: {NDJSON}", f"{gateway.url}/v1/services/s", data="1") == (0, "")
    event, = events(gateway.post("s", 1, Accept=SSE).text)
    end = json.loads(event["data"])
    assert (end["reason"], end["ok"], end["replies"]) == ("first", True, 0) and "problem" not in end
    end, = ask_session(gateway, {"op": "request", "id": "a", "service": "s", "body": 1}).values()
    assert (end["reason"], end["ok"]) == ("first", True)
    assert gateway.get("/v1/services/s").json()["ends"]["first_means"] == "complete"
    assert len(gateway.worker.seen) == 5, "a complete exchange cancels nothing"


def test_after_a_reply_first_no_longer_applies(service):
    gateway = service(replies(b"1"), replies={**RULES, "idle": "100ms"})
    code, text = curl("-H", f"Accept: {NDJSON}", f"{gateway.url}/v1/services/s", data="1")
    assert code == 18 and text.splitlines()[0] == "1" and json.loads(text.splitlines()[1])["$end"]["reason"] == "idle"
    assert gateway.post("s", 1, query="?deadline=50ms&count=2", Accept="application/json").status_code == 504


def test_a_part_may_be_empty_but_there_is_no_part_of_what_was_never_sent(service, start, endpoint, tmp_path):
    gateway = service(silent, replies={"deadline": "100ms", "final": {"empty": True}})
    for headers, query in (({}, "?partial=ok"), ({"Prefer": "partial=ok"}, ""), ({}, "?partial=ok&count=1")):
        answer = gateway.post("s", 1, query=query, Accept="application/json", **headers)
        assert (answer.status_code, answer.json(), answer.headers["x-exchange-end"]) == (200, [], "deadline")
    end, = ask_session(gateway, {"op": "request", "id": "a", "service": "s", "body": 1, "partial": "ok"}).values()
    assert end["reason"] == "deadline" and end["ok"]
    nobody = start.gateway({"s": {"peer": "dealer", "bind": endpoint()}}, tmp_path)
    assert nobody.post("s", 1, query="?partial=ok", Accept="application/json").json()["code"] == "no_worker"


def test_a_cancel_by_the_client_ends_well(start, endpoint, tmp_path, scripted):
    there = endpoint()
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there}, "p": {"peer": "publisher", "bind": endpoint()}}, tmp_path)
    scripted(zmq.DEALER, silent, connect=there)
    gateway.ready("s")
    with connect(gateway.url.replace("http", "ws") + "/v1/socket", subprotocols=["zmq-gateway.v1"]) as client:
        client.recv(5)
        client.send('{"op":"request","id":"a","service":"s","body":1}')
        client.send('{"op":"subscribe","id":"b","service":"p","topics":["x"]}')
        for id in "ab":
            client.send(json.dumps({"op": "cancel", "id": id}))
            end = json.loads(client.recv(5))
            assert (end["op"], end["id"], end["reason"], end["ok"]) == ("end", id, "cancelled", True) and "problem" not in end


def test_a_subscription_to_nothing_is_rejected(start, endpoint, tmp_path):
    gateway = start.gateway({"p": {"peer": "publisher", "bind": endpoint()}}, tmp_path)
    assert requests.get(gateway.url + "/v1/services/p?topic=a&count=0", timeout=10).json()["code"] == "bad_parameter"
    end, = ask_session(gateway, {"op": "subscribe", "id": "a", "service": "p", "topics": ["a"], "count": 0}).values()
    assert end["problem"]["code"] == "bad_parameter"
