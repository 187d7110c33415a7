"""zmq-gateway.js in a real browser subscribes to a publisher, by each transport."""
import pytest
from browser_script import js, needs_chromium, replies  # noqa: F401 (fixture)
from test_topics import Publisher, topics

pytestmark = needs_chromium


@pytest.mark.parametrize("transport", ["websocket", "sse", "ndjson"])
def test_a_page_gets_a_publishers_messages_until_it_leaves_the_loop(js, start, endpoint, tmp_path, transport):
    there, binary = endpoint(), endpoint()
    gateway = start.gateway(
        {"s": {"peer": "publisher", "connect": there}, "b": {"peer": "publisher", "connect": binary, "body": "binary"}},
        tmp_path, public="public", reactors=1)
    publisher, bytes_publisher = Publisher(bind=there), Publisher(bind=binary)
    gateway.ready("s")
    gateway.ready("b")
    js.start(gateway.url, f"""
      window.gateway = connect({{ ...quick, transport: "{transport}" }});
      window.controller = new AbortController();
      follow(window.gateway.subscribe("s", ["a", "b c"], {{ signal: window.controller.signal }}));
      follow(window.gateway.subscribe("b", "", {{ as: "binary", count: 1 }}));""")
    assert {publisher.heard(), publisher.heard()} == {"+a", "+b c"} and bytes_publisher.heard() == "+"
    publisher.send("a", "1")
    publisher.send("b c d", '{"x":2}')
    js.wait(lambda: len(replies(js)) == 2, "two messages")
    assert replies(js) == [{"topic": "a", "body": 1}, {"topic": "b c d", "body": {"x": 2}}]
    bytes_publisher.send("t", b"\x00\xff")
    js.wait(lambda: js.log("end"), "the end of the second")
    bodies = [reply["body"] for reply in replies(js)[2:]]  # a Uint8Array may arrive as an object with its indices
    assert [list(body.values()) if isinstance(body, dict) else body for body in bodies] == [[0, 255]]
    assert js.log("end")[0][1]["reason"] == "count"
    js.run("window.controller.abort()")
    assert {publisher.heard(), publisher.heard()} == {"-a", "-b c"}
    gateway.until(lambda: topics(gateway, "subscribers") == 0)
    publisher.close()
    bytes_publisher.close()
