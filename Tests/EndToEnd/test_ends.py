"""Every end rule, with a worker that does exactly what the rule is about: the reason, the replies, and each format's way to say so."""
import json
import subprocess
import time

import pytest
import zmq
from harness import curl, events
from scripted import replies, silent

NDJSON, SSE = "application/x-ndjson", "text/event-stream"


def paced(*steps):
    """Sends each body after its pause in seconds."""
    def answer(frames, send):
        for pause, body in steps:
            time.sleep(pause)
            send([*frames[:-1], body])
    return answer


def for_half_a_second(pause):
    """Keeps on sending."""
    return paced(*[(pause, b"1")] * int(0.5 / pause))


DONE = {"pointer": "/done", "equals": True}
FINAL = b'{"done":true}'
# name: rules, answer, reason, replies that are delivered
COMPLETE = {
    "the final reply is delivered": ({"final": DONE}, replies(b'{"n":1}', FINAL), "final", [{"n": 1}, {"done": True}]),
    "the final reply is a marker": (
        {"final": {**DONE, "deliver": "marker"}}, replies(b'{"n":1}', FINAL), "final", [{"n": 1}]),
    "nothing but a marker": ({"final": {**DONE, "deliver": "marker"}}, replies(FINAL), "final", []),
    "an empty frame": ({"final": {"empty": True}}, replies(b"1", b"2", b""), "final", [1, 2]),
    "an empty frame alone": ({"final": {"empty": True}}, replies(b""), "final", []),
    "a value that only looks like the final one": (
        {"final": DONE}, replies(b'{"done":"true"}', b'{"x":{"done":true}}', b'{"done":1}', FINAL), "final",
        [{"done": "true"}, {"x": {"done": True}}, {"done": 1}, {"done": True}]),
    "a count": ({"count": 2}, replies(b"1", b"2", b"3"), "count", [1, 2]),
    "a pause that means the end": ({"idle": "150ms", "idle_means": "complete"}, replies(b"1", b"2"), "idle", [1, 2]),
    "idle waits for the first reply": (
        {"idle": "150ms", "idle_means": "complete"}, paced((0.5, b"1")), "idle", [1]),
    "keep-alives keep it open and are not delivered": (
        {"idle": "300ms", "keepalive": {"pointer": "/beat", "exists": True}, "count": 2},
        paced((0, b"1"), *[(0.15, b'{"beat":1}')] * 4, (0.1, b"2")), "count", [1, 2]),
    "what comes first counts": ({"count": 1, "final": DONE}, replies(FINAL), "final", [{"done": True}]),
}
INCOMPLETE = {
    "a worker's error": (
        {"final": DONE, "error": {"pointer": "/error", "exists": True}}, replies(b"1", b'{"error":"no"}'), "error", [1], 502),
    "a pause that means a loss": ({"idle": "150ms", "count": 3}, replies(b"1", b"2"), "idle", [1, 2], 504),
    "no first reply": ({"first": "150ms"}, silent, "first", [], 504),
    "no reply by the deadline": ({"deadline": "150ms"}, silent, "deadline", [], 504),
    "the deadline, which no reply resets": (
        {"deadline": "400ms", "idle": "390ms", "final": DONE}, for_half_a_second(0.05), "deadline", None, 504),
    "too many replies": ({"final": DONE, "max_replies": 2}, replies(b"1", b"2", b"3"), "limit", [1, 2], 502),
    "too many bytes": ({"final": DONE, "max_bytes": 10}, replies(b'"1234"', b'"5678"'), "limit", ["1234"], 502),
    "a reply that is not JSON": ({"final": DONE}, replies(b"1", b"nonsense"), "bad_reply", [1], 502),
    "a reply that is not UTF-8": ({"final": DONE}, replies(b'"\xff"'), "bad_reply", [], 502),
}


@pytest.fixture
def service(start, endpoint, tmp_path, scripted):
    """A gateway whose service "s" has these rules and this answer."""
    def make(rules, answer, **settings):
        there = endpoint()
        rules = {"deadline": "4s", **rules}
        gateway = start.gateway({"s": {"peer": "dealer", "bind": there, "replies": rules, **settings}}, tmp_path)
        gateway.worker = scripted(zmq.DEALER, answer, connect=there)
        gateway.ready("s")
        return gateway
    return make


def ndjson(gateway, query=""):
    """(curl's exit code, replies, end record or None)."""
    code, text = curl("-H", f"Accept: {NDJSON}", f"{gateway.url}/v1/services/s{query}", data="{}")
    lines = [json.loads(line) for line in text.splitlines()]
    end = lines.pop()["$end"] if lines and isinstance(lines[-1], dict) and "$end" in lines[-1] else None
    return code, lines, end


# What does not hold yet; `strict` makes a case fail as soon as it does.
@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_exchange(service, name):
    rules, answer, reason, delivered = COMPLETE[name]
    gateway = service(rules, answer)
    code, lines, end = ndjson(gateway, "?end=record")
    assert (code, lines) == (0, delivered)
    assert (end["reason"], end["ok"], end["replies"]) == (reason, True, len(delivered)) and "problem" not in end
    assert end["elapsed_ms"] < 2000, "the rule fired late"
    assert ndjson(gateway) == (0, delivered, None)
    seen = events(gateway.post("s", {}, Accept=SSE).text)
    assert [json.loads(event["data"]) for event in seen[:-1]] == delivered
    assert seen[-1]["event"] == "end" and json.loads(seen[-1]["data"])["reason"] == reason
    whole = gateway.post("s", {}, Accept="application/json")
    assert whole.headers["x-exchange-end"] == reason
    assert whole.status_code in (200, 204) if not delivered else whole.status_code == 200
    if delivered:
        assert whole.json() in (delivered, delivered[0])
    assert gateway.metric("zmq_gateway_exchanges_total", f'service="s",reason="{reason}"') == 4


@pytest.mark.parametrize("name", INCOMPLETE)
def test_an_exchange_that_is_cut_short_says_so_in_every_format(service, name):
    rules, answer, reason, delivered, status = INCOMPLETE[name]
    gateway = service(rules, answer)
    code = "worker_error" if reason == "error" else reason

    seen = events(gateway.post("s", {}, Accept=SSE).text) if delivered != [] else None
    if seen:
        end = json.loads(seen[-1]["data"])
        assert seen[-1]["event"] == "end"
        assert (end["reason"], end["ok"], end["problem"]["code"]) == (reason, False, code)
        assert end["replies"] == len(seen) - 1 and end["elapsed_ms"] < 2000

    exit_code, lines, end = ndjson(gateway)
    if delivered == []:  # Nothing was sent yet, so the response can still say it with its status.
        assert exit_code == 0 and (lines[0]["status"], lines[0]["code"]) == (status, code)
    else:
        assert exit_code == 18
        assert (end["reason"], end["ok"], end["problem"]["code"]) == (reason, False, code)
        assert end["replies"] == len(lines) and (delivered is None or lines == delivered)

    whole = gateway.post("s", {}, Accept="application/json")
    assert (whole.status_code, whole.json()["code"]) == (status, code)
    assert whole.headers["content-type"] == "application/problem+json"
    if delivered and reason not in ("error", "bad_reply"):
        assert whole.json()["replies"] == delivered
    gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_open", 'service="s"') == 0)


def test_a_partial_answer_is_a_success_only_for_clients_that_accept_it(service):
    gateway = service({"deadline": "200ms", "final": DONE}, replies(b"1", b"2"))
    for query, headers in (("?partial=ok", {}), ("", {"Prefer": "partial=ok"})):
        answer = gateway.post("s", {}, query=query, Accept="application/json", **headers)
        assert (answer.status_code, answer.json(), answer.headers["x-exchange-end"]) == (200, [1, 2], "deadline")
    assert gateway.post("s", {}, Accept="application/json").status_code == 504


def test_an_end_by_the_gateway_cancels_the_worker_once(service):
    gateway = service({"deadline": "200ms", "final": DONE}, silent, cancel='{"cancel":true}')
    assert gateway.post("s", {"n": 1}).status_code == 504
    seen = gateway.worker.wait_for_count(2)
    assert seen[1] == [seen[0][0], b'{"cancel":true}']
    assert gateway.post("s", {"n": 2}).status_code == 504
    assert [frames[-1] for frames in gateway.worker.wait_for_count(4)] == [
        b'{"n": 1}', b'{"cancel":true}', b'{"n": 2}', b'{"cancel":true}']


def test_an_end_by_the_worker_cancels_nothing(service):
    gateway = service({"final": DONE}, replies(FINAL), cancel='{"cancel":true}')
    for number in range(3):
        assert gateway.post("s", {"n": number}).status_code == 200
    assert [frames[-1] for frames in gateway.worker.seen] == [b'{"n": 0}', b'{"n": 1}', b'{"n": 2}']


@pytest.mark.parametrize("format", [NDJSON, SSE])
def test_a_line_break_inside_a_reply_breaks_no_line(service, format):
    gateway = service({"count": 1}, replies(b'{\n "a":\r\n "x\\ny"\n}'))
    text = gateway.post("s", {}, Accept=format).text
    data = text.splitlines()[0] if format == NDJSON else events(text)[0]["data"]
    assert json.loads(data) == {"a": "x\ny"}
    assert len(text.splitlines()) == (1 if format == NDJSON else 6)


def test_a_request_goes_out_byte_for_byte(service):
    gateway = service({"count": 1}, replies(b"1"))
    for body in (b' { "a" : 1.0 } ', b'"\\u00fc\xc3\xbc"', b"[1,\n2]", b"1e400", b'{"a":1,"a":2}', b"null"):
        assert gateway.post("s", body).status_code == 200
        assert gateway.worker.seen[-1][1:] == [body]


def test_the_request_id_goes_in_and_out(service):
    gateway = service({"final": DONE}, replies(FINAL))
    answer = gateway.post("s", {}, query="?end=record", Accept=NDJSON, X_Request_Id="my:id-1.2_3")
    assert answer.headers["x-request-id"] == "my:id-1.2_3"
    assert json.loads(answer.text.splitlines()[-1])["$end"]["request_id"] == "my:id-1.2_3"
    fresh = {gateway.post("s", {}, X_Request_Id=bad).headers["x-request-id"] for bad in ("a b", "ü".encode(), "x" * 200)}
    assert len(fresh) == 3 and not fresh & {"a b", "x" * 200}


def test_a_client_that_cannot_stream_gets_what_it_can_read(service):
    """HTTP/1.0 has no chunks: the stream ends with the connection."""
    gateway = service({"final": DONE}, replies(b"1", FINAL))
    code, text = curl("--http1.0", "-H", f"Accept: {NDJSON}", f"{gateway.url}/v1/services/s", data="{}")
    assert (code, text) == (0, '1\n{"done":true}\n')


@pytest.mark.parametrize("arguments", [
    ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"], ["-H", "Content-Type: application/vnd.a+json"]])
def test_bodies_may_have_a_length_or_come_in_chunks(service, arguments):
    gateway = service({"count": 1}, lambda frames, send: send(frames))
    body = json.dumps({"text": "x" * 100_000})
    run = subprocess.run(["curl", "-sS", *arguments, "--data-binary", "@-", f"{gateway.url}/v1/services/s"], input=body.encode(),
                         capture_output=True, timeout=20)
    assert (run.returncode, run.stdout.decode()) == (0, body), run.stderr
