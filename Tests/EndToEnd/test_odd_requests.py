"""Requests put together at random from what means something to the gateway: each is answered, and none harms the others."""
import collections
import random
import socket

import pytest
import zmq
from scripted import echo

FIELDS = [
    "Accept", "Accept", "Prefer", "Prefer", "Accept-Encoding", "Access-Control-Request-Method", "Authorization", "Connection", "Content-Type", "Cookie", "Expect",
    "Forwarded", "Host", "If-None-Match", "Keep-Alive", "Last-Event-ID", "Origin", "Prefer", "Range", "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Sec-WebSocket-Version", "TE", "Traceparent", "Trailer", "Upgrade", "X-Forwarded-For",
    "X-Request-Id"]
WORDS = [
    ";", "=", ",", "/", "*", '"', "\\", " ", "q=", "0.", "-1", "1", "a", "é", "%", "%2", "%00", "%2e%2e", "%ff", "+", "&", "?", ":", "[", "]",
    "[::1]", "127.0.0.1", "localhost", "http://", "page.example", "W/", "99999999999999999999", "text", "json", "application/json",
    "application/x-ndjson", "text/event-stream", "text/plain", "charset", "utf-8", "deadline", "first", "idle", "count", "partial", "ok", "end",
    "record", "request", "topic", "1ms", "3s", "wait", "websocket", "Upgrade", "close", "100-continue", "permessage-deflate",
    "server_max_window_bits", "client_max_window_bits", "13", "zmq-gateway.v1", "resume", "trailers"]
PATHS = ["/v1/services/s", "/v1/services/t", "/v1/services/none", "/v1/services", "/v1/socket", "/x/1/2", "/x/", "/healthz", "/metrics", "/", "*", "/v1/services/s/workers/w/drain"]


@pytest.mark.parametrize("seed", range(4))
def test_every_odd_request_gets_a_response(start, endpoint, tmp_path, scripted, seed):
    there, topics = endpoint(), endpoint()
    services = {
        "s": {"peer": "dealer", "bind": there, "expose": True, "replies": {"count": 1, "deadline": "200ms"}},
        "t": {"peer": "publisher", "bind": topics}}
    routes = [{"match": "* /x/{a}/{rest...}", "service": "s", "headers": ["x-forwarded-for", "accept"]}]
    gateway = start.gateway(services, tmp_path, reactors=2, routes=routes, allowed_origins=["http://page.example"])
    scripted(zmq.DEALER, echo, connect=there)
    gateway.ready("s")
    rng, statuses = random.Random(seed), collections.Counter()

    def words(most):
        return "".join(rng.choice(WORDS) for _ in range(rng.randrange(most)))

    for _ in range(1000):
        method = rng.choice(["GET", "GET", "POST", "POST", "POST", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"])
        target = rng.choice([PATHS[0], "/x/1/2", rng.choice(PATHS)]) + rng.choice(["", "", "", "?" + words(6).replace(" ", ""), words(3).replace(" ", "")])
        fields = [f"{rng.choice(FIELDS)}: {words(5)}" for _ in range(rng.randrange(4))]
        body = rng.choice([b"1", b"1", b'{"a":1}', b"", b"{", b"\xff"])
        head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {len(body)}", *fields])
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as client:
            client.sendall(head.encode() + b"\r\n\r\n" + body)
            answer = client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 "), (head, answer[:200])
            statuses[int(answer[9:12])] += 1
    assert gateway.post("s", 1).json() == 1
    assert statuses[200] > 200 and all(status < 500 or status == 504 for status in statuses), statuses
