"""The page of one job against a running lab."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.ui.browsing import barriers, open_page
from tests.ui.lab import Lab
from tests.ui.spoilt import spoil, wait_for

pytestmark = pytest.mark.process
OPEN_ALL = "for (const each of document.querySelectorAll('main details')) each.open = true"
PLATE = "PAGE-1"


@pytest.fixture(scope="module")
def failed(lab: Lab) -> str:
    return spoil(lab, PLATE, "C01_w1.tif")[0]


@pytest.fixture(scope="module")
def done(lab: Lab) -> str:
    return wait_for(lab, 1, stage="complete", pipeline="nuclei", path="SYNTHETIC")[0]


def test_the_page_keeps_nobody_out(page: Page, failed: str, done: str) -> None:
    for job_id in (failed, done):
        page.goto(f"/jobs/{job_id}")
        page.evaluate(OPEN_ALL)
        assert barriers(page) == [], job_id


def test_aicsd_11_a_job_has_a_page_that_tells_its_whole_way(browser: Browser, lab: Lab, done: str) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto(f"/jobs/{done}")
        way = page.locator(".waterfall .phase").all_inner_texts()
        titles = ["Detection", "Transfer", "Queue", "Analysis", "Sealing the results", "Waiting for the instrument"]
        assert way == [*titles, "Writing beside the instrument"]
        for text in ("usually", "begun", "Model SHA-256", "File announced", "Results arrived beside the instrument"):
            expect(page.locator("main")).to_contain_text(text)
        expect(page.locator(".outputs code")).to_have_count(4)
        document = lab.get(f"/jobs/{done}.json").json()
        assert document["provenance"]["model"]["sha256"] in page.locator(".ran").inner_text().replace("\n", "")


def test_every_output_can_be_saved_as_it_was_sealed(lab: Lab, done: str) -> None:
    job = lab.get(f"/jobs/{done}.json").json()["job"]
    sizes = [len(lab.get(f"/jobs/{done}/outputs/{index}").content) for index in range(len(job["outputs"]))]
    assert sizes == [output["size"] for output in job["outputs"]]


def test_a_failure_says_what_why_and_what_next_and_its_button_retries(page: Page, lab: Lab, failed: str) -> None:
    page.goto(f"/jobs/{failed}")
    box = page.locator(".failure")
    for title in ("What happened", "Next step", "Code"):
        expect(box.get_by_text(title, exact=True)).to_have_count(1)
    attempts = page.locator(".timeline li").count()
    box.get_by_role("button", name="Retry this job").press("Enter")
    wait_for(lab, 1, stage="failed", path=f"{PLATE}/")
    page.goto(f"/jobs/{failed}")
    assert page.locator(".timeline li").count() > attempts
    expect(page.locator(".timeline")).to_contain_text("Retried")
    expect(page.locator(".attempts h3")).to_have_text(["Attempt 1", "Attempt 2"])


def test_an_act_on_one_job_keeps_its_reason(page: Page, lab: Lab, failed: str) -> None:
    page.goto(f"/jobs/{failed}")
    page.get_by_text("Reprocess …").click()
    page.locator("#act-reprocess").get_by_label("Why?").fill("new lamp since Monday")
    page.locator("#act-reprocess").get_by_role("button", name="Reprocess").click()
    expect(page.locator(".timeline")).to_contain_text("new lamp since Monday")
    wait_for(lab, 1, stage="failed", path=f"{PLATE}/")


def test_aicsd_03_a_verdict_is_shown_when_it_is_on_record_and_a_refusal_is_explained(page: Page, done: str) -> None:
    page.goto(f"/jobs/{done}")
    card = page.locator("section:has(#verdict-title)")
    card.get_by_label("Reason").fill("bubbles")
    card.get_by_role("button", name="Reject").click()
    expect(card).to_contain_text("Rejected")
    expect(card).to_contain_text("bubbles")
    page.reload()
    expect(card).to_contain_text("Rejected")

    def refuse(route: Route) -> None:
        route.fulfill(status=503, body="<main><h1>Not just now</h1></main>", content_type="text/html")

    page.route("**/verdict/accept", refuse)
    card.get_by_role("button", name="Accept").click()
    expect(page.locator("h1")).to_have_text("Not just now")
    page.goto(f"/jobs/{done}")
    expect(card).to_contain_text("Rejected")
    card.get_by_role("button", name="Take it back").click()
    expect(card).to_contain_text("Nobody has judged it yet")


@pytest.mark.parametrize("path", ["/jobs/nothing", "/jobs/00000000-0000-0000-0000-000000000000"])
def test_an_unknown_job_has_a_kind_page(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.locator("body")).not_to_contain_text(re.compile("Traceback|Error:"))
