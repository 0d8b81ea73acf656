"""The list of jobs against a running lab: for everybody, in the address, and true without a reload."""

import csv
import io
import re
import shlex
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.ui.browsing import barriers, open_page
from tests.ui.lab import Lab
from tests.ui.spoilt import spoil, wait_for

pytestmark = pytest.mark.process
OPEN_ALL = "for (const each of document.querySelectorAll('main details')) each.open = true"
PLATE = "LIST-1"
HERE = f"/jobs?path={PLATE}%2F"


@pytest.fixture(scope="module")
def failed(lab: Lab) -> list[str]:
    return spoil(lab, PLATE, "A01_w1.tif", "A02_w1.tif", "=A03_w1.tif")


def test_the_list_keeps_nobody_out(page: Page, failed: list[str]) -> None:
    for path in (HERE, "/jobs?stage=failed&since=30d&q=LIST", "/jobs?where=plaet%3DP7", "/jobs?path=nothing"):
        page.goto(path)
        page.evaluate(OPEN_ALL)
        assert barriers(page) == [], path


def test_without_scripts_a_person_reads_filters_and_turns_to_a_job(
    browser: Browser, lab: Lab, failed: list[str]
) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto("/jobs")
        page.get_by_label("Contains", exact=True).fill(PLATE)
        page.get_by_role("combobox", name="State").select_option("failed")
        page.get_by_role("button", name="Show").first.click()
        assert urlsplit(page.url).query == f"stage=failed&q={PLATE}"
        expect(page.locator("#rows tr")).to_have_count(3)
        page.get_by_role("link", name="A01_w1.tif").click()
        expect(page.locator("h1")).to_have_text("A01_w1.tif")


def test_the_keyboard_alone_finds_a_job_and_opens_it(page: Page, failed: list[str]) -> None:
    page.goto("/jobs")
    page.get_by_label("Contains", exact=True).focus()
    page.keyboard.type(f"{PLATE}/A02")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tr")).to_have_count(1)
    page.locator("#rows a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("A02_w1.tif")


def test_the_filter_in_words_and_the_shell_line_are_the_same_language(page: Page, failed: list[str]) -> None:
    page.goto("/jobs")
    page.get_by_text("The filter in words").click()
    page.get_by_label("Conditions").fill(f"stage=failed path={PLATE}/")
    page.get_by_label("Conditions").press("Enter")
    expect(page.locator("#rows tr")).to_have_count(3)
    assert f"labrelay jobs --where 'stage=failed path={PLATE}/'" in page.content().replace("&#39;", "'")
    line = page.locator(".shell code").nth(1).text_content() or ""
    told = requests.get(shlex.split(line)[-1], timeout=30).json()
    assert len(told["items"]) == 3


def test_a_filter_that_cannot_be_read_is_explained_and_stays_to_be_mended(page: Page) -> None:
    answer = page.goto("/jobs?where=plaet%3DP7")
    assert answer is not None
    assert answer.status == 422
    expect(page.get_by_role("alert")).to_contain_text("Did you mean plate?")
    expect(page.get_by_label("Conditions")).to_have_value("plaet=P7")
    for path in ("/jobs?after=nonsense", "/jobs?since=yesterday", "/jobs?nothing=1", "/jobs?stage=lost"):
        answer = page.goto(path)
        assert answer is not None
        assert 400 <= answer.status < 500, path
        expect(page.get_by_role("alert")).to_have_count(1)


def test_aicsd_01_a_row_follows_its_job_without_a_reload(page: Page, lab: Lab, failed: list[str]) -> None:
    page.goto(HERE)
    expect(page.locator("#badge-text")).to_have_text("Live")
    page.evaluate("window.sameDocument = true")
    row = page.locator(f"#job-{failed[0]}")
    before = row.locator("time").get_attribute("datetime") or ""
    requests.post(f"{lab.address}/jobs/{failed[0]}/retry", timeout=30, headers={"Accept": "text/html"})
    expect(row.locator("time")).not_to_have_attribute("datetime", before, timeout=30_000)
    assert page.evaluate("window.sameDocument")
    wait_for(lab, 3, stage="failed", path=f"{PLATE}/")


def test_aicsd_07_results_are_numbers_in_a_table_that_can_be_saved(lab: Lab) -> None:
    text = lab.get("/jobs.csv?pipeline=nuclei&stage=complete&path=SYNTHETIC").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    assert all(row["result"] == f"CellCount, {float(row['count']):.0f}" for row in rows)
    book = lab.get("/jobs.xlsx?pipeline=nuclei")
    assert book.content.startswith(b"PK")
    assert "jobs.xlsx" in book.headers["content-disposition"]


def test_no_cell_of_a_saved_table_is_run_as_a_formula(lab: Lab, failed: list[str]) -> None:
    text = lab.get(f"/jobs.csv?path={PLATE}").text
    assert not re.search(r"(^|,)\"?[=+@]", text, re.MULTILINE)


def test_aicsd_10_the_address_holds_the_view_and_the_lab_keeps_it_by_name(
    browser: Browser, lab: Lab, page: Page, failed: list[str]
) -> None:
    page.goto(HERE)
    page.locator("#facets").get_by_role("link", name=re.compile("Failed")).click()
    page.get_by_label("Changed", exact=True).select_option("1d")
    page.get_by_role("button", name="Show").first.click()
    address = page.url
    assert urlsplit(address).query == "stage=failed&path=LIST-1%2F&since=1d"
    page.get_by_text("Keep as a view").click()
    page.get_by_label("Name, for everybody").fill("Spoilt today")
    page.get_by_role("button", name="Keep", exact=True).click()
    with open_page(browser, lab.address) as other:
        other.goto("/jobs")
        other.get_by_role("link", name="Spoilt today").click()
        assert urlsplit(other.url).query == urlsplit(address).query
        expect(other.locator("#rows tr")).to_have_count(3)
        other.get_by_role("button", name="Remove the view").click()
        expect(other.get_by_role("link", name="Spoilt today")).to_have_count(0)
        assert urlsplit(other.url).query == urlsplit(address).query


def test_facets_count_what_the_filter_takes_and_conditions_are_taken_away_one_by_one(
    page: Page, failed: list[str]
) -> None:
    page.goto(f"{HERE}&stage=failed")
    expect(page.locator("#total")).to_contain_text("3 jobs")
    expect(page.locator("#facets a[aria-current]")).to_contain_text("Failed")
    page.get_by_role("link", name=re.compile("Path contains")).click()
    assert urlsplit(page.url).query == "stage=failed"


def test_the_repositorys_cut_is_said_on_the_page_not_hidden(lab: Lab) -> None:
    twin = lab.get("/jobs.json?q=SYNTHETIC").json()
    assert twin["exact"] is True
    assert twin["total"] == sum(twin["facets"]["stage"].values())
