"""A real browser that may go nowhere but to the dashboard, and what is asked of every page that it shows."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, ViewportSize, sync_playwright

CHROMIUM: Final = Path(os.environ.get("LABRELAY_CHROMIUM", "/usr/bin/chromium"))
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ALL_RULES: Final = {"type": "tag", "values": RULES}
SCHEMES: Final[dict[Literal["light", "dark"], dict[str, Any]]] = {
    "light": ALL_RULES,
    "dark": {"type": "rule", "values": ["color-contrast"]},
}
WIDE: Final[ViewportSize] = {"width": 1440, "height": 900}
NARROW: Final[ViewportSize] = {"width": 360, "height": 780}
WALL: Final[ViewportSize] = {"width": 3840, "height": 2160}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; without it the test is skipped, and fails where everything must be there."""
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is not there; set LABRELAY_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def open_page(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A page of its own context; it fails the test when something foreign is asked for, or a script complains."""
    context = browser.new_context(base_url=address, **{"viewport": WIDE, **options})
    strays: list[str] = []

    def local_only(route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(address).netloc:
            route.continue_()
            return
        strays.append(route.request.url)
        route.abort()

    context.route("**/*", local_only)
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert strays == [], strays
    assert complaints == [], complaints


def barriers(page: Page) -> list[str]:
    """What keeps people out, on a phone and on a screen, in light and in dark; in dark only colours are asked for."""
    told = []
    for name, size in {"phone": NARROW, "screen": WIDE}.items():
        page.set_viewport_size(size)
        for scheme, rules in SCHEMES.items():
            page.emulate_media(color_scheme=scheme)
            told += [f"{name}, {scheme}: {each}" for each in violations(page, rules)]
    return told


def violations(page: Page, rules: dict[str, Any] = ALL_RULES) -> list[str]:
    """What keeps people out as it is now (WCAG 2.2 A and AA, by axe-core), and a page wider than its window."""
    found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    told = [f"{each['id']}: {json.dumps([node['html'] for node in each['nodes']][:3])}" for each in found]
    return told + ([f"the page is {wide} px wider than its window"] if wide > 0 else [])
