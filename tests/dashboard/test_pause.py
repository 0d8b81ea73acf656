"""Pausing an instrument from the first page: without scripts, in a browser, and told to other open pages."""

import html
import re
import time

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from dashboard.health import health_of
from dashboard.instruments import Instrument
from dashboard.repository import Counts
from labrelay.contracts.pauses import Pause, Pauses
from labrelay.contracts.states import Stage
from tests.dashboard.double import Gateway
from tests.dashboard.samples import job
from tests.dashboard.test_browser import browser, page  # noqa: F401

HELD = {"by": "Ada", "reason": "<b>laser</b>", "since_ns": time.time_ns()}


def words_of(answer: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", answer))


def test_each_instrument_has_its_line_with_a_button(client: TestClient, gateway: Gateway) -> None:
    gateway.put(job())
    text = client.get("/").text
    assert '<form method="post" action="/instruments/reader-1/pause">' in text
    assert "1 job on its way" in text


def test_the_button_pauses_with_a_reason_and_the_other_resumes(client: TestClient, gateway: Gateway) -> None:
    gateway.put(job())
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    shown = client.post("/instruments/reader-1/pause", content="reason=laser+at%0A%01work", headers=form).text
    assert gateway.paused["reader-1"]["gateway"]["reason"] == "laser at work"
    assert "Paused from the gateway by dashboard since" in shown
    assert "reader-1 is paused" in shown
    shown = client.post("/instruments/reader-1/resume").text
    assert gateway.paused == {}
    assert "Paused" not in shown


def test_who_and_why_are_shown_as_text(client: TestClient, gateway: Gateway) -> None:
    gateway.paused = {"reader-9": {"gateway": HELD}}
    text = client.get("/").text
    assert "<b>laser" not in text
    assert "by Ada since" in words_of(text)
    assert "<b>laser</b>" in words_of(text)


def test_a_pause_at_the_instrument_is_resumed_there(client: TestClient, gateway: Gateway) -> None:
    gateway.paused = {"reader-9": {"instrument": HELD}}
    text = client.get("/").text
    assert "Paused at the instrument by Ada" in words_of(text)
    assert "labrelay resume" in text
    assert "/instruments/reader-9/resume" not in text


def test_pages_of_other_sites_pause_nothing(client: TestClient, gateway: Gateway) -> None:
    answer = client.post("/instruments/reader-1/pause", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert gateway.paused == {}


def test_there_are_no_other_buttons(client: TestClient, gateway: Gateway) -> None:
    assert client.post("/instruments/reader-1/explode").status_code == 422
    assert client.get("/instruments/reader-1/pause").status_code == 405


def test_the_sentence_names_a_paused_instrument() -> None:
    paused = Pauses(gateway=Pause(by="Ada", since_ns=0))
    one, two = Instrument("r1", 2, paused), Instrument("r2", 2, Pauses())
    waiting = {Stage.COMPLETE: 1, Stage.READY: 2}
    told = "1 instrument is running. Nothing needs you. 2 are on their way. r1 is paused."
    assert health_of(Counts(waiting, 0, (one, two))).sentence == told
    assert health_of(Counts(waiting, 0, (one, one))).sentence.endswith(" 2 instruments are paused.")
    assert health_of(Counts({}, 0, (one,))).sentence.endswith("appears here. r1 is paused.")


@pytest.mark.process
def test_a_person_pauses_and_resumes_with_the_keyboard(page: Page, gateway: Gateway) -> None:  # noqa: F811
    gateway.put(job())
    page.goto("/")
    page.get_by_text("Pause reader-1 …").press("Enter")
    page.get_by_label("Why?").fill("laser at work")
    page.get_by_label("Why?").press("Enter")
    expect(page.locator("#instruments")).to_contain_text("laser at work")
    assert gateway.paused["reader-1"]["gateway"]["reason"] == "laser at work"
    page.get_by_role("button", name="Resume reader-1").press("Enter")
    expect(page.get_by_role("button", name="Resume reader-1")).to_have_count(0)
    assert gateway.paused == {}


@pytest.mark.process
def test_the_keyboard_stays_on_the_button_while_the_page_changes(page: Page, gateway: Gateway) -> None:  # noqa: F811
    gateway.put(job())
    page.goto("/")
    expect(page.locator("#badge-text")).to_have_text("Live")
    page.get_by_text("Pause reader-1 …").focus()
    gateway.put(job("other.tif"))
    expect(page.locator("#instruments")).to_contain_text("2 jobs")
    expect(page.get_by_text("Pause reader-1 …")).to_be_focused()


@pytest.mark.process
def test_an_open_page_hears_of_a_pause_but_keeps_a_form_that_is_being_filled_in(
    page: Page,  # noqa: F811
    gateway: Gateway,
) -> None:
    gateway.put(job())
    page.goto("/")
    expect(page.locator("#badge-text")).to_have_text("Live")
    gateway.paused = {"reader-2": {"gateway": HELD}}
    expect(page.locator("#instruments")).to_contain_text("reader-2", timeout=10_000)
    page.get_by_text("Pause reader-1 …").click()
    page.get_by_label("Why?").fill("half a reas")
    gateway.put(job("other.tif"))
    expect(page.locator("h1")).to_contain_text("2 are on their way.")
    expect(page.get_by_label("Why?")).to_have_value("half a reas")


@pytest.mark.process
def test_the_buttons_work_without_scripts(browser: Browser, address: str, gateway: Gateway) -> None:  # noqa: F811
    gateway.put(job())
    context = browser.new_context(base_url=address, java_script_enabled=False)
    plain = context.new_page()
    plain.goto("/")
    plain.get_by_text("Pause reader-1 …").click()
    plain.get_by_role("button", name="Pause now").click()
    expect(plain.locator("#instruments")).to_contain_text("Paused from the gateway")
    context.close()
