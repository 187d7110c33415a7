"""zmq-gateway.js in a real browser when the network is cut, so that a dead connection still looks open (cut.py)."""
import json

import pytest
import zmq

from browser_script import hold, js, needs_chromium, replies  # noqa: F401 (fixture)
from cut import Cut
from scripted import silent

pytestmark = needs_chromium

# Dispatches the browser events that the module listens for, and counts its WebSockets.
HAPPEN = """
  window.sockets = 0;
  class Counted extends WebSocket { constructor(...all) { super(...all); window.sockets += 1; } }
  window.happen = { online: () => window.dispatchEvent(new Event("online")),
                    visible: () => document.dispatchEvent(new Event("visibilitychange")) };
"""
patient = '{ ...quick, ping_ms: 600_000, hello_ms: 60_000, retry_ms: 600_000, max_retry_ms: 600_000 }'


@pytest.fixture
def cuttable():
    """cuttable(url) puts a proxy in front of it whose network can be cut."""
    proxies = []

    def make(url):
        proxies.append(Cut(int(url.rsplit(":", 1)[1])))
        return proxies[-1]
    yield make
    for proxy in proxies:
        proxy.close()


def test_a_dead_connection_to_a_real_gateway_is_dropped_and_the_session_continues_without_a_gap(
        js, start, endpoint, tmp_path, scripted, cuttable):
    there = endpoint()
    worker = scripted(zmq.ROUTER, silent, bind=there)
    gateway = start.gateway(
        {"s": {"peer": "router", "connect": there, "replies": {"final": {"pointer": "/done", "equals": True}}}},
        tmp_path, public="public")
    gateway.ready("s")
    proxy = cuttable(gateway.url)
    js.start(proxy.url, """
      follow(connect({ ...quick, ping_ms: 150, pong_ms: 400 }).stream("s", { count: 2 }));""")
    identity = worker.wait_for_count(1)[0][0]
    worker.send([identity, b'{"n":1}'])
    js.wait(lambda: len(replies(js)) == 1, "the first reply")
    proxy.cut()
    worker.send([identity, b'{"n":2}'])
    js.wait(lambda: "reconnecting" in js.states(), "the page to notice that its connection is dead")
    assert len(replies(js)) == 1, "the network was cut: nothing can have come"
    proxy.mend()
    js.wait(lambda: len(replies(js)) == 2, "the reply that was kept")
    worker.send([identity, json.dumps({"n": 3, "done": True}).encode()])
    js.wait(lambda: js.log("end"), "the end")
    assert [reply["n"] for reply in replies(js)] == [1, 2, 3]
    assert js.states().count("resumed") == 1


def test_a_silent_connection_is_pinged_and_kept(js, mock):
    hold(js, mock, "{ ...quick, ping_ms: 40, pong_ms: 5000 }")
    js.wait(lambda: len(mock.ops("ping")) >= 3, "three pings")
    assert js.states() == ["connecting", "open"] and mock.opened == 1
    assert mock.ops("ping")[0] == {"op": "ping"}


def test_a_raw_session_that_can_be_resumed_is_pinged_too(js, mock):
    js.start(mock.url, """
      window.session = connect({ ...quick, ping_ms: 40, pong_ms: 150 }).session("echo",
        { resume: true, onstate: (s) => note("state", s.state, s), onmessage: ({ data }) => note("reply", data) });""")
    js.wait(lambda: len(mock.ops("ping")) >= 2, "two pings")
    mock.is_deaf = True
    js.wait(lambda: "reconnecting" in js.states(), "the page to give the connection up")
    mock.is_deaf = False
    js.wait(lambda: "resumed" in js.states(), "the resumed session")


@pytest.mark.parametrize("event", ["online", "visible"])
def test_a_browser_that_is_back_checks_its_connection_at_once(js, mock, cuttable, event):
    proxy = cuttable(mock.url)
    id = hold(js, mock, patient.replace("}", ", pong_ms: 100 }"), proxy.url, HAPPEN)
    proxy.cut()
    mock.reply(id, 2)
    js.run(f"window.happen.{event}()")
    js.wait(lambda: "reconnecting" in js.states(), "the dead connection to be dropped")
    assert mock.ops("ping") == [], "it was sent into the dead connection"
    proxy.mend()
    js.run(f"window.happen.{event}()")
    js.wait(lambda: replies(js) == [1, 2], "the session to go on, ten minutes early")


def test_online_does_not_shorten_the_wait_that_a_goodbye_sets(js, mock):
    hold(js, mock, patient.replace("}", ", WebSocket: Counted }"), prepare=HAPPEN)
    mock.goodbye(600_000)
    js.wait(lambda: "reconnecting" in js.states(), "the end of the connection")
    js.run("window.happen.online(); window.happen.visible();")
    assert js.run("return window.sockets") == 1


def test_a_closed_gateway_ignores_events(js, mock):
    hold(js, mock, patient.replace("}", ", WebSocket: Counted }"), prepare=HAPPEN)
    js.run("window.gateway.close(); window.happen.online(); window.happen.visible();")
    assert js.run("return window.sockets") == 1 and js.states()[-1] == "closed"


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_the_client_enforces_a_deadline_if_the_gateway_sends_no_end(js, mock, transport):
    js.start(mock.url, f"""
      const gateway = connect({{ ...quick, transport: "{transport}", grace_ms: 50 }});
      const begun = performance.now();
      const stream = gateway.stream("hold", {{}}, {{ deadline: "100ms" }});
      await follow(stream);
      note("time", performance.now() - begun);
      note("over", stream.end);
      await gateway.request("hold", {{}}, {{ deadline: 100 }}).catch(
        (error) => note("request", error.code, error.reason, error.status));""")
    assert js.log("error")[0][1] == "deadline" and js.log("error")[0][3] == "deadline"
    assert js.log("time")[0][1] >= 150
    assert js.log("over")[0][1]["reason"] == "deadline" and js.log("over")[0][1]["ok"] is False
    assert js.log("request") == [["request", "deadline", "deadline", 504]]
    if transport == "websocket":
        js.wait(lambda: len(mock.ops("cancel")) == 2, "the exchanges to be cancelled at the gateway")


def test_with_partial_the_replies_that_came_by_the_deadline_are_enough(js, mock):
    js.start(mock.url, """
      window.gateway = connect({ ...quick, grace_ms: 50 });
      window.gateway.request("hold", {}, { deadline: "300ms", partial: true }).then((one) => note("one", one), failed);
      await window.gateway.request("echo", 0);""")
    mock.reply(mock.ops("request")[0]["id"], "enough")
    js.wait(lambda: js.log("one") == [["one", "enough"]], "the reply that came")


def test_with_partial_no_reply_by_the_deadline_is_enough_too(js, mock):
    js.start(mock.url, """
      const gateway = connect({ ...quick, grace_ms: 20 });
      note("none", await gateway.request("hold", {}, { deadline: "50ms", partial: true }));""")
    assert js.log("none") == [["none", []]]


def test_an_end_in_time_comes_from_the_gateway(js, mock):
    js.start(mock.url, """
      const gateway = connect({ ...quick, grace_ms: 0 });
      note("one", await gateway.request("echo", 1, { deadline: "5s" }));
      note("two", await gateway.request("echo", 2, { deadline: "soon" }));""")
    assert [entry[1] for entry in js.log() if entry[0] in ("one", "two")] == [1, 2]
