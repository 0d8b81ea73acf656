"""Every page of the navigation, on a phone, a screen and a wall, in all colours: reachable by all, and whole."""

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.navigation import PLACES
from tests.ui.browsing import WALL, barriers, open_page, violations
from tests.ui.lab import Lab

pytestmark = pytest.mark.process
PATHS = [place.path for place in PLACES]


@pytest.mark.parametrize("path", PATHS)
def test_no_page_keeps_anybody_out(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    assert barriers(page) == []


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
def test_no_page_keeps_anybody_out_in_forced_colours_and_on_a_wall(page: Page, path: str) -> None:
    page.goto(path)
    page.emulate_media(forced_colors="active", color_scheme="light")
    assert violations(page) == []
    page.emulate_media(forced_colors="none")
    page.set_viewport_size(WALL)
    assert violations(page) == []


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
