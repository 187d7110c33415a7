"""What a browser's EventSource learns when its request is refused, and that it does not run work again."""
import json
import shutil

import pytest
import requests
import zmq
from browser import chromium
from harness import events
from scripted import replies

SSE = {"Accept": "text/event-stream"}
BROWSER = {**SSE, "Cache-Control": "no-cache", "Pragma": "no-cache", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty",
           "Sec-Fetch-Site": "same-origin"}
REFUSED = ["ticker?request={", "ticker?request=[1]", "ticker?request={}&count=x", "nobody?request=1", "flaky?request={\"mode\":\"silence\"}&deadline=50ms"]


def ask(url, path, headers, **more):
    return requests.get(f"{url}/v1/services/{path}", headers={**headers, **more}, timeout=10)


@pytest.mark.parametrize("path", REFUSED)
def test_a_refusal_is_an_end_event_for_an_eventsource_and_a_problem_for_others(demo_gateway, path):
    refused = ask(demo_gateway, path, SSE)
    problem = refused.json()
    assert refused.status_code == problem["status"] >= 400 and refused.headers["content-type"] == "application/problem+json"
    for headers, query in ((BROWSER, ""), (SSE, "&errors=event"), ({}, "&errors=event")):
        if not headers and "mode" in path:
            continue
        told = ask(demo_gateway, path + query, headers)
        assert (told.status_code, told.headers["content-type"]) == (200, "text/event-stream")
        event, = events(told.text)
        end = json.loads(event["data"])
        assert (event["event"], end["ok"], end["replies"]) == ("end", False, 0)
        assert (end["problem"]["status"], end["problem"]["code"]) == (problem["status"], problem["code"])
        assert end["reason"] in ("refused", problem["code"])
        # It reconnects on its own and gets a 204 to stop.
        again = ask(demo_gateway, path + query, headers, **{"Last-Event-ID": event["id"]})
        assert (again.status_code, again.text) == (204, "")
    assert ask(demo_gateway, path + "&errors=status", BROWSER).status_code == problem["status"]


def test_a_retryable_rejection_says_when_to_retry(start, endpoint, tmp_path):
    gateway = start.gateway({"s": {"peer": "dealer", "bind": endpoint(), "retry_after": "3s"}}, tmp_path)
    event, = events(ask(gateway.url, "s?request=1", BROWSER).text)
    assert event["retry"] == "3000" and "id" not in event
    assert json.loads(event["data"])["reason"] == json.loads(event["data"])["problem"]["code"] == "no_worker"


def test_an_exchange_without_replies_is_not_run_again(start, endpoint, tmp_path, scripted):
    there = endpoint()
    rules = {"final": {"empty": True}, "deadline": "4s"}
    route = {"match": "GET /events", "service": "s"}
    gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "expose": True, "replies": rules}}, tmp_path, routes=[route])
    worker = scripted(zmq.DEALER, replies(b""), connect=there)
    gateway.ready("s")
    for url in (f"{gateway.url}/events", f"{gateway.url}/v1/services/s?request=1"):
        count = len(worker.seen)
        event, = events(requests.get(url, headers=SSE, timeout=10).text)
        assert event["event"] == "end" and json.loads(event["data"])["ok"]
        assert requests.get(url, headers={**SSE, "Last-Event-ID": event["id"]}, timeout=10).status_code == 204
        assert len(worker.seen) == count + 1


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_page_gets_the_reason_and_does_not_reconnect(demo_gateway):
    script = """
        const done = arguments[1], seen = [];
        const source = new EventSource(arguments[0]);
        source.addEventListener("end", event => seen.push(JSON.parse(event.data)));
        source.onerror = () => { if (source.readyState === EventSource.CLOSED) done(seen); };"""
    with chromium() as driver:
        driver.get(demo_gateway + "/v1/services")
        for path, code in (("ticker?request={", "bad_json"), ("nobody?request=1", "unknown_service")):
            ends = driver.execute_async_script(script, f"/v1/services/{path}")
            assert [end["problem"]["code"] for end in ends] == [code]
        status = driver.execute_async_script(
            "fetch('/v1/services/ticker?request={', {headers: {Accept: 'text/event-stream'}}).then(reply => arguments[0](reply.status))")
        assert status == 400
