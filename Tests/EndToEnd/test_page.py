"""The console at `/`, in a real browser against a running `zmq-gateway demo`.

`demo_gateway` is the base URL of that gateway (conftest.py). Each wait has a limit and waits for the event itself.
Debian: apt-get install chromium chromium-driver; pip install selenium. Without chromium these tests are skipped.
"""

import json
import subprocess
import urllib.parse

import pytest
from selenium.webdriver.common.keys import Keys

from browser import LIMIT, Page, chromium, needs_chromium

pytestmark = needs_chromium

# Notes what is visible each time the response changes: the number of replies, and whether the end is shown.
WATCH = """
  window.seen = [];
  const look = () => window.seen.push([document.querySelectorAll('#replies > li').length,
                                       document.querySelector('#end h3') !== null]);
  window.watcher = new MutationObserver(look);
  for (const id of ['replies', 'end']) {
    window.watcher.observe(document.getElementById(id), { childList: true, subtree: false });
  }
"""


@pytest.fixture
def page(demo_gateway):
    with chromium() as driver:
        yield Page(driver, demo_gateway)


def requested_urls(driver):
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [message["params"]["request"]["url"] for message in messages
            if message["method"] == "Network.requestWillBeSent"]


def test_the_page_loads_without_errors_and_without_other_hosts(page):
    page.open()
    page.wait(lambda: page.one('[data-metric="connections"]').get_attribute("data-value"), "the first metrics")
    page.wait(lambda: page.one("#health").get_attribute("data-state") == "ready", "readiness")

    messages = [entry for entry in page.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert messages == []
    urls = [urllib.parse.urlsplit(url) for url in requested_urls(page.driver)]
    assert len(urls) > 10, "the log of requests must show the page's own files"
    assert {url.netloc for url in urls if url.scheme != "data"} == {urllib.parse.urlsplit(page.base).netloc}


def test_the_demo_services_are_listed_with_an_example_each(page):
    page.open()
    names = {button.get_attribute("data-service") for button in page.all("#services [data-service]")}
    assert {"echo", "ticker", "slow", "flaky", "pool", "prices"} <= names
    page.choose("echo", "json")
    assert json.loads(page.one("#request").get_attribute("value")) == {"hello": "world"}


@pytest.mark.parametrize("how", ["ndjson", "sse", "eventsource"])
def test_replies_of_ticker_appear_one_by_one_before_the_end(page, how):
    page.open().choose("ticker", how, '{"count":10}')
    page.driver.execute_script(WATCH)
    page.send()
    end = page.wait_for_end()

    seen = page.driver.execute_script("return window.seen")
    before_the_end = {count for count, has_ended in seen if not has_ended}
    assert len(before_the_end - {0}) >= 3, f"replies arrived in batches: {seen}"
    assert len(page.all("#replies > li")) == 10
    times = [float(row.get_attribute("data-at")) for row in page.all("#replies > li")]
    assert times == sorted(times) and times[0] < times[-1]
    assert end.get_attribute("data-state") == "ok"


def test_the_end_record_is_shown_in_words_and_figures(page):
    page.open().choose("ticker", "ndjson", '{"count":3}')
    page.send()
    end = page.wait_for_end()

    assert page.text("#end h3") == "Complete"
    assert page.text('#end [data-fact="reason"]') == end.get_attribute("data-reason") != ""
    assert page.text('#end [data-fact="replies"]') == "3"
    assert page.text('#end [data-fact="http"]').startswith("200")
    assert "at the gateway" in page.text('#end [data-fact="elapsed"]')
    assert page.text('#end [data-fact="request id"]') != ""
    assert end.get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("how", ["json", "ndjson", "sse"])
def test_an_error_of_flaky_shows_the_code_of_the_problem(page, how):
    page.open().choose("flaky", how, '{"mode":"error"}')
    page.send()
    end = page.wait_for_end()

    assert end.get_attribute("data-state") == "failed"
    assert page.text("#problem-code") != ""
    assert page.text("#end .problem .detail") != ""


def test_text_that_is_not_json_is_rejected_with_a_problem(page):
    page.open().choose("echo", "json", '{"hello":')
    assert "Not valid JSON" in page.text("#request-hint")
    page.send()
    page.wait_for_end()
    assert page.text("#problem-code") != ""
    assert page.text('#end [data-fact="http"]').startswith("400")


@pytest.mark.parametrize("by", ["button", "escape"])
def test_cancel_ends_the_exchange_here_and_at_the_gateway(page, by):
    page.open().choose("slow", "ndjson", '{"seconds":3}')
    before = cancelled_exchanges(page.metrics())
    page.send()
    page.wait(lambda: page.one("#cancel").is_enabled(), "the exchange to run")
    if by == "button":
        page.one("#cancel").click()
    else:
        page.one("body").send_keys(Keys.ESCAPE)
    page.wait_for_end()

    assert page.text("#end h3") == "Cancelled"
    assert page.all("#replies > li") == []
    assert not page.one("#cancel").is_enabled()
    page.wait(lambda: cancelled_exchanges(page.metrics()) > before, "the gateway to notice that the client left")


def cancelled_exchanges(metrics):
    return sum(float(line.rsplit(" ", 1)[1]) for line in metrics.splitlines()
               if line.startswith("zmq_gateway_exchanges_total{") and 'service="slow"' in line
               and ('reason="client_left"' in line or 'reason="cancelled"' in line))


def test_control_enter_sends_and_resend_repeats_what_was_sent(page):
    page.open().choose("echo", "json", '{"n":1}')
    page.one("#request").send_keys(Keys.CONTROL, Keys.ENTER)
    page.wait_for_end()
    assert json.loads(page.text("#replies > li code")) == {"n": 1}

    page.choose("echo", "json", '{"n":2}')
    page.driver.execute_script("document.getElementById('end').replaceChildren()")
    page.one("#resend").click()
    page.wait_for_end()
    assert json.loads(page.text("#replies > li code")) == {"n": 1}


def test_the_copied_command_does_the_same_in_a_shell(page):
    page.open().choose("echo", "json", '{"quote":"it\'s $HOME and \\\\ `x`"}')
    command = page.text("#curl")
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=LIMIT, check=True)
    assert json.loads(ran.stdout) == {"quote": "it's $HOME and \\ `x`"}


def test_the_metrics_move(page):
    page.open().choose("echo", "json")
    page.driver.execute_script("document.querySelector('input[name=scope][value=one]').click()")

    def ended():
        # In one script: the rows are replaced each second, and a row that is gone has no attributes.
        return page.driver.execute_script(
            "return [...document.querySelectorAll('#reasons [data-key]')]"
            ".reduce((n, row) => n + +row.dataset.value, 0)")

    page.wait(lambda: page.one('[data-metric="exchanges"]').get_attribute("data-value") != "", "two looks at /metrics")
    before = ended()
    page.send()
    page.wait_for_end()
    page.wait(lambda: ended() == before + 1, "the exchange to be counted on the page")
    page.wait(lambda: float(page.one('[data-metric="latency"]').get_attribute("data-value") or 0) > 0, "its latency")


def test_a_phone_needs_no_sideways_scrolling(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": 360, "height": 780, "deviceScaleFactor": 2, "mobile": True})
    page.open().choose("ticker", "ndjson", '{"count":2}')
    page.send()
    page.wait_for_end()
    width = page.driver.execute_script("return document.documentElement.scrollWidth")
    assert width <= 360
