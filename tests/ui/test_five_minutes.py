"""The lab operator's first five minutes: a plate fills up, three things go wrong, all are mended from the page."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.browsing import open_page
from tests.ui.lab import Lab, running_lab

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]
SOON_MS = 120_000
"""On a busy machine."""


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("five"), 12, "--plant", rate=2.0, counted=False) as lab:
        yield lab


def test_a_plate_fills_up_and_every_failure_is_mended_from_the_page(fresh: Lab, browser: Browser) -> None:
    with open_page(browser, fresh.address) as page:
        page.goto("/")
        watch_the_plate_fill_up(page)
        page.get_by_role("link", name="Open the inbox").click()
        expect(page.locator("h1")).to_have_text("4 files need you", timeout=SOON_MS)
        expect(page.locator(".cause")).to_have_count(3)
        began = time.monotonic()
        widen_the_rule(page)
        correct_the_parameter(page)
        accept_the_missing_well(page)
        expect(page.locator("h1")).to_have_text("Nothing needs you", timeout=SOON_MS)
        expect(page.locator(".mendings").get_by_text("fixed.")).to_have_count(2, timeout=SOON_MS)
        expect(page.locator("nav .count")).to_be_hidden(timeout=SOON_MS)
        assert time.monotonic() - began < 300
        page.goto("/")
        expect(page.locator("h1")).to_contain_text("Nothing needs you.")
        expect(page.locator(".platecard")).to_contain_text("10 of 11 images done", timeout=SOON_MS)


def watch_the_plate_fill_up(page: Page) -> None:
    """Without a reload the plate appears, and its progress grows."""
    page.evaluate("window.sameDocument = true")
    progress = page.locator(".platecard progress")
    expect(progress).to_be_visible(timeout=SOON_MS)
    seen = {progress.get_attribute("value")}
    until = time.monotonic() + SOON_MS / 1000
    while len(seen) < 3 and time.monotonic() < until:
        seen.add(progress.get_attribute("value"))
        page.wait_for_timeout(200)
    assert len(seen) >= 3, "the plate didn't fill up before our eyes"
    expect(page.locator("h1")).to_contain_text("4 files need you", timeout=SOON_MS)
    assert page.evaluate("window.sameDocument")


def widen_the_rule(page: Page) -> None:
    """Two clicks from the alarm to the fix."""
    page.get_by_role("link", name="Let a task take them").click()
    expect(page.locator(".headline")).to_have_text("2 of these 2 files fit")
    page.get_by_role("button", name="Save the rule and process these 2 files").click()
    expect(page.locator("#cause-unmatched-unmatched")).to_have_count(0, timeout=SOON_MS)


def correct_the_parameter(page: Page) -> None:
    page.get_by_role("link", name="Correct “SYNTHETIC control wells").click()
    expect(page.get_by_text("one of middle, max, focus")).to_be_visible()
    page.get_by_label("Value of z").fill("focus")
    page.get_by_role("button", name="Save and reprocess this file").click()
    expect(page.locator("#cause-failed-parameter_invalid")).to_have_count(0, timeout=SOON_MS)


def accept_the_missing_well(page: Page) -> None:
    card = page.locator("#cause-failed-image_unreadable")
    expect(card).to_contain_text("is cut off")
    card.get_by_text("Accept as missing …").click()
    card.get_by_label("Why?").fill("the reader lost the network")
    card.get_by_role("button", name="Accept it").click()
    expect(page.locator(".mendings")).to_contain_text(["the reader lost the network"])
