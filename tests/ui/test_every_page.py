"""Every page of the navigation, on a phone, a screen and a wall, in all colours: reachable by all, and whole."""

from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.navigation import PLACES
from tests.ui.browsing import NARROW, WALL, WIDE, barriers, open_page
from tests.ui.lab import Lab

pytestmark = pytest.mark.process
PATHS = [place.path for place in PLACES]
LIGHT: Final[dict[str, Any]] = {"color_scheme": "light", "forced_colors": "none"}
DARK: Final[dict[str, Any]] = {**LIGHT, "color_scheme": "dark"}
FORCED: Final[dict[str, Any]] = {**LIGHT, "forced_colors": "active"}
WHERE: Final = {
    "phone": (NARROW, (LIGHT, DARK)),
    "screen": (WIDE, (LIGHT, DARK, FORCED)),
    "wall": (WALL, (LIGHT,)),
}


@pytest.mark.parametrize("where", WHERE)
def test_no_page_keeps_anybody_out(browser: Browser, lab: Lab, where: str) -> None:
    viewport, looks = WHERE[where]
    with open_page(browser, lab.address, viewport=viewport, reduced_motion="reduce") as page:
        found = {}
        for path in PATHS:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            for look in looks:
                page.emulate_media(**look)
                if told := barriers(page):
                    found[path, str(look)] = told
        assert found == {}


@pytest.mark.parametrize("path", PATHS)
def test_every_page_can_be_read_without_scripts(browser: Browser, lab: Lab, path: str) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto(path)
        expect(page.locator("main h1")).to_have_count(1)
        expect(page.locator("nav [aria-current=page]")).to_have_count(1)


def test_language_and_theme_are_kept(page: Page) -> None:
    page.goto("/jobs?stage=failed")
    page.get_by_label("Language").select_option("zh-Hans")
    page.get_by_label("Colours").select_option("dark")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url.endswith("/jobs?stage=failed")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
