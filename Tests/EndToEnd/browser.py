"""A headless Chromium, waits with a limit, and the console at `/` as its tests use it."""
import contextlib
import shutil
import urllib.request

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM = shutil.which("chromium")
LIMIT = 15  # seconds for any one wait
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")


@contextlib.contextmanager
def chromium(*more):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,900", *more):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(shutil.which("chromedriver") or "/usr/bin/chromedriver")
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_page_load_timeout(LIMIT)
    driver.set_script_timeout(LIMIT)
    try:
        yield driver
    finally:
        driver.quit()


def wait_for(driver, condition, what, limit=LIMIT):
    return WebDriverWait(driver, limit, 0.02).until(lambda _: condition(), f"waited for {what}")


class Page:
    def __init__(self, driver, base):
        self.driver, self.base = driver, base.rstrip("/")

    def open(self):
        self.driver.get(self.base + "/")
        self.wait(lambda: self.all("#services [data-service]"), "the list of services")
        return self

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """One script, because an element that was found may be replaced before it is read."""
        return self.driver.execute_script(
            "return document.querySelector(arguments[0])?.textContent.trim() ?? ''", selector)

    def wait(self, condition, what, limit=LIMIT):
        return wait_for(self.driver, condition, what, limit)

    def choose(self, service, how, body=None):
        self.one(f'[data-service="{service}"]').click()
        self.wait(lambda: self.text("#service-name") == service, f"{service} to be selected")
        self.driver.execute_script("document.querySelector(arguments[0]).click()", f'input[name=how][value={how}]')
        if body is not None:
            self.one("#request").clear()
            self.one("#request").send_keys(body)

    def send(self):
        self.one("#send").click()

    def wait_for_end(self):
        self.wait(lambda: self.all("#end h3"), "the end of the exchange")
        return self.one("#end")

    def metrics(self):
        with urllib.request.urlopen(self.base + "/metrics", timeout=LIMIT) as answer:
            return answer.read().decode()
