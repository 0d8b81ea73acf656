"""Instruments: what is wrong is told apart, a person pauses and resumes, alarms are raised, told and acknowledged."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

import dashboard.app
import job_repository.app
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.settings import Settings
from tests.background import served
from tests.job_repository.alarms.receivers import Calls, webhook
from tests.polling import until
from tests.ports import take_port
from tests.ui.browsing import barriers, open_page
from tests.ui.lab import Lab

pytestmark = pytest.mark.process
READER = "simulated-reader"
SOON_MS = 30_000


def set_rule(lab: Lab, **form: str) -> None:
    told = {"kind": "instrument_silent", "instrument": READER, "begins": "00:00", "ends": "00:00", **form}

    def saved() -> bool:
        return requests.post(f"{lab.address}/alarms/rules", told, headers={"Origin": lab.address}, timeout=30).ok

    until(saved, "the rule")


@pytest.fixture
def silent(lab: Lab) -> Iterator[Lab]:
    """The lab's reader has sent all its files: a rule that expects more calls it silent."""
    set_rule(lab, expected="0.1", expected_unit="s", grace="0.1", grace_unit="s")
    yield lab
    set_rule(lab, act="remove")


def test_everybody_can_use_it_while_an_alarm_is_open(browser: Browser, silent: Lab) -> None:
    with open_page(browser, silent.address) as page:
        page.goto("/instruments")
        expect(page.locator("#alarms-now .alarm").first).to_be_visible(timeout=SOON_MS)
        expect(page.locator("main h1")).to_have_count(1)
        for summary in page.locator(".instrument-card summary").all():
            summary.click()
        assert barriers(page) == []


def test_aicsd_12_an_instrument_shows_its_folder_last_file_and_rhythm(page: Page, lab: Lab) -> None:
    page.goto("/instruments")
    card = page.locator(f"#instrument-{READER}")
    expect(card).to_contain_text("instrument/images")
    expect(card).to_contain_text("as learned")
    expect(card).to_contain_text("just now")
    told = lab.get("/instruments.json").json()["instruments"][0]
    assert told["instrument"] == READER
    card.get_by_role("link", name=told["last"]["path"]).click()
    expect(page.locator("h1")).to_contain_text(told["last"]["path"].rpartition("/")[2])
    page.goto("/instruments")
    card.get_by_role("link", name="in all").click()
    assert f"instrument={READER}" in page.url


def test_a_person_pauses_and_resumes_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/instruments")
    card = page.locator(f"#instrument-{READER}")
    page.get_by_text(f"Pause {READER} …").press("Enter")
    page.locator(f"#pause-{READER}").press_sequentially("lamp is changed")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card).to_contain_text("Paused: its PC reads and writes no file contents")
    expect(card).to_contain_text("lamp is changed")
    page.get_by_role("button", name=f"Resume {READER}").press("Enter")
    expect(page.get_by_text(f"Pause {READER} …")).to_be_visible()


def test_draining_is_begun_and_ended(page: Page) -> None:
    page.goto("/instruments")
    page.get_by_text(f"Drain {READER} …").click()
    page.get_by_role("button", name="Drain now").click()
    expect(page.locator(f"#instrument-{READER}")).to_contain_text("Being drained")
    page.get_by_role("button", name=f"Take files from {READER} again").click()
    expect(page.get_by_text(f"Drain {READER} …")).to_be_visible()


def test_silence_is_told_on_open_pages_acknowledged_by_name_and_over(page: Page, lab: Lab) -> None:
    page.goto("/")
    expect(page.locator("#badge-text")).to_have_text("Live")
    alarm = page.locator("#alarms-now .alarm", has_text=f"{READER} is silent")
    set_rule(lab, expected="0.1", expected_unit="s", grace="0.1", grace_unit="s")
    try:
        expect(alarm).to_contain_text("No file from simulated-reader for", timeout=SOON_MS)
        alarm.get_by_label("What do you do about it?").press_sequentially("I look at it")
        page.keyboard.press("Enter")
        expect(alarm).to_contain_text("looks after it: I look at it")
        expect(alarm.get_by_role("button")).to_have_count(0)
    finally:
        set_rule(lab, act="remove")
    expect(alarm).to_have_count(0, timeout=SOON_MS)
    trail = lab.get("/system/audit.json", params={"kind": "alarm_acknowledged"}).json()["items"]
    assert trail[0]["body"]["reason"] == "I look at it"


def test_it_is_read_and_used_without_scripts(browser: Browser, lab: Lab) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto("/instruments")
        page.get_by_label("when an image is unfinished for so many minutes").fill("90")
        page.get_by_role("button", name="Set: Work waits for long").click()
        expect(page.get_by_label("when an image is unfinished for so many minutes")).to_have_value("90")
        page.get_by_role("button", name="Take away: Work waits for long").click()
        expect(page.get_by_role("button", name="Take away: Work waits for long")).to_have_count(0)


def test_a_rule_that_cannot_be_read_is_explained(page: Page) -> None:
    page.goto("/instruments")
    page.get_by_text(f"Alarm when {READER} is silent …").click()
    page.locator(f"#silence-{READER}-expected").fill("soon")
    page.locator(f"#instrument-{READER}").get_by_role("button", name="Set this alarm").click()
    expect(page.get_by_role("alert")).to_contain_text("can't be read as a rule")
    assert barriers(page) == []


@pytest.mark.parametrize("path", ["/instruments/x/explode", "/alarms/0/acknowledge", "/alarms/channels/pigeon/test"])
def test_what_is_not_there_gets_a_kind_page(lab: Lab, path: str) -> None:
    headers = {"Origin": lab.address, "Accept": "text/html"}
    answer = requests.post(lab.address + path, headers=headers, timeout=30)
    assert answer.status_code in (404, 422)
    assert "<h1" in answer.text


@pytest.fixture(scope="module")
def calls() -> Iterator[Calls]:
    with webhook() as calls:
        yield calls


@pytest.fixture(scope="module")
def told_lab(tmp_path_factory: pytest.TempPathFactory, calls: Calls) -> Iterator[str]:
    """A dashboard over a real repository that tells a webhook of its alarms."""
    home = tmp_path_factory.mktemp("told")
    _write_secret(home / "secret")
    ports = {name: take_port() for name in type(Settings().ports).model_fields}
    alarms = {"webhook": {"url": calls.url, "secret_file": home / "secret"}, "timeout_s": 5}
    told = {"data": home, "ports": ports, "redis": {"port": take_port()}, "alarms": alarms}
    settings = Settings.model_validate(told)
    server = EmbeddedRedis(home / "redis", settings.redis.port)
    server.start()
    try:
        with (
            served(job_repository.app.create(settings), settings.ports.job_repository),
            served(dashboard.app.create(settings), settings.ports.dashboard),
        ):
            yield settings.service_url("dashboard")
    finally:
        server.stop()


def _write_secret(file: Path) -> None:
    file.write_text("whsec_" + base64.b64encode(b"s" * 24).decode())


def test_a_test_message_is_sent_and_its_outcome_shown(browser: Browser, told_lab: str, calls: Calls) -> None:
    with open_page(browser, told_lab) as page:
        page.goto("/instruments")
        expect(page.locator("h1")).to_have_text("No instrument has sent a file yet")
        page.get_by_role("button", name="Send a test message by Webhook").click()
        expect(page.get_by_role("status")).to_contain_text("the test message went out")
        assert b"alarm.test" in calls.got[-1][1]
        calls.answers.append(500)
        page.get_by_role("button", name="Send a test message by Webhook").click()
        expect(page.get_by_role("status")).to_contain_text("did not go out. The webhook answered 500.")
        page.get_by_text("Newest messages").click()
        assert "t0p-secret" not in page.content()
        assert barriers(page) == []
