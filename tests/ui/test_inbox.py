"""The failure inbox on a lab with planted failures. What is changed here is put back."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from labrelay.contracts.actions import SAMPLE
from tests.ui.browsing import barriers, open_page
from tests.ui.lab import Lab

pytestmark = pytest.mark.process
CUT = "#cause-failed-image_unreadable"
LOST = "00000000-0000-4000-8000-000000000000"
MENDS = {
    "failed-image_unreadable": "Accept as missing …",
    "failed-parameter_invalid": "Correct “SYNTHETIC control wells → nuclei”",
    "unmatched-unmatched": "Let a task take them",
}
"""The planted causes, and the button of each that helps."""


def test_everybody_can_use_what_the_buttons_lead_to(page: Page) -> None:
    for link in (MENDS["unmatched-unmatched"], MENDS["failed-parameter_invalid"]):
        page.goto("/inbox")
        page.get_by_role("link", name=link).click()
        expect(page.locator("main h1")).to_have_count(1)
        assert barriers(page) == []
    page.goto("/inbox")
    page.locator(CUT).get_by_text("Accept as missing …").click()
    assert barriers(page) == []


def test_every_planted_failure_has_its_words_and_its_button(page: Page, lab: Lab) -> None:
    told = {f"{each['kind']}-{each['code']}": each for each in lab.get("/inbox.json").json()["items"]}
    assert told.keys() == MENDS.keys()
    page.goto("/inbox")
    for key, each in told.items():
        card = page.locator(f"#cause-{key}")
        expect(card.locator(".strong").first).to_have_text(MENDS[key])
        expect(card.locator(".number")).to_contain_text(str(each["count"]))
        expect(card.locator(".samples li")).to_have_count(each["count"])
        for words in ("Why", "Next step"):
            expect(card.locator("dt").get_by_text(words, exact=True)).to_be_visible()


def test_aicsd_08_no_internal_word_is_shown_and_no_shell_is_needed(page: Page) -> None:
    page.goto("/inbox")
    for card in page.locator(".cause").all():
        words = " ".join(card.locator("h2, dd").all_text_contents())
        assert not re.search(r"Nopipelinefound|task-launcher|file-sender|http://|curl|docker|localhost", words, re.I)
        assert card.locator("button, a.button, summary.button").count() >= 2


def test_the_navigation_counts_what_needs_somebody(page: Page, lab: Lab) -> None:
    open_jobs = lab.get("/inbox.json").json()["open"]
    page.goto("/jobs")
    expect(page.locator("nav .count")).to_have_text(str(open_jobs))
    expect(page.get_by_role("link", name=f"Inbox {open_jobs}")).to_be_visible()


def test_a_failure_is_accepted_and_taken_back_with_the_keyboard_alone(page: Page) -> None:
    plates = page.context.new_page()
    plates.goto("/")
    expect(_card(plates)).not_to_contain_text("accepted")
    page.goto("/inbox")
    page.locator(CUT).get_by_text("Accept as missing …").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("the well was empty")
    page.keyboard.press("Enter")
    expect(page.locator(CUT)).to_have_count(0)
    accepted = page.locator(".mendings li").filter(has_text="the well was empty")
    expect(accepted).to_be_visible()
    try:
        expect(_card(plates)).to_contain_text("1 accepted as missing")
        plates.goto("/plates")
        expect(_card(plates)).to_contain_text("1 accepted as missing")
    finally:
        accepted.get_by_role("button").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(CUT)).to_be_visible()


def _card(page: Page) -> Locator:
    """Of the plate that the reader wrote at the start; tests add others."""
    return page.locator(".platecard", has_text="SYNTHETIC-1").first


def test_without_scripts_a_failure_is_accepted_with_a_reason(browser: Browser, lab: Lab) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto("/inbox")
        card = page.locator(CUT)
        card.get_by_text("Accept as missing …").click()
        card.get_by_label("Why?").fill("no scripts here")
        card.get_by_role("button", name=re.compile("^Accept (it|all)")).click()
        expect(page.locator(CUT)).to_have_count(0)
        page.locator(".mendings li").filter(has_text="no scripts here").get_by_role("button").first.click()
        expect(page.locator(CUT)).to_be_visible()


def test_a_retry_is_previewed_with_exactly_its_jobs(page: Page, lab: Lab) -> None:
    """Other tests add files that no pipeline can read: as many as there are now."""
    (cut,) = [each for each in lab.get("/inbox.json").json()["items"] if each["code"] == "image_unreadable"]
    page.goto("/inbox")
    page.locator(CUT).get_by_role("button", name=re.compile("^Retry (it|all)")).click()
    expect(page).to_have_url(re.compile("/jobs/bulk/[0-9a-f-]{36}"))
    expect(page.locator("h1")).to_contain_text(str(cut["count"]))
    meant = {each["id"] for each in lab.get("/jobs.json?stage=failed&code=image_unreadable").json()["jobs"]}
    links = page.locator("tbody a[href^='/jobs/']").all()
    shown = {(link.get_attribute("href") or "").rpartition("/")[2] for link in links}
    assert len(meant) == cut["count"]
    assert len(shown) == min(SAMPLE, cut["count"])
    assert shown <= meant


def test_a_rule_is_tried_before_it_is_saved(page: Page) -> None:
    page.goto("/inbox/rule")
    expect(page.get_by_label("whose name contains")).to_have_value("_w2")
    expect(page.locator(".headline")).to_have_text("2 of these 2 files fit")
    page.get_by_label("whose name contains").fill("_w3")
    page.get_by_role("button", name="Try").click()
    expect(page.locator(".headline")).to_have_text("0 of these 2 files fit")
    expect(page.get_by_role("button", name="Save the rule")).to_have_count(0)
    assert "text=_w3" in page.url


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/inbox/waive", {"where": "stage=failed", "count": "99", "reason": "all of them"}, 409),
        ("/inbox/waive", {"where": "stage=failed", "count": "1", "reason": ""}, 422),
        ("/inbox/waive", {"where": "nonsense", "count": "1", "reason": "x"}, 422),
        ("/inbox/waive", {}, 422),
        ("/inbox/waivers/999999/withdraw", {}, 404),
        ("/inbox/rule", {"task": LOST, "text": "_w2", "version": "1", "count": "2"}, 404),
        (f"/inbox/parameters/{LOST}", {"version": "1"}, 404),
    ],
)
def test_bad_input_changes_nothing_and_is_explained(lab: Lab, path: str, form: dict[str, str], status: int) -> None:
    import requests

    before = lab.get("/inbox.json").json()["open"]
    answer = requests.post(lab.address + path, data=form, headers={"Accept": "text/html"}, timeout=30)
    assert answer.status_code == status, answer.text[:2000]
    assert "Traceback" not in answer.text
    assert 'role="alert"' in answer.text
    assert lab.get("/inbox.json").json()["open"] == before


def test_a_task_that_somebody_changed_meanwhile_is_not_overwritten(page: Page) -> None:
    page.goto("/inbox/rule")
    page.locator("input[name=version]").evaluate("each => { each.value = '77' }")
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody has changed this task meanwhile")


@pytest.mark.parametrize("path", [f"/inbox/parameters/{LOST}", "/inbox/parameters/x?where=%22"])
def test_an_unknown_task_has_a_kind_page(lab: Lab, path: str) -> None:
    answer = lab.get(path, headers={"Accept": "text/html"})
    assert answer.status_code in (404, 422)
    assert "Traceback" not in answer.text
    assert 'role="alert"' in answer.text
