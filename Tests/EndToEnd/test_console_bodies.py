"""Large bodies and bodies that are not JSON, in the console. The gateway and its worker are real."""
import base64

import pytest
import zmq

from browser import Page, needs_chromium
from scripted import echo

pytestmark = needs_chromium
LARGE = 300_000  # bytes; more than JavaScript takes as arguments of one call


@pytest.fixture
def page(driver, start, endpoint, tmp_path, scripted):
    there = endpoint()
    scripted(zmq.ROUTER, echo, bind=there)
    service = {"peer": "router", "connect": there, "body": "binary", "replies": {"count": 1}}
    gateway = start.gateway({"s": service}, tmp_path, public="public")
    gateway.ready("s")
    yield Page(driver, gateway.url).open()
    driver.get("about:blank")


def fill(page, field, text):
    page.driver.execute_script("""
      const field = document.getElementById(arguments[0]);
      field.value = arguments[1];
      field.dispatchEvent(new Event("input", { bubbles: true }));""", field, text)


def encoded(text):
    return f'"{base64.b64encode(text.encode()).decode()}"'


@pytest.mark.parametrize("how", ["ndjson", "sse", "websocket"])
def test_a_large_binary_body_is_sent_and_comes_back(page, how):
    page.choose("s", how)
    text = "é" * (LARGE // 2)
    fill(page, "request", text)
    page.send()
    end = page.wait_for_end()
    assert end.get_attribute("data-state") == "ok", page.text("#end")
    page.one("#replies summary").click()
    page.wait(lambda: page.text("#replies pre") == encoded(text), "the reply as base64")


@pytest.mark.parametrize("resume", [True, False])
def test_a_session_shows_a_binary_reply_as_an_exchange_does(page, resume):
    page.choose("s", "json")
    page.one("#tab-session").click()
    if not resume:
        page.one("#session-resume").click()
    page.one("#session-open").click()
    page.wait(lambda: page.one("#session-state").get_attribute("data-detail") == "open", "the session")
    fill(page, "message", "hé")
    page.one("#message-send").click()
    page.wait(lambda: page.text('#session-log [data-kind="received"] code') == encoded("hé"), "the reply as base64")
