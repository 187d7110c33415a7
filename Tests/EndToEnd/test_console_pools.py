"""The console with the workers of a pool, the services of a broker, and publishers. The gateways are real: the demo,
and others with the test's own workers."""
import json
import shlex
import socket
import subprocess
from urllib.parse import urlsplit

import pytest
import requests
import zmq
from selenium.webdriver.common.keys import Keys

from browser import Page, needs_chromium
from harness import ROOT
from test_majordomo import broker  # noqa: F401 - a fixture
from test_topics import Publisher

pytestmark = needs_chromium
PUBLIC = str(ROOT / "public")


@pytest.fixture
def open_page(driver):
    def page(url):
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        driver.get_log("browser")
        return Page(driver, url).open()
    yield page
    driver.get("about:blank")


@pytest.fixture
def pooled(start, endpoint, tmp_path):
    """pooled(count) starts a gateway with a pool `jobs` of so many workers, who belong to the test's thread."""
    context = zmq.Context()

    class Pooled:
        def __init__(self, count, **settings):
            there = endpoint()
            services = {"jobs": {"peer": "ready", "bind": there}}
            self.gateway = start.gateway(services, tmp_path, public=PUBLIC, **settings)
            self.workers = []
            for number in range(count):
                worker = context.socket(zmq.REQ)
                worker.linger, worker.rcvtimeo, worker.identity = 0, 10_000, b"worker-%d" % number
                worker.connect(there)
                worker.send(b"READY")
                self.workers.append(worker)
            self.gateway.until(lambda: self.gateway.get("/v1/services/jobs").json()["workers"] == count)
    yield Pooled
    context.destroy(linger=0)


def rows(page):
    """The cells of the table of workers, by worker. One script, because the page may refresh in between."""
    return dict(page.driver.execute_script("""
      return [...document.querySelectorAll('#pool-workers tr')].map((row) =>
        [row.dataset.worker, [...row.querySelectorAll('td')].map((cell) => cell.textContent)])"""))


def listed(page):
    """The services in the list, each with whether it is below a broker."""
    return page.driver.execute_script("""
      return [...document.querySelectorAll('#services [data-service]')].map((button) =>
        [button.dataset.service, button.parentElement.classList.contains('registered')])""")


def messages(page):
    """[topic, body] of each row of the response."""
    return page.driver.execute_script("""
      return [...document.querySelectorAll('#replies > li')].map((row) =>
        [row.querySelector('.topic').textContent, row.querySelector('code').textContent])""")


def overflow(page, width):
    """By how many pixels the page is wider than the screen, or the content of a panel than the panel."""
    return page.driver.execute_script("""
      return Math.max(document.documentElement.scrollWidth - arguments[0],
        ...[...document.querySelectorAll('#pool-scroll, .topics, #replies')]
          .map((one) => one.scrollWidth - one.clientWidth))
      """, width)


def test_the_demo_shows_its_workers_and_where_the_time_went(open_page, demo_gateway):
    page = open_page(demo_gateway)
    page.choose("pool", "json", '{"who":"next"}')
    page.send()
    page.wait_for_end()
    assert page.text('#end [data-fact="in the queue"]').endswith("ms")
    assert float(page.text('#end [data-fact="at the worker"]').removesuffix(" ms")) >= 50
    page.one("#tab-workers").click()
    page.wait(lambda: sum(int(cells[2]) for cells in rows(page).values()) >= 1, "a request to be counted")
    assert sorted(rows(page)) == ["worker-1", "worker-2", "worker-3"]
    assert page.text("#workers-count") == "3"


def test_the_server_timing_header_is_parsed(open_page, demo_gateway):
    header = 'queue;dur=1.500, worker;dur=20.250, attempts;desc="2", db;dur=7'
    read = open_page(demo_gateway).driver.execute_async_script(
        "const [texts, done] = arguments; import('/timing.js').then(({ parseTiming }) => done(texts.map(parseTiming)))",
        [header, "", None, "queue;desc=fast"])
    assert read == [{"queue": 1.5, "worker": 20.25, "attempts": 2}, None, None, None]


def test_a_worker_is_drained_and_resumed_and_keeps_the_focus(open_page, pooled):
    one = pooled(2)
    page = open_page(one.gateway.url)
    page.choose("jobs", "json")
    page.one("#tab-workers").click()
    page.wait(lambda: [cells[0] for cells in rows(page).values()] == ["ready", "ready"], "both workers")
    page.one('[data-worker="worker-1"] button').send_keys(Keys.ENTER)
    page.wait(lambda: rows(page)["worker-1"][0] == "draining", "the row to show it")
    assert rows(page)["worker-1"][-1] == "Resume" and rows(page)["worker-0"][0] == "ready"
    assert page.text("#pool-draining") == "1" and page.text("#pool-ready") == "1"
    assert page.driver.switch_to.active_element.get_attribute("aria-label") == "Resume worker-1"
    state = {worker["id"]: worker["state"] for worker in one.gateway.get("/v1/services/jobs").json()["pool"]["workers"]}
    assert state == {"worker-0": "ready", "worker-1": "draining"}
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(lambda: rows(page)["worker-1"][0] == "ready", "its return")
    assert page.text("#pool-note") == ""


def test_busy_workers_and_the_queue_are_counted_and_drawn(open_page, pooled):
    one = pooled(1)
    page = open_page(one.gateway.url)
    page.choose("jobs", "ndjson", '{"n":1}')
    page.send()
    assert one.workers[0].recv() == b'{"n":1}'
    with socket.create_connection(("127.0.0.1", one.gateway.port)) as second:
        second.sendall(b"POST /v1/services/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\n2")
        page.one("#tab-workers").click()
        page.wait(lambda: (page.text("#pool-busy"), page.text("#pool-queued")) == ("1", "1"), "one in hand, one queued")
        assert rows(page)["worker-0"][:2] == ["busy", "1"] and page.text("#pool-oldest") != "–"

        def drawn(chart, name="value"):
            return page.one(f'[data-metric="{chart}"]').get_attribute(f"data-{name}")
        page.wait(lambda: (drawn("queued"), drawn("pool"), drawn("pool", "second")) == ("1", "0", "1"), "the charts")
        assert not page.one('[data-metric="publications"]').is_displayed()


def test_a_worker_that_leaves_is_gone_from_the_table(open_page, pooled):
    one = pooled(2)
    page = open_page(one.gateway.url)
    page.choose("jobs", "json")
    page.one("#tab-workers").click()
    page.wait(lambda: len(rows(page)) == 2, "both workers")
    one.workers[0].close(0)
    page.wait(lambda: list(rows(page)) == ["worker-1"], "one to be gone")
    one.workers[1].close(0)
    page.wait(lambda: page.one("#pool-empty").is_displayed() and not rows(page), "an empty pool")


def own_address():
    """An address of this machine that is not its loopback, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


@pytest.mark.skipif(own_address() is None, reason="this machine has no address but its loopback")
def test_workers_cannot_be_drained_from_another_machine(open_page, pooled):
    here = own_address()
    one = pooled(1, listen=f"{here}:0", allowed_hosts=[here])
    page = open_page(one.gateway.url)
    page.choose("jobs", "json")
    page.one("#tab-workers").click()
    page.wait(lambda: "worker-0" in rows(page), "the worker")
    page.one('[data-worker="worker-0"] button').click()
    page.wait(lambda: "only from the machine" in page.text("#pool-note"), "the reason")
    page.wait(lambda: not page.one('[data-worker="worker-0"] button').is_enabled(), "the button to be off")
    assert rows(page)["worker-0"][0] == "ready"


@pytest.mark.parametrize("width", [1440, 390])
def test_a_hundred_workers_scroll_inside_their_panel(open_page, pooled, width):
    one = pooled(100)
    page = open_page(one.gateway.url)
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 720})
    page.choose("jobs", "json")
    page.one("#tab-workers").click()
    page.wait(lambda: len(rows(page)) == 100, "all of them")
    assert list(rows(page))[:3] == ["worker-0", "worker-1", "worker-2"] and list(rows(page))[-1] == "worker-99"
    inner, outer = page.driver.execute_script(
        "const panel = document.getElementById('pool-scroll'); return [panel.scrollHeight, panel.clientHeight]")
    assert inner > 2 * outer > 400
    assert overflow(page, width) <= 0


def test_a_brokers_services_come_and_go_below_it(open_page, broker):  # noqa: F811
    one = broker(public=PUBLIC)
    page = open_page(one.gateway.url)
    page.wait(lambda: page.text("#service-name") == "hub", "the broker")
    assert listed(page) == [["hub", False]] and page.one("#registered-empty").is_displayed()
    assert not page.one("#form").is_displayed(), "a broker takes no requests"
    worker = one.worker("echo")
    one.worker("math.add")
    page.wait(lambda: listed(page) == [["hub", False], ["echo", True], ["math.add", True]], "both services")
    page.wait(lambda: page.text("#registered-count") == "2", "both in the broker's view")
    assert page.one('[data-service="hub"]').get_attribute("aria-current") == "true"

    page.one('[data-registered="echo"]').click()
    page.wait(lambda: page.text("#service-name") == "echo", "the service")
    page.choose("echo", "json", '{"a":1}')
    page.send()
    page.wait_for_end()
    assert page.text("#replies > li code") == '{"a": 1}' and page.text('#end [data-fact="at the worker"]') != ""
    worker.close()
    page.wait(lambda: listed(page) == [["hub", False], ["math.add", True]], "one service to be gone")
    page.wait(lambda: page.text("#service-description").startswith("No worker"), "the page to show it")
    one.worker("echo")
    page.wait(lambda: page.one('[data-service="echo"]').get_attribute("aria-current") == "true", "it to be back")


@pytest.fixture
def published(start, endpoint, tmp_path):
    """A gateway whose service `s` hears this publisher."""
    publisher = Publisher(bind=endpoint())
    there = publisher.socket.getsockopt_string(zmq.LAST_ENDPOINT)
    services = {"s": {"peer": "publisher", "connect": there}}
    publisher.gateway = start.gateway(services, tmp_path, public=PUBLIC, reactors=1)
    publisher.gateway.ready("s")
    yield publisher
    publisher.close()


def choose_topics(page, *topics):
    while page.all("#topics button"):
        page.all("#topics button")[-1].click()
    page.one("#topic").send_keys(*[key for topic in topics for key in (topic, Keys.ENTER)])


@pytest.mark.parametrize("how", ["sse", "websocket"])
def test_a_publishers_messages_appear_are_paused_and_stop(open_page, published, how):
    page = open_page(published.gateway.url)
    page.choose("s", how)
    assert not page.one("#request").is_displayed() and page.text("#send-word") == "Subscribe"
    choose_topics(page, "a.", "b")
    page.send()
    assert {published.heard(), published.heard()} == {"+a.", "+b"}
    published.send("a.x", '{"n":12345678901234567890}')
    published.send("c", "0")
    published.send("b", "[1,2]")
    page.wait(lambda: messages(page) == [["a.x", '{"n": 12345678901234567890}'], ["b", "[1, 2]"]], "the messages")

    page.one("#pause").click()
    published.send("b", "3")
    page.wait(lambda: page.text("#progress").startswith("Paused, 1 new"), "the pause to be shown")
    assert len(messages(page)) == 2
    page.one("#pause").click()
    page.wait(lambda: messages(page)[2:] == [["b", "3"]], "what came meanwhile")

    page.one("#cancel").click()
    assert page.wait_for_end().get_attribute("data-state") == "ok" and page.text("#end h3") == "Stopped"
    assert {published.heard(), published.heard()} == {"-a.", "-b"}
    assert page.one("#topic").is_enabled() and not page.one("#pause").is_enabled()


def test_the_rules_end_a_subscription(open_page, published):
    page = open_page(published.gateway.url)
    page.choose("s", "sse")
    page.one("#count").send_keys("2")
    page.send()
    assert published.heard() == "+", "everything, where nothing else was chosen"
    for number in range(2):
        published.send("any", str(number))
    page.wait_for_end()
    assert page.text("#end h3") == "Complete" and page.text('#end [data-fact="messages"]') == "2"


def test_selecting_another_service_ends_the_subscription(open_page, demo_gateway):
    page = open_page(demo_gateway)
    page.choose("prices", "sse")
    page.send()
    page.wait(lambda: len(messages(page)) > 2, "some prices")
    assert {topic for topic, _ in messages(page)} <= {"nasdaq.AAPL", "nasdaq.MSFT"}
    page.wait(lambda: page.driver.execute_script(
        "return +document.querySelector('[data-metric=publications]').dataset.value") > 0, "the chart of publications")
    page.choose("echo", "json", "1")
    assert page.one("#send").is_enabled() and not page.all("#replies > li")
    prices = demo_gateway + "/v1/services/prices"
    page.wait(lambda: requests.get(prices).json()["subscribers"] == 0, "the subscription to end")
    page.send()
    page.wait_for_end()
    assert page.text("#replies > li code") == "1" and page.text("#response-title") == "Replies"
    page.one("#resend").click()
    page.wait(lambda: page.text("#progress").startswith("Response"), "the response once more")


def test_the_copied_command_subscribes_to_the_same_topics(open_page, published):
    page = open_page(published.gateway.url)
    page.choose("s", "sse")
    choose_topics(page, "it's a&b")
    page.one("#count").send_keys("1")
    command = shlex.split(page.text("#curl"))
    assert command[:2] == ["curl", "-N"] and urlsplit(command[2]).path == "/v1/services/s" and len(command) == 3
    with subprocess.Popen([*command, "-s"], stdout=subprocess.PIPE, text=True) as curl:
        assert published.heard() == "+it's a&b"
        published.send("it's a&b!", '"x"')
        assert json.loads(curl.communicate(timeout=10)[0].split("\n")[1].removeprefix("data: "))["body"] == "x"
    page.driver.execute_script("document.querySelector('input[name=how][value=websocket]').click()")
    assert 'gateway.subscribe("s", ["it\'s a&b"], { count: 1 })' in page.text("#curl")


def test_a_missing_or_too_long_topic_is_reported_before_it_is_sent(open_page, published):
    page = open_page(published.gateway.url)
    page.choose("s", "sse")
    choose_topics(page)
    assert page.text("#topic-hint") != "" and not page.one("#send").is_enabled()
    page.one("#topic").send_keys("x" * 256)
    assert "255" in page.text("#topic-hint") and not page.one("#send").is_enabled()
    page.one("#topic").send_keys(Keys.BACKSPACE)
    assert page.text("#topic-hint") == "" and page.one("#send").is_enabled()


def test_the_views_of_workers_and_topics_keep_the_policy_and_fit_a_phone(open_page, demo_gateway):
    page = open_page(demo_gateway)
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": 360, "height": 780, "deviceScaleFactor": 2, "mobile": True})
    page.choose("pool", "json")
    page.one("#tab-workers").click()
    page.wait(lambda: len(rows(page)) == 3, "the workers")
    assert overflow(page, 360) <= 0
    page.choose("prices", "sse")
    page.one("#topic").send_keys("a-very-long-topic." * 14, Keys.ENTER)
    page.send()
    page.wait(lambda: messages(page), "a price")
    assert overflow(page, 360) <= 0
    page.one("#cancel").click()
    page.wait_for_end()
    assert [entry for entry in page.driver.get_log("browser") if entry["level"] == "SEVERE"] == []
