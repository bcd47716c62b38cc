"""The system's Chromium, headless, with a page in it: what it computes, logs and asks for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
READY = """
const { dataset } = document.documentElement;
const look = (done) => dataset.ready && !Number(dataset.busy) ? done() : setTimeout(look, 5, done);
look(arguments[0]);
"""


class Browser:
    """A page is opened by its path; scripts run in it, ``npgpt`` is what it offers."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path) -> None:
        """Open a page and wait until it is drawn."""
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(path.as_uri())
        self.wait()

    def __call__(self, script: str, *arguments: object) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self) -> None:
        """Wait until the page has computed all that it was asked for."""
        self.driver.execute_async_script(READY)

    def click(self, selector: str) -> None:
        """Click every element that is there; a script does, so that none is out of sight."""
        self("document.querySelectorAll(arguments[0]).forEach((each) => each.click())", selector)
        self.wait()

    def set(self, name: str, value: object, event: str = "input") -> None:
        """Give an input another value."""
        self(  # escaped: a lone surrogate does not get through as an argument
            f"const each = document.getElementById(arguments[0]); each.value = {json.dumps(value)};"
            "each.dispatchEvent(new Event(arguments[1]))",
            name,
            event,
        )
        self.wait()

    def type(self, text: str) -> None:
        """Type another text, and wait until the page shows it."""
        self.set("typed", text)

    def text(self, name: str) -> str:
        """The text of an element."""
        return self("return document.getElementById(arguments[0]).textContent", name)

    def complaints(self) -> list[str]:
        """What the console shows."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """What was asked for, the page itself and data in it apart."""
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        sent = [e for e in events if e["method"] == "Network.requestWillBeSent"]
        urls = [e["params"]["request"]["url"] for e in sent]
        return [url for url in urls if not url.startswith(("file:", "data:"))]

    def resize(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Another window and colour scheme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; a test is skipped where it or selenium is not installed."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("there is no Chromium: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    opened.set_script_timeout(120)
    try:
        yield Browser(opened)
    finally:
        opened.quit()
