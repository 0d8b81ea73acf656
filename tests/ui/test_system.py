"""The system's pages: the doctor's findings, and the audit trail with who did what."""

import io
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.ui.browsing import barriers
from tests.ui.lab import Lab

pytestmark = pytest.mark.process


def test_everybody_can_use_it(page: Page) -> None:
    page.goto("/system/audit")
    expect(page.locator("main h1")).to_have_count(1)
    assert barriers(page) == []


def test_the_page_says_what_the_doctor_says(page: Page, lab: Lab) -> None:
    told = lab.get("/api/v2/doctor").json()
    page.goto("/system")
    checks = page.locator(".finding strong").all_text_contents()
    assert set(checks) == {each["check"] for each in told["findings"]}
    needing = [each for each in told["findings"] if not each["well"]]
    expect(page.locator("h1")).to_contain_text(str(len(needing)) if needing else "well")


def test_a_trail_is_filtered_and_verified_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/system/audit")
    page.get_by_label("What", exact=True).focus()
    page.keyboard.type("A job ended")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".trail tbody tr").first).to_contain_text("A job ended")
    assert "kind=job_final" in page.url
    page.get_by_role("button", name="Verify the whole trail").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("rows stand as they were written")


def test_the_trail_is_read_page_by_page_to_its_beginning(lab: Lab) -> None:
    numbers, before = [], 0
    while before is not None:
        told = lab.get("/system/audit.json", params={"ends": "true", "before": before}).json()
        numbers += [each["number"] for each in told["items"]]
        before = told["next"]
    assert numbers == list(range(max(numbers), 0, -1))


def test_the_trail_comes_as_a_table_for_spreadsheets(lab: Lab) -> None:
    rows = lab.get("/system/audit.csv", params={"kind": "job_final"}).text.splitlines()
    assert rows[0] == "Number,When,What,Who,On what,Details"
    assert len(rows) > 5
    book = zipfile.ZipFile(io.BytesIO(lab.get("/system/audit.xlsx").content))
    assert "xl/worksheets/sheet2.xml" in book.namelist()


@pytest.mark.parametrize("query", ["before=-1", "before=x", "kind=" + "k" * 300])
def test_a_crooked_address_gets_a_kind_page(page: Page, query: str) -> None:
    answer = page.goto(f"/system/audit?{query}")
    assert answer is not None
    assert answer.status == 422
    expect(page.locator("h1")).to_have_count(1)


def test_an_address_that_leads_nowhere_gets_a_kind_page(page: Page) -> None:
    answer = page.goto("/nowhere/<b>at all")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("h1")).to_have_text("There is nothing here")
    expect(page.locator("main")).to_contain_text("<b>")
