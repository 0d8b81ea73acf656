"""What AiCSD's pages did to people, and no page here does; the other numbers stand in the files of their pages."""

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.navigation import PLACES
from tests.ui.browsing import open_page
from tests.ui.lab import Lab

pytestmark = pytest.mark.process
PATHS: Final = [place.path for place in PLACES]
TESTS: Final = Path(__file__).parent.parent
WEAKNESSES: Final = range(1, 21)
NAMELESS: Final = """() => [...document.querySelectorAll("button, a[href], input, select, textarea")]
  .filter((each) => each.checkVisibility() && !(each.innerText || each.ariaLabel || each.labels?.length || each.title))
  .filter((each) => !each.querySelector("img[alt]:not([alt=''])"))
  .map((each) => each.outerHTML.slice(0, 200))"""
ONLY_IN_TOOLTIPS: Final = """() => [...document.querySelectorAll("main [title]")]
  .filter((each) => each.title.trim() && !each.innerText?.trim() && !each.ariaLabel)
  .map((each) => each.outerHTML.slice(0, 200))"""


def test_aicsd_15_signs_and_letters_come_from_this_machine(browser: Browser, lab: Lab) -> None:
    """AiCSD's icons are letters of a font from the internet: offline its buttons show words of code."""
    loaded: set[str] = set()
    with open_page(browser, lab.address) as page:  # refuses, and fails for, each request that goes elsewhere
        page.on("response", lambda answer: loaded.add(f"{answer.request.resource_type} {answer.status}"))
        for path in PATHS:
            page.goto(path)
            expect(page.locator("#badge-text")).to_have_text("Live")
            assert page.evaluate(NAMELESS) == [], path
            assert not re.search(r"\b[a-z]+(_[a-z]+)+\b", page.locator("header.top").inner_text()), path
    assert {"stylesheet 200", "script 200"} <= loaded
    assert not any(each.startswith("font") or each.endswith(("404", "500")) for each in loaded)


def test_aicsd_17_states_are_words_and_the_page_says_its_language(page: Page) -> None:
    """AiCSD tells states by a coloured sign, errors by a tooltip, and always says that it is English."""
    page.goto("/jobs")
    rows = page.locator("#rows tr")
    words = rows.locator(".state .words").all_inner_texts()
    assert len(words) == rows.count() > 0
    assert all(each.strip() for each in words)
    for path in PATHS:
        page.goto(path)
        assert page.evaluate(ONLY_IN_TOOLTIPS) == [], path
    page.get_by_label("Language").select_option("zh-Hans")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.goto("/jobs")
    assert any(
        "\u4e00" <= letter <= "\u9fff" for each in rows.locator(".state .words").all_inner_texts() for letter in each
    )


def test_aicsd_20_each_weakness_has_a_test_of_its_number() -> None:
    """AiCSD's end-to-end tests are a copy of its program's first file: nothing is tested."""
    found: dict[int, set[str]] = {number: set() for number in WEAKNESSES}
    for file in TESTS.rglob("test_*.py"):
        for number in re.findall(r"^def test_aicsd_(\d\d)_", file.read_text(encoding="utf-8"), re.MULTILINE):
            found[int(number)].add(file.name)
    assert [number for number, files in found.items() if not files] == []
