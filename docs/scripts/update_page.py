"""Make docs/pages/tiny.html, and its picture for the README.

    npgpt train --preset tiny --max-iters 4000 --out runs/tiny
    python docs/scripts/update_page.py runs/tiny

Without a run, the page that is there gets the templates of today: what it shows stays. The picture
is taken by Chromium, driven by selenium (``apt-get install chromium chromium-driver``,
``pip install selenium``).
"""

import json
import re
import shutil
import sys
from pathlib import Path

from npgpt_train import Run
from npgpt_train.explain.page.page import make_page
from npgpt_train.explain.page.rendering import render

DOCS = Path(__file__).parents[1]
PAGE, PICTURE = DOCS / "pages/tiny.html", DOCS / "figures/page.png"
TEXT = "KING RICHARD: What is the night"
CHOSEN = """
document.querySelector("[data-module='blocks.0.attn.proj']").click();
document.querySelector("#panel [aria-label=array] button:nth-child(3)").click();
document.querySelector("#panel [aria-label^=values] button:last-child").click();
const frame = document.querySelector("#panel .frame"), box = frame.getBoundingClientRect();
const at = { clientX: box.left + 0.3 * box.width, clientY: box.top + 0.5 * box.height };
frame.dispatchEvent(new PointerEvent("click", at));
document.getElementById("flow").scrollIntoView();
"""  # a gradient, taken apart


def again(page: str) -> str:
    """A page with the templates of today."""
    data, arrays = (
        re.search(f'id="{part}">(.*?)</script>', page)[1] for part in ("data", "arrays")
    )
    return render(re.search("<title>(.*?)</title>", page)[1], json.loads(data), arrays)


def take_picture() -> None:
    """The flow of the page, as wide as a README."""
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--window-size=1280,1140"):
        options.add_argument(flag)
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.get(PAGE.as_uri())
        ready = "return document.documentElement.dataset.ready"
        WebDriverWait(driver, 60).until(lambda page: page.execute_script(ready))
        driver.execute_script(CHOSEN)
        driver.save_screenshot(str(PICTURE))
    finally:
        driver.quit()


def main(*runs: str) -> None:
    """Write the page, of a run or again, and its picture."""
    page = make_page(Run.open(runs[0]), TEXT) if runs else again(PAGE.read_text("utf-8"))
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, "utf-8")
    take_picture()


if __name__ == "__main__":
    main(*sys.argv[1:])
