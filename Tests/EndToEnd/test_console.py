"""The console: JSON errors, the history, exchanges over a WebSocket, and the session view. The gateway is
mock_gateway.py, which drops connections on demand."""
import json

import pytest
from selenium.webdriver.common.keys import Keys

from browser import Page, needs_chromium

pytestmark = needs_chromium


@pytest.fixture
def page(driver, mock):
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    yield Page(driver, mock.url).open()
    driver.get("about:blank")


SYNTAX_ERRORS = [
    ('{"a": 1,\n  "b" 2}', 2, 7, "expected a colon"),
    ('{"a":1,}', 1, 8, "trailing comma"),
    ('[1, 2', 1, 6, "unexpected end, ] is missing"),
    ('[1 2]', 1, 4, "expected a comma or ]"),
    ('{a:1}', 1, 2, "expected a name in double quotes"),
    ("['a']", 1, 2, "strings need double quotes"),
    ('{"a":01}', 1, 6, "expected a number, true, false or null"),
    ('{"a":}', 1, 6, "a value is missing"),
    ('[nul]', 1, 2, "expected a number, true, false or null"),
    ('"a\nb"', 1, 1, "the string is not closed, or has a character that must be escaped"),
    ('{} {}', 1, 4, "unexpected text after the value"),
    ('  ', 1, 3, "a value is missing"),
]


def test_a_syntax_error_in_json_is_located(page):
    found = page.driver.execute_async_script(
        "const [texts, done] = arguments;"
        "import('/jsoncheck.js').then(({ findSyntaxError }) => done(texts.map(findSyntaxError)))",
        [text for text, *_ in SYNTAX_ERRORS] + ['{"a":[1,{"b":null},"\\u00e9"],"c":-1.5e3}', "0", "[]"])
    places = [(one["line"], one["column"], one["message"]) for one in found[:-3]]
    assert places == [tuple(rest) for _, *rest in SYNTAX_ERRORS]
    assert found[-3:] == [None, None, None]


def test_the_editor_leads_to_the_error_and_formats_without_changing_a_value(page):
    page.choose("echo", "json", '{"n":12345678901234567890,"b":[1 2]}')
    assert "line 1, column 34" in page.text("#request-hint")
    assert not page.one("#request-format").is_enabled()
    page.one("#request-goto").click()
    caret = page.driver.execute_script("const r = document.activeElement; return [r.id, r.selectionStart]")
    assert caret == ["request", 33]
    page.one("#request").send_keys(",")
    assert page.text("#request-hint") == "" and not page.one("#request-goto").is_displayed()
    page.one("#request-format").click()
    text = page.one("#request").get_attribute("value")
    assert text == '{\n  "n": 12345678901234567890,\n  "b": [\n    1,\n    2\n  ]\n}'


def test_the_history_survives_a_reload_and_brings_a_request_back(page):
    page.choose("echo", "websocket", '{"first":1}')
    page.send()
    page.wait_for_end()
    page.open().choose("burst", "ndjson", '{"count":2}')
    page.driver.execute_script(
        "const h = document.getElementById('history'); h.selectedIndex = 1; h.dispatchEvent(new Event('change'))")
    assert page.text("#service-name") == "echo"
    assert page.one("#request").get_attribute("value") == '{"first":1}'
    assert page.one("input[name=how][value=websocket]").is_selected()


def test_arrow_keys_move_between_tabs(page):
    page.one("#tab-exchange").send_keys(Keys.ARROW_RIGHT)
    assert page.one("#view-session").is_displayed() and not page.one("#view-exchange").is_displayed()
    assert page.driver.switch_to.active_element.get_attribute("id") == "tab-session"
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    assert page.one("#view-exchange").is_displayed() and not page.one("#view-session").is_displayed()


def test_an_exchange_by_websocket_shows_replies_and_end_and_keeps_big_numbers(page, mock):
    page.choose("echo", "websocket", '{"n":12345678901234567890}')
    page.send()
    end = page.wait_for_end()
    assert page.text("#replies > li code") == '{"n": 12345678901234567890}'
    assert end.get_attribute("data-state") == "ok" and page.text('#end [data-fact="reason"]') == "count"
    assert page.text('#end [data-fact="elapsed"]') == "12 ms at the gateway"
    assert page.one("#socket-state").get_attribute("data-state") == "ready"

    page.choose("burst", "websocket", '{"count":40}')
    page.send()
    page.wait(lambda: len(page.all("#replies > li")) == 40, "all replies")
    assert mock.opened == 1, "one socket serves the whole page"


def test_an_exchange_by_websocket_is_cancelled_at_the_gateway(page, mock):
    page.choose("hold", "websocket", "{}")
    page.send()
    page.wait(lambda: mock.ops("request"), "the request")
    page.one("#cancel").click()
    page.wait_for_end()
    page.wait(lambda: mock.ops("cancel"), "the cancel")
    assert page.text("#end h3") == "Cancelled"


def test_a_connection_that_cannot_be_resumed_is_shown_as_a_problem(page, mock):
    mock.can_resume = False
    page.choose("hold", "websocket", "{}")
    page.send()
    page.wait(lambda: mock.ops("request"), "the request")
    mock.drop()
    page.wait_for_end()
    assert page.text("#problem-code") == "connection_lost"


def test_the_copied_module_does_the_same(page):
    page.choose("burst", "websocket", '{"count":2}')
    page.one("#count").send_keys("5")
    assert page.text("#copy") == "Copy as JavaScript"
    imported, blank, *rest = page.text("#curl").split("\n")
    imported = imported.replace("import {", "const {").replace('} from "', '} = await import("')[:-1] + ");"
    script = "\n".join([imported, *rest])
    page.one("#count").clear()
    seen = page.driver.execute_async_script(
        f"const done = arguments[0]; const seen = []; const console = {{ log: (one) => seen.push(one) }};"
        f"(async () => {{ {script} }})().then(() => done(seen), (error) => done(String(error)))")
    assert seen == [{"n": 0}, {"n": 1}]


@pytest.mark.parametrize("button, shown", [("copy", "Press Ctrl+C"), ("copy-link", "See address bar")])
def test_without_a_clipboard_the_text_to_copy_is_shown(page, button, shown):
    """The page has no clipboard if it is neither on localhost nor behind HTTPS."""
    page.choose("echo", "json")
    page.driver.execute_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.one(f"#{button}").click()
    page.wait(lambda: page.text(f"#{button}") == shown, "the button to say what to do")
    if button == "copy":
        assert page.driver.execute_script("return getSelection().toString()").startswith("curl -sS")


def rows(page, kind):
    return [row.get_attribute("textContent") for row in page.all(f'#session-log [data-kind="{kind}"] :is(code, em)')]


def test_a_session_is_opened_dropped_resumed_and_closed(page, mock):
    page.choose("echo", "json")
    page.one("#tab-session").click()
    page.one("#session-open").click()
    page.wait(lambda: page.one("#session-state").get_attribute("data-detail") == "open", "the session")
    page.one("#message").clear()
    page.one("#message").send_keys('{"n":1}', Keys.CONTROL, Keys.ENTER)
    page.wait(lambda: rows(page, "received") == ['{"n": 1}'], "the reply")

    page.one("#session-break").click()
    page.wait(lambda: page.one("#session-state").get_attribute("data-detail") == "resumed", "the resumption")
    page.one("#message-send").click()
    page.wait(lambda: len(rows(page, "received")) == 2, "the reply after the reconnection")
    assert [word.split(" ")[0] for word in rows(page, "state")] == ["connecting", "open", "reconnecting", "resumed"]
    names = ("sent", "received", "disconnects", "last seq")
    facts = {name: page.text(f'#session-facts [data-fact="{name}"]') for name in names}
    assert facts == {"sent": "2", "received": "2", "disconnects": "1", "last seq": "2"}

    page.one("#session-close").click()
    page.wait(lambda: page.one("#session-open").is_enabled(), "the end")
    assert rows(page, "state")[-1] == "closed" and not page.one("#message-send").is_enabled()


def test_a_session_without_resume_shows_why_it_ended(page, mock):
    page.choose("echo", "json")
    page.one("#tab-session").click()
    page.one("#session-resume").click()
    page.one("#session-open").click()
    page.wait(lambda: page.one("#session-break").is_enabled(), "the session")
    mock.drop()
    page.wait(lambda: page.one("#session-state").get_attribute("data-detail") == "closed", "the end")
    assert "The connection was lost" in rows(page, "state")[-1]


def test_nothing_breaks_the_content_security_policy_and_a_phone_needs_no_sideways_scrolling(page, mock):
    page.driver.get_log("browser")
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
    page.open().choose("echo", "websocket", json.dumps({"long": "word" * 100}))
    page.send()
    page.wait_for_end()
    for view in ("exchange", "session"):
        page.one(f"#tab-{view}").click()
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= 390
    page.one("#session-open").click()
    page.wait(lambda: page.one("#session-break").is_enabled(), "the session")
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= 390
    assert [entry for entry in page.driver.get_log("browser") if "Content Security" in entry["message"]] == []
