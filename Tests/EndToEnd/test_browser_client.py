"""zmq-gateway.js in a real browser: over a WebSocket that breaks as the test wants (mock_gateway.py), and by fetch
against a real gateway. Each test runs its own JavaScript in a blank page and reads `window.log`."""
import json
import shutil
import subprocess

import pytest

from browser import CHROMIUM, LIMIT, chromium, wait_for
from mock_gateway import ROOT, MockGateway

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")

# `note` writes the log; `follow` notes every reply of a stream and how it went, `quick` makes new connections soon.
PRELUDE = """
  const { connect, GatewayError } = await import("/zmq-gateway.js");
  const note = (...entry) => window.log.push(entry);
  const quick = { retry_ms: 20, max_retry_ms: 50, transport: "websocket", onstate: (s) => note("state", s.state, s) };
  const told = (error) => note("error", error instanceof GatewayError ? error.code : error.name, error.message, error.reason ?? null);
  const follow = async (stream) => {
    try {
      for await (const reply of stream) note("reply", reply);
      note("end", stream.end);
    } catch (error) { told(error); }
  };
"""


@pytest.fixture(scope="module")
def driver():
    with chromium() as driver:
        yield driver


@pytest.fixture
def mock():
    gateway = MockGateway()
    yield gateway
    gateway.close()


class Script:
    def __init__(self, driver):
        self.driver = driver

    def start(self, url, script, page="/blank"):
        """Runs the script in a page of this origin, and comes back at its first await that takes time."""
        self.driver.get(url + page)
        failure = self.driver.execute_async_script(
            f"const done = arguments[arguments.length - 1]; window.log = []; window.open_ = {{}};"
            f"(async () => {{ {PRELUDE} {script} }})().then(() => done(null), (error) => done(String(error.stack)));")
        assert failure is None, failure

    def run(self, script):
        return self.driver.execute_script(script)

    def log(self, kind=None):
        return [entry for entry in self.driver.execute_script("return window.log") if kind in (None, entry[0])]

    def states(self):
        return [entry[1] for entry in self.log("state")]

    def wait(self, condition, what):
        try:
            return wait_for(self.driver, condition, what)
        except Exception as error:
            raise AssertionError(f"waited for {what}; the log: {self.log()}") from error


@pytest.fixture
def js(driver):
    yield Script(driver)
    driver.get("about:blank")


def replies(js):
    return [entry[1] for entry in js.log("reply")]


# Over one WebSocket


def test_a_request_gets_its_reply_and_many_replies_make_an_array(js, mock):
    js.start(mock.url, """
      const gateway = connect(quick);
      note("one", await gateway.request("echo", { hello: 1 }));
      note("many", await gateway.request("burst", { count: 3 }));
      note("none", await gateway.request("burst", { count: 0 }));
      note("asked", await gateway.request("echo", 7, { count: 2, deadline: 500, idle: "1s", partial: true }));
      gateway.close();""")
    assert js.log("one") == [["one", {"hello": 1}]]
    assert js.log("many") == [["many", [{"n": 0}, {"n": 1}, {"n": 2}]]]
    assert js.log("none") == [["none", []]]
    assert js.log("asked") == [["asked", [7]]]
    rules = {key: mock.ops("request")[-1][key] for key in ("count", "deadline", "idle", "partial")}
    assert rules == {"count": 2, "deadline": "500ms", "idle": "1s", "partial": "ok"}
    assert js.states() == ["connecting", "open", "closed"]
    assert mock.opened == 1


def test_many_exchanges_share_a_socket_and_each_hears_only_its_own(js, mock):
    js.start(mock.url, """
      const gateway = connect(quick);
      const all = await Promise.all(Array.from({ length: 50 }, (_, n) => gateway.request("echo", n)));
      note("all", all);""")
    assert js.log("all")[0][1] == list(range(50))
    assert mock.opened == 1


def test_an_end_that_is_not_ok_is_thrown_behind_the_last_reply(js, mock):
    js.start(mock.url, """
      const gateway = connect(quick);
      window.stream = gateway.stream("hold", {});
      follow(window.stream);
      await gateway.request("unheard", 1).catch(told);""")
    assert js.log("error")[0][1:] == ["unknown_service", "no such service", "no_worker"]
    id = next(message["id"] for message in mock.ops("request") if message["service"] == "hold")
    mock.reply(id, "last words")
    mock.end(id, "worker_lost", {"code": "worker_lost", "status": 502, "detail": "gone"})
    js.wait(lambda: len(js.log("error")) == 2, "the stream to fail")
    assert [entry[:2] for entry in js.log()[-2:]] == [["reply", "last words"], ["error", "worker_lost"]]
    assert js.run("return window.stream.end.reason") == "worker_lost"


@pytest.mark.parametrize("by", ["break", "signal"])
def test_leaving_a_stream_cancels_its_exchange(js, mock, by):
    leave = {"break": "break;", "signal": "window.abort.abort();"}[by]
    js.start(mock.url, f"""
      window.abort = new AbortController();
      const gateway = connect(quick);
      const stream = gateway.stream("hold", {{}}, {{ signal: window.abort.signal }});
      (async () => {{
        try {{
          for await (const reply of stream) {{ note("reply", reply); {leave} }}
        }} catch (error) {{ told(error); }}
        note("left", stream.end);
      }})();
      await gateway.request("echo", 1);""")
    id = mock.ops("request")[0]["id"]
    mock.reply(id, 1)
    js.wait(lambda: mock.ops("cancel"), "the cancel")
    js.wait(lambda: js.log("left"), "the loop to be left")
    assert mock.ops("cancel") == [{"op": "cancel", "id": id}]
    assert js.log("left")[0][1] == {"reason": "cancelled", "ok": False, "replies": 1}
    assert [entry[1] for entry in js.log("error")] == ([] if by == "break" else ["AbortError"])


def test_what_arrived_is_acknowledged_by_the_heap_and_not_one_by_one(js, mock):
    js.start(mock.url, 'note("n", (await connect(quick).request("burst", { count: 99 })).length);')
    js.wait(lambda: mock.sessions[-1].kept == [], "everything to be acknowledged")
    assert js.log("n") == [["n", 99]]
    assert [ack["seq"] for ack in mock.ops("ack")] == [32, 64, 96, 100]


def test_without_a_token_nothing_is_acknowledged_and_a_break_fails_what_is_open(js, mock):
    mock.can_resume = False
    js.start(mock.url, """
      window.gateway = connect(quick);
      follow(window.gateway.stream("hold", {}));
      await window.gateway.request("echo", 1);""")
    mock.drop()
    js.wait(lambda: js.log("error"), "the exchange to fail")
    assert js.log("error")[0][1] == "connection_lost"
    js.run("window.gateway.request('echo', 2).then((reply) => window.log.push(['again', reply]))")
    js.wait(lambda: js.log("again"), "the new connection")
    assert mock.ops("ack") == [] and mock.ops("resume") == []


# The connection breaks and comes back


def hold(js, mock, options="quick"):
    """An open stream that got one reply; gives its id."""
    js.start(mock.url, f"""
      window.gateway = connect({options});
      follow(window.gateway.stream("hold", {{}}));
      await window.gateway.request("echo", 0);""")
    id = mock.ops("request")[0]["id"]
    mock.reply(id, 1)
    js.wait(lambda: replies(js) == [1], "the first reply")
    return id


def test_a_stream_goes_on_after_a_break_with_nothing_lost_and_nothing_twice(js, mock):
    id = hold(js, mock)
    mock.drop()
    mock.reply(id, 2)
    js.wait(lambda: "resumed" in js.states(), "the resumed session")
    mock.reply(id, 3)
    mock.say({"op": "reply", "id": id, "seq": 4, "body": "twice"})
    mock.end(id)
    js.wait(lambda: js.log("end"), "the end")
    assert replies(js) == [1, 2, 3]
    assert mock.ops("resume") == [{"op": "resume", "token": "token-1-0", "seq": 3}]
    assert js.states() == ["connecting", "open", "reconnecting", "resumed"]


def test_a_second_break_resumes_with_the_newer_token(js, mock):
    id = hold(js, mock)
    for n in (1, 2):
        mock.drop()
        js.wait(lambda: js.states().count("resumed") == n, f"resumption {n}")
        mock.reply(id, f"after {n}")
        js.wait(lambda: replies(js)[-1] == f"after {n}", "the reply after it")
    assert [message["token"] for message in mock.ops("resume")] == ["token-1-0", "token-1-2"]


def test_lost_messages_are_an_error_on_what_was_open_and_the_session_goes_on(js, mock):
    id = hold(js, mock)
    mock.is_blocked = True
    mock.drop()
    mock.reply(id, 2)
    mock.reply(id, 3)
    mock.forget(2 + len([one for one in mock.sessions[-1].kept if one["seq"] <= 3]))
    mock.is_blocked = False
    js.wait(lambda: js.log("error"), "the stream to fail")
    assert js.log("error")[0][1] == "replies_lost"
    resumed = next(entry[2] for entry in js.log("state") if entry[1] == "resumed")
    assert resumed["missed"] == 2
    js.wait(lambda: mock.ops("cancel"), "the exchange that nobody hears to be cancelled")
    js.run("window.gateway.request('echo', 'on').then((reply) => window.log.push(['again', reply]))")
    js.wait(lambda: js.log("again"), "the same session to be of use")


def test_a_refused_resume_fails_what_was_open_and_begins_afresh(js, mock):
    hold(js, mock)
    mock.refuses = True
    mock.drop()
    js.wait(lambda: js.log("error"), "the stream to fail")
    assert js.log("error")[0][1] == "connection_lost" and "resumed" in js.log("error")[0][2]
    js.run("window.gateway.request('echo', 5).then((reply) => window.log.push(['again', reply]))")
    js.wait(lambda: js.log("again"), "the fresh session")
    assert mock.sessions[-1].name == 2 and mock.sessions[-1].seq == 2


def test_a_request_that_the_break_swallowed_is_sent_again_and_one_that_arrived_is_not(js, mock):
    js.start(mock.url, """
      window.gateway = connect(quick);
      window.gateway.request("hold", "arrived").then((reply) => note("arrived", reply), told);
      await window.gateway.request("echo", 0);""")
    mock.is_deaf = True
    js.run("window.gateway.request('echo', 'swallowed').then((reply) => window.log.push(['swallowed', reply]))")
    mock.drop()
    mock.is_deaf = False
    js.wait(lambda: js.log("swallowed"), "the swallowed request to be answered")
    id = mock.ops("request")[0]["id"]
    mock.reply(id, "late")
    mock.end(id)
    js.wait(lambda: js.log("arrived") == [["arrived", "late"]], "the other one's reply")
    services = [(message["id"] == id, message["service"]) for message in mock.ops("request")]
    assert services.count((True, "hold")) == 1, "the work must not be done twice"


def test_goodbye_says_when_to_come_back(js, mock):
    hold(js, mock, "{ ...quick, retry_ms: 9000, max_retry_ms: 9000 }")
    mock.goodbye(30)
    js.wait(lambda: "resumed" in js.states(), "the resumed session")
    assert [entry[2]["retry_ms"] for entry in js.log("state") if entry[1] == "reconnecting"] == [30]


def test_a_hello_that_does_not_come_is_given_up_and_asked_for_again(js, mock):
    mock.is_silent = True
    js.start(mock.url, """
      window.gateway = connect({ ...quick, hello_ms: 60 });
      window.gateway.request("echo", "patience").then((reply) => note("one", reply), told);""")
    js.wait(lambda: mock.opened >= 2, "a second attempt")
    mock.is_silent = False
    js.wait(lambda: js.log("one") == [["one", "patience"]], "the reply")


def test_a_malformed_message_fails_what_is_open_and_the_connection_is_renewed(js, mock):
    hold(js, mock)
    mock.say('{"op":"reply",')
    js.wait(lambda: js.log("error"), "the stream to fail")
    assert js.log("error")[0][1] == "protocol_error"
    js.run("window.gateway.request('echo', 5).then((reply) => window.log.push(['again', reply]))")
    js.wait(lambda: js.log("again"), "the fresh session")
    assert mock.ops("resume") == []


def test_a_gateway_that_is_away_fails_requests_as_unreachable_after_the_wait(js, mock):
    mock.is_blocked = True
    js.start(mock.url, 'await connect({ ...quick, wait_ms: 100 }).request("echo", 1).catch(told);')
    assert js.log("error")[0][1] == "unreachable"


def test_close_ends_what_is_open_and_stays_closed(js, mock):
    hold(js, mock)
    js.run("window.gateway.close()")
    js.wait(lambda: js.log("error"), "the stream to fail")
    assert js.log("error")[0][1] == "closed" and js.states()[-1] == "closed"
    opened = mock.opened
    js.run("window.gateway.request('echo', 1).catch((error) => window.log.push(['refused', error.code]))")
    js.wait(lambda: js.log("refused") == [["refused", "closed"]], "the refusal")
    assert mock.opened == opened


def test_where_websockets_are_blocked_auto_goes_by_fetch(js, mock):
    mock.is_blocked = True
    js.start(mock.url, """
      const gateway = connect({ ...quick, transport: "auto" });
      note("one", await gateway.request("echo", { by: "fetch" }));
      note("transport", gateway.transport);""")
    assert js.log("one") == [["one", {"by": "fetch"}]]
    assert js.log("transport") == [["transport", "sse"]]
    assert mock.opened >= 2


# Raw sessions


def test_a_raw_session_sends_bodies_and_hears_replies_and_ends_with_its_connection(js, mock):
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


def test_a_resumable_session_survives_a_break_and_tells_of_it(js, mock):
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


def test_a_refused_resume_ends_a_session_because_its_identity_is_gone(js, mock):
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
def test_fetch_has_the_same_surface(js, demo_gateway, transport):
    js.start(demo_gateway, f"""
      const gateway = connect({{ ...quick, transport: "{transport}" }});
      note("one", await gateway.request("echo", {{ hello: 1 }}));
      await follow(gateway.stream("ticker", {{ count: 2 }}));
      await gateway.request("flaky", {{ mode: "error" }}).catch(told);
      await gateway.request("nobody", 1).catch(told);
      await gateway.request("slow", {{ seconds: 3 }}, {{ signal: AbortSignal.timeout(50) }}).catch(told);""", page="/")
    assert js.log("one") == [["one", {"hello": 1}]]
    assert [reply["tick"] for reply in replies(js)] == [1, 2]
    end = js.log("end")[0][1]
    assert (end["reason"], end["ok"], end["replies"]) == ("final", True, 2)
    assert [entry[1] for entry in js.log("error")] == ["worker_error", "unknown_service", "TimeoutError"]
    assert js.states() == ["open"]


def test_an_incomplete_answer_carries_what_came_and_is_no_error_where_a_part_is_enough(js, demo_gateway):
    js.start(demo_gateway, """
      const gateway = connect({ ...quick, transport: "sse" });
      const cut = gateway.request("ticker", { count: 9 }, { deadline: 300 });
      await cut.catch((error) => note("cut", error.code, error.status, error.replies.length));
      note("part", (await gateway.request("ticker", { count: 9 }, { deadline: 500, partial: true })).length);""", page="/")
    assert js.log("cut") == [["cut", "deadline", 504, 1]]
    assert js.log("part") == [["part", 2]]


def test_big_numbers_survive_a_reviver(js, demo_gateway):
    js.start(demo_gateway, """
      const reviver = (key, value, context) => (typeof value === "number" ? context.source : value);
      const gateway = connect({ ...quick, transport: "ndjson", reviver });
      note("one", await gateway.request("echo", JSON.rawJSON("12345678901234567890")));""", page="/")
    assert json.dumps(js.log("one")[0][1]) == '"12345678901234567890"'


# Without a browser


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_module_runs_in_node_with_a_websocket_that_it_is_given(mock):
    script = f"""
      import {{ connect }} from {json.dumps(str(ROOT / "public/zmq-gateway.js"))};
      const gateway = connect({{ url: {json.dumps(mock.url)}, WebSocket: globalThis.WebSocket, transport: "websocket" }});
      console.log(JSON.stringify(await gateway.request("burst", {{ count: 2 }})));
      gateway.close();"""
    flag = ["--experimental-websocket"] if node_major() < 22 else []
    ran = subprocess.run(["node", *flag, "--no-warnings", "--input-type=module", "-e", script],
                         capture_output=True, text=True, timeout=LIMIT)
    assert ran.stdout == '[{"n":0},{"n":1}]\n', ran.stderr


def node_major():
    return int(subprocess.run(["node", "-p", "process.versions.node"], capture_output=True, text=True).stdout.split(".")[0])
