"""Models: what runs here with its card; an upload that is refused says why, and is never silent."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.browsing import barriers

pytestmark = pytest.mark.process


def test_everybody_can_use_it(page: Page) -> None:
    page.goto("/models/nuclei")
    expect(page.locator("main h1")).to_have_count(1)
    assert barriers(page) == []


def test_a_model_shows_its_card_and_its_checks(page: Page) -> None:
    page.goto("/models")
    page.locator("a[href='/models/nuclei']").click()
    expect(page.locator(".modelcard")).to_contain_text("AP")
    page.get_by_role("button", name="Check it now").click()
    expect(page.get_by_role("status", name="What the check found")).to_contain_text("model.toml", timeout=120_000)


def test_aicsd_14_an_upload_shows_its_progress_and_what_is_wrong(page: Page, tmp_path: Path) -> None:
    package = tmp_path / "bad.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("readme.txt", "no model")
    page.goto("/models")
    page.get_by_label("Name", exact=True).fill("bad")
    page.get_by_label("Zip with model.toml").set_input_files(package)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator(".said")).to_contain_text("The zip holds no model.toml", timeout=60_000)
    assert page.url.endswith("/models")


def test_a_model_that_is_not_there_gets_a_kind_page(page: Page) -> None:
    answer = page.goto("/models/nobody")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("h1")).to_have_text("There is nothing here")
