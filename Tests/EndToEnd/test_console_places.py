"""Navigation in the console: addresses of a service, a tab and a request; Back; sixty services; a lost gateway."""
import json
import os
import re
import signal

import pytest
import zmq
from selenium.webdriver.common.keys import Keys

from browser import Page, needs_chromium
from scripted import echo

pytestmark = needs_chromium


@pytest.fixture
def page(driver, mock):
    driver.get("about:blank")
    yield Page(driver, mock.url)
    driver.get("about:blank")


def address(page):
    return page.driver.execute_script("return location.hash")


def chosen(page):
    return page.text("#service-name"), page.driver.execute_script(
        "return document.querySelector('[role=tab][aria-selected=true]')?.id")


def wait_for_place(page, service, tab="exchange"):
    page.wait(lambda: chosen(page) == (service, f"tab-{tab}"), f"{service}/{tab}")


# Addresses


def test_back_and_forward_go_through_services_and_tabs(page):
    page.open()
    wait_for_place(page, "echo")
    page.choose("burst", "json")
    page.one("#tab-session").click()
    page.choose("hold", "json")
    assert address(page) == "#hold/session"
    for service, tab in [("burst", "session"), ("burst", "exchange"), ("echo", "exchange")]:
        page.driver.back()
        wait_for_place(page, service, tab)
    page.driver.forward()
    wait_for_place(page, "burst")
    assert page.driver.title == "burst · zmq-gateway"


def test_a_changed_address_is_followed_and_a_reload_stays(page):
    page.open()
    page.driver.execute_script("location.hash = '#burst/session'")
    wait_for_place(page, "burst", "session")
    page.driver.refresh()
    wait_for_place(page, "burst", "session")
    page.driver.execute_script("location.hash = '#burst/no-such-tab'")
    wait_for_place(page, "burst", "session")


def test_a_link_brings_its_request_and_its_transport(page):
    page.open().choose("burst", "sse", '{"count": 2, "text": "a&b/c?d#e ü"}')
    page.one("#copy-link").click()
    link = page.driver.current_url
    page.driver.get("about:blank")
    page.driver.get(link)
    wait_for_place(page, "burst")
    assert json.loads(page.one("#request").get_attribute("value")) == {"count": 2, "text": "a&b/c?d#e ü"}
    assert page.one("input[name=how][value=sse]").is_selected()


def test_an_unknown_service_in_the_address_is_reported_and_another_is_shown(page):
    page.driver.get(page.base + "/#nowhere")
    wait_for_place(page, "echo")
    assert page.text("#services-note") == 'There is no service "nowhere" at the moment.'
    assert address(page) == "#nowhere", "it may appear later"
    page.choose("burst", "json")
    note = page.one("#services-note")
    page.wait(lambda: not note.text or not note.is_displayed(), "the note to go")


# The state of the gateway


@pytest.mark.parametrize("how", ["json", "ndjson", "sse", "websocket"])
def test_the_workers_own_error_is_shown(driver, demo_gateway, how):
    page = Page(driver, demo_gateway).open()
    page.choose("flaky", how, '{"mode":"error"}')
    page.send()
    page.wait_for_end()
    assert page.text("#problem-code") == "worker_error"
    assert "error" in json.loads(page.text("#problem-reply"))


def test_the_version_is_in_the_bar(driver, demo_gateway):
    page = Page(driver, demo_gateway).open()
    page.wait(lambda: re.fullmatch(r"\d+\.\d+\.\d+", page.text("#version")), "the version")


def grey(page, selector):
    return page.driver.execute_script("return getComputedStyle(document.querySelector(arguments[0])).filter", selector)


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_lost_gateway_is_not_shown_green(driver, start, tmp_path, how):
    """A stopped gateway accepts connections and never answers."""
    gateway = start.gateway({"s": {"peer": "rep", "bind": f"ipc://{tmp_path}/s"}}, tmp_path, public="public")
    page = Page(driver, gateway.url).open()
    page.wait(lambda: page.one('[data-metric="connections"]').get_attribute("data-value"), "the first metrics")
    page.wait(lambda: page.one("#health").get_attribute("data-state") == "not-ready", "the state")
    assert grey(page, "#services") == "none" and grey(page, "#charts") == "none"
    os.killpg(gateway.pid, signal.SIGKILL if how == "killed" else signal.SIGSTOP)
    page.wait(lambda: page.one("#health").get_attribute("data-state") == "lost", "the page to notice")
    assert page.text("#health") == "unreachable"
    assert page.one("#banner").is_displayed() and "unreachable" in page.text("#banner")
    page.wait(lambda: "No metrics" in page.text("#live-note"), "the live column to report it")
    assert page.one("#live-note").is_displayed()
    assert "grayscale" in grey(page, "#services") and "grayscale" in grey(page, "#charts")
    if how == "stopped":
        os.killpg(gateway.pid, signal.SIGCONT)
        page.wait(lambda: page.one("#health").get_attribute("data-state") == "not-ready", "the page to reconnect")
        page.wait(lambda: grey(page, "#services") == "none" and grey(page, "#charts") == "none", "the colours")
        assert not page.one("#banner").is_displayed()


def test_unreachable_readiness_is_not_green_either(page, mock):
    page.open()
    page.wait(lambda: page.one("#health").get_attribute("data-state") == "unknown", "an empty response")
    mock.unreachable.add("readyz")
    page.wait(lambda: page.one("#health").get_attribute("data-state") == "lost", "the page to notice")
    mock.unreachable.clear()
    page.wait(lambda: page.one("#health").get_attribute("data-state") == "unknown", "the response to be back")


# Many services


@pytest.fixture
def many(driver, start, endpoint, tmp_path, scripted):
    """A page with sixty services; numbers 13 and 39 have no worker."""
    there, nowhere = endpoint(), endpoint()
    scripted(zmq.ROUTER, echo, bind=there)
    services = {f"a-service-with-a-rather-long-name-number-{n:02}": {
        "peer": "router", "connect": nowhere if n in (13, 39) else there, "replies": {"count": 1},
        "identities": {"spare": 0}} for n in range(1, 61)}
    gateway = start.gateway(services, tmp_path, public="public")
    gateway.until(lambda: sum(one["ready"] for one in gateway.get("/readyz").json()["services"].values()) == 58)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    yield Page(driver, gateway.url).open()
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get("about:blank")


def shown(page):
    """The numbers of the services in the list, in its order."""
    return page.driver.execute_script("""
      return [...document.querySelectorAll('#services [data-service]')].filter((one) => one.checkVisibility())
        .map((one) => +one.dataset.service.slice(-2))""")


def test_services_that_are_not_ready_come_first(many):
    many.wait(lambda: shown(many)[:2] == [13, 39], "the order")
    assert shown(many)[2:] == [n for n in range(1, 61) if n not in (13, 39)]
    assert [group.text for group in many.all("#services .group")] == ["Not ready · 2", "Ready · 58"]


def test_the_filter_finds_a_service_by_words_of_its_name(many):
    many.one("body").send_keys("/")
    many.driver.switch_to.active_element.send_keys("long 4")
    assert set(shown(many)) == {n for n in range(1, 61) if "4" in f"{n:02}"}
    assert "of 60" in many.text("#filter-note")
    many.one("#filter").send_keys("2", Keys.ENTER)
    wait_for_place(many, "a-service-with-a-rather-long-name-number-42")
    many.one("#filter").send_keys(Keys.ESCAPE)
    assert len(shown(many)) == 60


def test_names_are_not_cut_off(many):
    assert many.driver.execute_script("""
      return [...document.querySelectorAll('#services b')].every((one) => one.scrollWidth <= one.clientWidth + 1)""")
    title = many.one("#services [data-service]").get_attribute("title")
    assert title.startswith("a-service-with-a-rather-long-name-number-")


def test_the_list_unfolds_on_a_phone(many):
    many.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
    many.wait(lambda: len(shown(many)) == 1, "the closed list")
    many.one("#services-toggle").click()
    assert len(shown(many)) == 60
    many.driver.execute_script("document.querySelector('[data-service$=\"-39\"]').click()")
    wait_for_place(many, "a-service-with-a-rather-long-name-number-39")
    assert shown(many) == [39]
    assert many.driver.execute_script("return document.documentElement.scrollWidth") <= 390
