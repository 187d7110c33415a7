"""zmq-gateway.js in a real browser, over a WebSocket that the test can drop (mock_gateway.py). Each test runs its own
JavaScript in a blank page (browser_script.py)."""
import pytest

from browser_script import hold, js, needs_chromium, replies  # noqa: F401 (fixture)

pytestmark = needs_chromium


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


def test_many_exchanges_share_a_socket_and_each_gets_only_its_own_replies(js, mock):
    js.start(mock.url, """
      const gateway = connect(quick);
      Promise.all([1, 2, 3].map((n) => gateway.request("hold", n))).then((all) => note("all", all));
      await gateway.request("echo", 0);""")
    ids = {message["body"]: message["id"] for message in mock.ops("request")}
    for n in (2, 3, 1):
        mock.reply(ids[n], f"for {n}")
    for n in (3, 1, 2):
        mock.end(ids[n])
    js.wait(lambda: js.log("all") == [["all", ["for 1", "for 2", "for 3"]]], "all three")
    assert mock.opened == 1


def test_an_end_that_is_not_ok_is_thrown_after_the_last_reply(js, mock):
    js.start(mock.url, """
      const gateway = connect(quick);
      window.stream = gateway.stream("hold", {});
      follow(window.stream);
      await gateway.request("unheard", 1).catch(failed);""")
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
        }} catch (error) {{ failed(error); }}
        note("left", stream.end);
      }})();
      await gateway.request("echo", 1);""")
    id = mock.ops("request")[0]["id"]
    mock.reply(id, 1)
    js.wait(lambda: mock.ops("cancel"), "the cancel")
    js.wait(lambda: js.log("left"), "the loop to be left")
    assert mock.ops("cancel") == [{"op": "cancel", "id": id}]
    assert js.log("left")[0][1] == {"reason": "cancelled", "ok": True, "replies": 1}
    assert [entry[1] for entry in js.log("error")] == ([] if by == "break" else ["AbortError"])


def test_replies_are_acknowledged_in_batches(js, mock):
    js.start(mock.url, 'note("n", (await connect(quick).request("burst", { count: 99 })).length);')
    js.wait(lambda: mock.sessions[-1].kept == [], "everything to be acknowledged")
    assert js.log("n") == [["n", 99]]
    assert [ack["seq"] for ack in mock.ops("ack")] == [32, 64, 96, 100]


def test_without_a_token_nothing_is_acknowledged_and_a_lost_connection_fails_open_exchanges(js, mock):
    mock.can_resume = False
    js.start(mock.url, """
      window.gateway = connect(quick);
      follow(window.gateway.stream("hold", {}));
      await window.gateway.request("burst", { count: 70 });""")
    mock.drop()
    js.wait(lambda: js.log("error"), "the exchange to fail")
    assert js.log("error")[0][1] == "connection_lost"
    js.run("window.gateway.request('echo', 2).then((reply) => window.log.push(['again', reply]))")
    js.wait(lambda: js.log("again"), "the new connection")
    assert mock.ops("ack") == [] and mock.ops("resume") == []


# Lost connections


def test_a_stream_continues_after_a_reconnection_without_gaps_or_duplicates(js, mock):
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


def test_a_second_reconnection_resumes_with_the_newer_token(js, mock):
    id = hold(js, mock)
    for n in (1, 2):
        mock.drop()
        js.wait(lambda: js.states().count("resumed") == n, f"resumption {n}")
        mock.reply(id, f"after {n}")
        js.wait(lambda: replies(js)[-1] == f"after {n}", "the reply after it")
    assert [message["token"] for message in mock.ops("resume")] == ["token-1-0", "token-1-2"]


def test_dropped_messages_fail_open_exchanges_and_the_session_continues(js, mock):
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
    js.wait(lambda: mock.ops("cancel"), "the failed exchange to be cancelled")
    js.run("window.gateway.request('echo', 'on').then((reply) => window.log.push(['again', reply]))")
    js.wait(lambda: js.log("again"), "the same session to be of use")


def test_a_rejected_resume_fails_open_exchanges_and_starts_a_new_session(js, mock):
    hold(js, mock)
    mock.refuses = True
    mock.drop()
    js.wait(lambda: js.log("error"), "the stream to fail")
    assert js.log("error")[0][1] == "connection_lost" and "resumed" in js.log("error")[0][2]
    js.run("window.gateway.request('echo', 5).then((reply) => window.log.push(['again', reply]))")
    js.wait(lambda: js.log("again"), "the fresh session")
    assert mock.sessions[-1].name == 2 and mock.sessions[-1].seq == 2


def test_a_request_that_was_lost_with_the_connection_is_sent_again_and_one_that_arrived_is_not(js, mock):
    js.start(mock.url, """
      window.gateway = connect(quick);
      window.gateway.request("hold", "arrived").then((reply) => note("arrived", reply), failed);
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


def test_goodbye_sets_the_time_of_the_reconnection(js, mock):
    hold(js, mock, "{ ...quick, retry_ms: 9000, max_retry_ms: 9000 }")
    mock.goodbye(30)
    js.wait(lambda: "resumed" in js.states(), "the resumed session")
    assert [entry[2]["retry_ms"] for entry in js.log("state") if entry[1] == "reconnecting"] == [30]


def test_a_missing_hello_leads_to_another_attempt(js, mock):
    mock.is_silent = True
    js.start(mock.url, """
      window.gateway = connect({ ...quick, hello_ms: 60 });
      window.gateway.request("echo", "patience").then((reply) => note("one", reply), failed);""")
    js.wait(lambda: mock.opened >= 2, "a second attempt")
    mock.is_silent = False
    js.wait(lambda: js.log("one") == [["one", "patience"]], "the reply")


def test_a_malformed_message_fails_open_exchanges_and_leads_to_a_new_connection(js, mock):
    hold(js, mock)
    mock.say('{"op":"reply",')
    js.wait(lambda: js.log("error"), "the stream to fail")
    assert js.log("error")[0][1] == "protocol_error"
    js.run("window.gateway.request('echo', 5).then((reply) => window.log.push(['again', reply]))")
    js.wait(lambda: js.log("again"), "the fresh session")
    assert mock.ops("resume") == []


def test_requests_fail_as_unreachable_after_wait_ms_without_a_connection(js, mock):
    mock.is_blocked = True
    js.start(mock.url, 'await connect({ ...quick, wait_ms: 100 }).request("echo", 1).catch(failed);')
    assert js.log("error")[0][1] == "unreachable"


def test_close_fails_open_exchanges_and_is_final(js, mock):
    hold(js, mock)
    js.run("window.gateway.close()")
    js.wait(lambda: js.log("error"), "the stream to fail")
    assert js.log("error")[0][1] == "closed" and js.states()[-1] == "closed"
    opened = mock.opened
    js.run("window.gateway.request('echo', 1).catch((error) => window.log.push(['refused', error.code]))")
    js.wait(lambda: js.log("refused") == [["refused", "closed"]], "the refusal")
    assert mock.opened == opened


def test_auto_falls_back_to_fetch_if_websockets_are_blocked(js, mock):
    mock.is_blocked = True
    js.start(mock.url, """
      const gateway = connect({ ...quick, transport: "auto" });
      note("one", await gateway.request("echo", { by: "fetch" }));
      note("transport", gateway.transport);""")
    assert js.log("one") == [["one", {"by": "fetch"}]]
    assert js.log("transport") == [["transport", "sse"]]
    assert mock.opened >= 2
