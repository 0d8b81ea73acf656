"""The first page: how the lab is now, for everybody, and true."""

import re

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.ui.browsing import open_page
from tests.ui.lab import Lab

pytestmark = pytest.mark.process
COUNTED = ("document", "stylesheet", "script", "font", "image")
LARGEST_PAGE = 150_000
"""Bytes of the first page with all that it loads, pictures of results apart."""


def test_the_page_says_what_its_twin_says(page: Page, lab: Lab) -> None:
    told = lab.get("/now.json").json()
    page.goto("/")
    expect(page.locator("h1")).to_have_text(told["health"]["sentence"])
    expect(page.locator(".platecard")).to_have_count(len(told["plates"]))
    expect(page.locator(".causes li")).to_have_count(min(4, len(told["failures"]["items"])))
    expect(page.locator("#pictures li")).to_have_count(len(told["results"]))


def test_a_plate_a_cause_and_a_result_are_one_click_away(page: Page) -> None:
    for link, address in ((".platelink", "/plates/"), (".causes a", "/inbox#cause-"), ("#pictures a", "/jobs/")):
        page.goto("/")
        page.locator(link).first.click()
        expect(page).to_have_url(re.compile(re.escape(address)))
        expect(page.locator("main h1")).to_have_count(1)


def test_the_chart_has_a_table_behind_it(page: Page, lab: Lab) -> None:
    ended = lab.get("/now.json").json()["throughput"]["ended"]
    page.goto("/")
    page.get_by_text("The same as a table").press("Enter")
    cells = page.locator(".minutes tbody td:nth-of-type(2)").all_text_contents()
    assert sum(map(int, cells)) == ended > 0


def test_without_scripts_everything_can_be_read(browser: Browser, lab: Lab) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto("/")
        for part in ("#now-plates", "#now-needs", "#now-work", "#now-pictures", "#instruments"):
            expect(page.locator(part)).to_be_visible()


def test_aicsd_12_throughput_backlog_and_instruments_are_on_the_page_itself(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#now-work .numbers dd")).not_to_have_count(0)
    expect(page.locator("#now-work svg[role=img]")).to_be_visible()
    expect(page.locator("#instruments")).to_contain_text("simulated-reader")
    foreign = page.locator("a[href^=http]")
    expect(foreign).to_have_count(0)


def test_aicsd_16_no_banner_pushes_the_page_down(page: Page) -> None:
    loaded: list[Response] = []
    page.on("response", lambda answer: loaded.append(answer))
    page.goto("/", wait_until="load")
    results = [each for each in loaded if "/outputs/" in each.url]
    rest = [each for each in loaded if each not in results and each.request.resource_type in COUNTED]
    assert sum(len(each.body()) for each in rest) < LARGEST_PAGE
    banners = [each.url for each in rest if each.request.resource_type == "image" and ".svg" not in each.url]
    assert banners == []
    box = page.locator("h1").bounding_box()
    assert box is not None
    assert box["y"] < 200


def test_aicsd_18_the_first_page_is_the_lab_and_the_theme_is_kept(page: Page) -> None:
    page.goto("/")
    expect(page.locator("nav [aria-current=page]")).to_have_text("Now")
    expect(page.locator("h1")).to_contain_text("need")
    page.get_by_label("Colours").select_option("dark")
    page.get_by_role("button", name="Apply").click()
    page.goto("/inbox")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
