"""zmq-gateway.js in a real browser against a real gateway and real workers, which the tests kill for real."""
import json
import os
import signal

import pytest
import zmq

from browser_script import js, needs_chromium, replies  # noqa: F401 (fixture)
from scripted import silent

pytestmark = needs_chromium


def count(frames, send):
    """{"count":3} is answered with 1, 2, 3; the last one is done."""
    request = json.loads(frames[-1])
    if request == "stop":
        return
    for number in range(1, request["count"] + 1):
        send([*frames[:-1], json.dumps({"n": number, "done": number == request["count"]}).encode()])


def numbers(js):
    return [reply["n"] for reply in replies(js)]


@pytest.fixture
def served(start, endpoint, tmp_path, scripted):
    """served(answer) starts a gateway with the public files and a ROUTER worker; returns both, and a function that
    restarts the gateway on the same port."""
    def make(answer):
        there, port = endpoint(), []
        scripted_worker = scripted(zmq.ROUTER, answer, bind=there)

        def again():
            replies = {"final": {"pointer": "/done", "equals": True}}
            gateway = start.gateway(
                {"s": {"peer": "router", "connect": there, "replies": replies, "cancel": '"stop"'}},
                tmp_path, public="public", listen=f"127.0.0.1:{port[0] if port else 0}")
            port.append(gateway.port)
            gateway.ready("s")
            return gateway
        return again(), scripted_worker, again
    return make


def test_exchanges_and_sessions_over_the_real_socket(js, served):
    gateway, worker, _ = served(count)
    js.start(gateway.url, """
      const gateway = connect(quick);
      note("request", await gateway.request("s", { count: 2 }));
      await follow(gateway.stream("s", { count: 3 }));
      note("refused", await gateway.request("none", 1).catch(codeOf));
      const session = gateway.session("s", { resume: true });
      session.send({ count: 1 });
      for await (const reply of session) { note("session", reply.n); break; }
      gateway.close();""")
    assert [reply["n"] for reply in js.log("request")[0][1]] == [1, 2]
    assert numbers(js) == [1, 2, 3] and js.log("end")[0][1]["reason"] == "final"
    assert js.log("refused") == [["refused", "unknown_service"]] and js.log("session") == [["session", 1]]
    gateway.until(lambda: gateway.metric("zmq_gateway_sessions_open") == 0)


def test_leaving_a_stream_cancels_it_at_the_worker(js, served):
    gateway, worker, _ = served(silent)
    js.start(gateway.url, """
      window.controller = new AbortController();
      follow(connect(quick).stream("s", { count: 1 }, { signal: window.controller.signal }));""")
    identity = worker.wait_for_count(1)[0][0]
    js.run("window.controller.abort()")
    assert worker.wait_for_count(2)[1] == [identity, b'"stop"']
    js.wait(lambda: js.log("error"), "the stream to end")


def test_a_lost_connection_is_resumed_without_a_gap(js, served):
    gateway, worker, _ = served(silent)
    js.start(gateway.url, """
      const sockets = [];
      class Watched extends WebSocket { constructor(...all) { super(...all); sockets.push(this); } }
      window.drop = () => sockets.at(-1).close(4000);
      follow(connect({ ...quick, WebSocket: Watched }).stream("s", { count: 9 }));""")
    identity = worker.wait_for_count(1)[0][0]
    for number in range(1, 31):
        worker.send([identity, json.dumps({"n": number, "done": number == 30}).encode()])
        if number % 10 == 0 and number < 30:
            js.wait(lambda number=number: len(replies(js)) == number, f"reply {number}")
            js.run("window.drop()")
    js.wait(lambda: js.log("end"), "the end")
    assert numbers(js) == list(range(1, 31))
    assert js.states().count("resumed") == 2
    assert gateway.metric("zmq_gateway_sessions_resumed_total") == 2


def test_the_client_reconnects_to_a_gateway_that_was_killed_and_restarted(js, served):
    gateway, worker, again = served(silent)
    js.start(gateway.url, """
      window.gateway = connect(quick);
      follow(window.gateway.stream("s", { count: 1 }));""")
    worker.wait_for_count(1)
    os.killpg(gateway.pid, signal.SIGKILL)
    js.wait(lambda: "reconnecting" in js.states(), "the page to notice")
    gateway = again()
    js.wait(lambda: js.log("error"), "the open stream to fail")
    assert js.log("error")[0][1] == "connection_lost"
    js.run("window.gateway.request('s', {count: 5}).then((reply) => window.log.push(['after', reply]))")
    identity, body = worker.wait_for_count(2)[1]
    worker.send([identity, b'{"done":true}'])
    js.wait(lambda: js.log("after") == [["after", {"done": True}]], "a request of the new session")
    assert json.loads(body) == {"count": 5}
