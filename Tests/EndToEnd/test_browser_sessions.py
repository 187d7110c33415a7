"""zmq-gateway.js in a real browser: raw sessions over mock_gateway.py, and exchanges by fetch over a real gateway; and
the module in Node."""
import json
import shutil
import subprocess

import pytest

from browser import LIMIT
from browser_script import js, needs_chromium, replies  # noqa: F401 (fixture)
from mock_gateway import ROOT

pytestmark = needs_chromium


# Raw sessions


def test_a_raw_session_sends_bodies_receives_replies_and_ends_with_its_connection(js, mock):
    js.start(mock.url, """
      const session = connect(quick).session("echo", { onstate: (s) => note("session", s.state) });
      session.send({ n: 1 });
      session.send({ n: 2 });
      follow(session);""")
    js.wait(lambda: replies(js) == [{"n": 1}, {"n": 2}], "both replies")
    assert [message["body"] for message in mock.ops("raw")] == ['{"n":1}', '{"n":2}']
    mock.drop(next(socket for socket in mock.sockets if not socket.ws_protocol))
    js.wait(lambda: js.log("error"), "the session to end")
    assert js.log("error")[0][1] == "connection_lost"
    assert [entry[1] for entry in js.log("session")] == ["connecting", "open", "closed"]


def test_a_reply_that_is_not_json_ends_a_json_session_and_not_a_text_session(js, mock):
    js.start(mock.url, """
      const text = connect(quick).session("echo", { as: "text" });
      text.send("not json");
      for await (const reply of text) { note("text", reply); break; }
      const session = connect(quick).session("echo");
      session.send("a JSON string");
      session.onmessage = () => { session.onmessage = null; note("sent"); };
      follow(session);""")
    assert js.log("text") == [["text", "not json"]]
    js.wait(lambda: js.log("sent"), "the session")
    mock.say("not json")
    js.wait(lambda: js.log("error"), "the session to end")
    assert js.log("error")[0][1] == "protocol_error"


def test_a_resumable_session_survives_a_lost_connection_and_reports_it(js, mock):
    js.start(mock.url, """
      const gateway = connect(quick);
      window.session = gateway.session("echo", { resume: true, onstate: (s) => note("session", s.state, s) });
      window.session.onmessage = ({ data }) => note("reply", data);
      window.session.send("a");""")
    js.wait(lambda: replies(js) == ["a"], "the first reply")
    mock.drop()
    js.wait(lambda: "reconnecting" in [entry[1] for entry in js.log("session")], "the break to be noticed")
    js.run("window.session.send('b')")
    js.wait(lambda: replies(js) == ["a", "b"], "the reply behind the break")
    assert [entry[1] for entry in js.log("session")] == ["connecting", "open", "reconnecting", "resumed"]
    assert js.run("return window.session.info.drops") == 1
    assert len(mock.sockets) == 2, "a gateway that is only asked for sessions needs no socket for exchanges"


def test_a_rejected_resume_ends_a_session_because_its_identity_is_gone(js, mock):
    js.start(mock.url, """
      const session = connect(quick).session("echo", { resume: true });
      session.send("a");
      follow(session);""")
    js.wait(lambda: replies(js) == ["a"], "the first reply")
    mock.refuses = True
    mock.drop()
    js.wait(lambda: js.log("error"), "the session to end")
    assert js.log("error")[0][1] == "connection_lost"


# By fetch, over a real gateway


@pytest.mark.parametrize("transport", ["ndjson", "sse"])
def test_line_separators_of_unicode_do_not_end_a_line(js, demo_gateway, transport):
    js.start(demo_gateway, f"""
      const gateway = connect({{ ...quick, transport: "{transport}" }});
      note("one", await gateway.request("echo", "a\\u2028b\\u2029c\\u0085d"));""", page="/")
    assert js.log("one") == [["one", "a\u2028b\u2029c\u0085d"]]


@pytest.mark.parametrize("transport", ["ndjson", "sse"])
def test_fetch_has_the_same_interface(js, demo_gateway, transport):
    js.start(demo_gateway, f"""
      const gateway = connect({{ ...quick, transport: "{transport}" }});
      note("one", await gateway.request("echo", {{ hello: 1 }}));
      await follow(gateway.stream("ticker", {{ count: 2 }}));
      await gateway.request("flaky", {{ mode: "error" }}).catch(failed);
      await gateway.request("unknown", 1).catch(failed);
      const signal = AbortSignal.timeout(50);
      await gateway.request("slow", {{ seconds: 3 }}, {{ signal }}).catch(failed);""", page="/")
    assert js.log("one") == [["one", {"hello": 1}]]
    assert [reply["tick"] for reply in replies(js)] == [1, 2]
    end = js.log("end")[0][1]
    assert (end["reason"], end["ok"], end["replies"]) == ("final", True, 2)
    assert [entry[1] for entry in js.log("error")] == ["worker_error", "unknown_service", "TimeoutError"]
    assert js.states() == ["open"]


def test_an_incomplete_response_has_the_replies_so_far_and_is_no_error_with_partial(js, demo_gateway):
    js.start(demo_gateway, """
      const gateway = connect({ ...quick, transport: "sse" });
      const cut = gateway.request("ticker", { count: 9 }, { deadline: 300 });
      await cut.catch((error) => note("cut", error.code, error.status, error.replies.length));
      const part = await gateway.request("ticker", { count: 9 }, { deadline: 500, partial: true });
      note("part", part.length);""", page="/")
    assert js.log("cut") == [["cut", "deadline", 504, 1]]
    assert js.log("part") == [["part", 2]]


def test_big_numbers_survive_a_reviver(js, demo_gateway):
    js.start(demo_gateway, """
      const reviver = (key, value, context) => (typeof value === "number" ? context.source : value);
      const gateway = connect({ ...quick, transport: "ndjson", reviver });
      note("one", await gateway.request("echo", JSON.rawJSON("12345678901234567890")));""", page="/")
    assert json.dumps(js.log("one")[0][1]) == '"12345678901234567890"'


# Without a browser


def node_major():
    """Which node is installed; 0 is none."""
    if shutil.which("node") is None:
        return 0
    version = subprocess.run(["node", "-p", "process.versions.node"], capture_output=True, text=True).stdout
    return int(version.split(".")[0])


@pytest.mark.skipif(node_major() < 20, reason="no node that has a WebSocket is installed")
def test_the_module_runs_in_node_with_a_websocket_that_it_is_given(mock):
    script = f"""
      import {{ connect }} from {json.dumps(str(ROOT / "public/zmq-gateway.js"))};
      const {{ WebSocket }} = globalThis;
      const gateway = connect({{ url: {json.dumps(mock.url)}, WebSocket, transport: "websocket" }});
      console.log(JSON.stringify(await gateway.request("burst", {{ count: 2 }})));
      gateway.close();"""
    flag = ["--experimental-websocket"] if node_major() < 22 else []
    ran = subprocess.run(["node", *flag, "--no-warnings", "--input-type=module", "-e", script],
                         capture_output=True, text=True, timeout=LIMIT)
    assert ran.stdout == '[{"n":0},{"n":1}]\n', ran.stderr
