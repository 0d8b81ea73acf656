"""Tasks: a rule is made with a form, tried on the files that came, stored, and taken back."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.browsing import barriers, open_page
from tests.ui.lab import Lab

pytestmark = pytest.mark.process


@pytest.fixture
def made(page: Page) -> Iterator[str]:
    """A task of this test's own, which takes no file of the lab's; deleted afterwards."""
    page.goto("/tasks/new")
    page.get_by_label("Condition 1").get_by_label("What").fill("plate")
    page.get_by_label("Condition 1").get_by_label("How").select_option("is")
    page.get_by_label("Condition 1").get_by_label("Value").fill('none "such"')
    page.get_by_label("Name of the task").fill("only of this test")
    page.get_by_label("Pipeline").fill("nuclei")
    page.get_by_role("button", name="Store").click()
    address = page.get_by_role("link", name="only of this test").get_attribute("href")
    assert address is not None
    page.goto(address)
    yield address
    page.goto(address)
    page.get_by_text("Delete this task").click()
    page.get_by_role("button", name="Delete now").click()
    expect(page.get_by_role("link", name="only of this test")).to_have_count(0)


def test_everybody_can_use_it(page: Page) -> None:
    page.goto("/tasks/new")
    expect(page.locator("main h1")).to_have_count(1)
    assert barriers(page) == []


def test_a_task_is_stored_from_the_form_and_shown_in_words(page: Page, made: str, lab: Lab) -> None:
    expect(page.get_by_label("Condition 1").get_by_label("Value")).to_have_value('none "such"')
    selector = json.loads(page.get_by_label("Selector", exact=True).input_value())
    assert selector == {"==": [{"var": "InputFile.Attributes.plate"}, 'none "such"']}
    page.goto("/tasks")
    expect(page.locator(".task", has_text="only of this test")).to_contain_text('plate is none "such"')


def test_aicsd_13_a_rule_is_tried_on_the_files_that_came_before_it_is_stored(page: Page, made: str) -> None:
    page.goto(made)
    page.get_by_label("Condition 1").get_by_label("What").fill("InputFile.Name")
    page.get_by_label("Condition 1").get_by_label("How").select_option("contains")
    page.get_by_label("Condition 1").get_by_label("Value").fill("_w1.tif")
    page.get_by_role("button", name="Try on the newest files").click()
    trial = page.get_by_role("status", name="Tried on the newest")
    expect(trial).to_contain_text("0 taken by this task")
    expect(trial).to_contain_text("fit, but an earlier task takes them")
    page.get_by_label("besides").check()
    page.get_by_role("button", name="Try on the newest files").click()
    expect(trial).not_to_contain_text(re.compile(r"\b0 taken by this task"))
    expect(page.get_by_label("Condition 1").get_by_label("Value")).to_have_value("_w1.tif")
    assert barriers(page) == []


def test_a_broken_selector_is_explained_and_nothing_typed_is_lost(page: Page, made: str) -> None:
    page.goto(made)
    page.get_by_label("By this selector").check()
    page.get_by_label("Selector", exact=True).fill('{"in": ["x"')
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_role("alert")).to_contain_text("isn't JSON")
    expect(page.get_by_label("Selector", exact=True)).to_have_value('{"in": ["x"')


def test_a_change_makes_a_version_and_an_old_one_can_come_back(page: Page, made: str) -> None:
    page.goto(made)
    page.get_by_label("Order").fill("7")
    page.get_by_role("button", name="Store").click()
    page.goto(made)
    expect(page.get_by_label("Order")).to_have_value("7")
    page.get_by_text("Version 1,").click()
    page.get_by_role("button", name="Go back to version 1").click()
    expect(page.get_by_label("Order")).to_have_value("100")
    expect(page.locator(".versions > li")).to_have_count(3)


def test_two_people_do_not_overwrite_each_other(browser: Browser, lab: Lab, page: Page, made: str) -> None:
    page.goto(made)
    with open_page(browser, lab.address) as other:
        other.goto(made)
        other.get_by_label("Order").fill("8")
        other.get_by_role("button", name="Store").click()
    page.get_by_label("Order").fill("9")
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_role("alert")).to_contain_text("version 2")
    expect(page.get_by_label("Order")).to_have_value("9")


def test_a_task_that_is_not_there_gets_a_kind_page(page: Page) -> None:
    answer = page.goto("/tasks/00000000-0000-4000-8000-000000000000")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("h1")).to_have_text("There is nothing here")
