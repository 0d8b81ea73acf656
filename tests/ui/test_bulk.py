"""Acts on many jobs: what was previewed is done, and never anything else."""

import re
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.ui.browsing import barriers
from tests.ui.lab import Lab
from tests.ui.spoilt import spoil, wait_for

pytestmark = pytest.mark.process
PLATE = "BULK-1"
HERE = f"/jobs?stage=failed&path={PLATE}%2F"
NAMES = ["B01_w1.tif", "B02_w1.tif", "B03_w1.tif", "B04_w1.tif"]


@pytest.fixture(scope="module")
def failed(lab: Lab) -> list[str]:
    return spoil(lab, PLATE, *NAMES)


def ticks(page: Page) -> list[bool]:
    return [each.is_checked() for each in page.locator("input[name=job]").all()]


def test_a_range_is_ticked_with_shift_and_let_go_with_escape(page: Page, failed: list[str]) -> None:
    page.goto(HERE)
    boxes = page.locator("input[name=job]")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    assert ticks(page) == [True, True, True, False]
    expect(page.locator(".bulkbar")).to_contain_text("3 jobs are ticked")
    page.keyboard.press("Escape")
    assert ticks(page) == [False] * 4
    expect(page.locator(".bulkbar")).to_contain_text("No job is ticked")


def test_nothing_ticked_never_means_everything(lab: Lab, failed: list[str]) -> None:
    before = requests.get(f"{lab.address}/jobs/bulk", timeout=30).text.count("/jobs/bulk/")
    forms = [
        {"action": "cancel", "scope": "ticked", "where": "stage=failed"},
        {"action": "cancel", "where": "stage=failed"},
        {"action": "cancel", "scope": "all", "where": ""},
        {"action": "cancel", "scope": "everything", "where": "stage=failed"},
        {"action": "delete", "scope": "all", "where": "stage=failed"},
    ]
    for form in forms:
        answer = requests.post(f"{lab.address}/jobs/bulk", form, timeout=30, headers={"Accept": "text/html"})
        assert answer.status_code == 422, form
        assert "Nothing was done" in answer.text
    assert requests.get(f"{lab.address}/jobs/bulk", timeout=30).text.count("/jobs/bulk/") == before


def test_the_scope_of_a_preview_survives_reloads_and_newcomers(page: Page, lab: Lab, failed: list[str]) -> None:
    """Temporal's worst wound: after a reload its dialogue meant all workflows there were."""
    page.goto(HERE)
    page.get_by_label(re.compile("All 4 jobs")).check()
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("h1")).to_have_text("Retry: these 4 jobs?")
    late = Path(next(lab.root.glob("demo/*/instrument/images"))) / PLATE / "B05_w1.tif"
    late.write_bytes(b"no image, and too late")
    wait_for(lab, 5, stage="failed", path=f"{PLATE}/")
    page.reload()
    expect(page.locator("h1")).to_have_text("Retry: these 4 jobs?")
    page.go_back()
    assert ticks(page) == [False] * len(ticks(page)), "nothing stays ticked that nobody sees"
    page.go_forward()
    page.get_by_label("Why?").fill("looked at the reader")
    page.get_by_role("button", name="Retry these 4 jobs").click()
    expect(page.locator("#act-room")).to_contain_text("4 of 4 done", timeout=30_000)
    expect(page.locator("#progress-title")).to_have_text("Done", timeout=30_000)
    expect(page.locator(".lead")).to_contain_text("looked at the reader")
    rows = page.locator("#act-room tbody tr")
    expect(rows).to_have_count(4)
    assert "B05_w1.tif" not in page.locator("#act-room").inner_text()
    wait_for(lab, 5, stage="failed", path=f"{PLATE}/")


def test_what_cannot_be_done_is_said_before_anybody_presses(page: Page, lab: Lab, failed: list[str]) -> None:
    page.goto(f"/jobs?path={PLATE}%2F")
    page.locator("input[name=job]").first.check()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("main")).to_contain_text("None of the chosen jobs is one that this can be done to")
    expect(page.locator("form.confirm")).to_have_count(0)


def test_aicsd_09_many_jobs_are_retried_with_the_keyboard_alone(page: Page, lab: Lab, failed: list[str]) -> None:
    page.goto(HERE)
    for place in (0, 1):
        page.locator("input[name=job]").nth(place).focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Retry").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Retry: these 2 jobs?")
    page.get_by_label("Why?").focus()
    page.keyboard.type("lamp")
    page.keyboard.press("Enter")
    expect(page.locator("#act-room")).to_contain_text("2 of 2 done", timeout=30_000)
    wait_for(lab, 4, stage="failed", path=f"{PLATE}/")


def test_many_results_are_marked_as_unsure(page: Page, lab: Lab) -> None:
    page.goto("/jobs?stage=complete&kind=image")
    box = page.locator("input[name=job]").first
    job_id = box.get_attribute("value")
    address = f"{lab.address}/jobs/{job_id}"
    box.check()
    page.get_by_role("button", name="Unsure").click()
    expect(page.locator("h1")).to_have_text("Unsure: this 1 job?")
    expect(page.locator("#act-room tbody")).to_contain_text("it is marked as unsure")
    page.get_by_label("Why?").fill("ask Lin")
    page.get_by_role("button", name="Unsure: 1 job").click()
    expect(page.locator("#act-room")).to_contain_text("1 of 1 done", timeout=30_000)
    page.goto(address)
    expect(page.locator("main")).to_contain_text("ask Lin")
    requests.post(f"{address}/verdict/none", {}, timeout=30).raise_for_status()


def test_previews_and_acts_keep_nobody_out(page: Page, lab: Lab, failed: list[str]) -> None:
    wish = {"action": "reprocess", "scope": "all", "where": f"path={PLATE}/"}
    made = requests.post(f"{lab.address}/jobs/bulk", wish, timeout=30, headers={"Accept": "text/html"})
    for path in (made.url, "/jobs/bulk"):
        page.goto(path)
        assert barriers(page) == [], path


def test_an_unknown_act_has_a_kind_page(page: Page) -> None:
    answer = page.goto("/jobs/bulk/00000000-0000-0000-0000-000000000000")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("alert")).to_contain_text("Make a preview first")
