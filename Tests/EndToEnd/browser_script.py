"""Runs a test's JavaScript in a blank page, with the client module imported, and reads the log that it writes."""
import pytest

from browser import needs_chromium, wait_for  # noqa: F401 (a mark for the tests)

# `note` writes the log; `follow` notes every reply of a stream and its end or error; `quick` reconnects quickly.
PRELUDE = """
  const { connect, GatewayError } = await import("/zmq-gateway.js");
  const note = (...entry) => window.log.push(entry);
  const quick = { retry_ms: 20, max_retry_ms: 50, transport: "websocket", onstate: (s) => note("state", s.state, s) };
  const codeOf = (error) => (error instanceof GatewayError ? error.code : error.name);
  const failed = (error) => note("error", codeOf(error), error.message, error.reason ?? null);
  const follow = async (stream) => {
    try {
      for await (const reply of stream) note("reply", reply);
      note("end", stream.end);
    } catch (error) { failed(error); }
  };
"""


class Script:
    def __init__(self, driver):
        self.driver = driver

    def start(self, url, script, page="/blank"):
        """Runs the script in a page of this origin until it ends."""
        self.driver.get(url + page)
        failure = self.driver.execute_async_script(
            f"const done = arguments[arguments.length - 1]; window.log = [];"
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


def replies(js):
    return [entry[1] for entry in js.log("reply")]


@pytest.fixture
def js(driver):
    yield Script(driver)
    driver.get("about:blank")


def hold(js, mock, options="quick", url=None, prepare=""):
    """Opens a stream that has one reply so far, through this URL; returns its id."""
    js.start(url or mock.url, f"""
      {prepare}
      window.gateway = connect({options});
      follow(window.gateway.stream("hold", {{}}));
      await window.gateway.request("echo", 0);""")
    id = mock.ops("request")[-2]["id"]
    mock.reply(id, 1)
    js.wait(lambda: replies(js) == [1], "the first reply")
    return id
