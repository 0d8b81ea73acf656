"""The pages in a real browser: Debian's Chromium, driven by Playwright, with every request off this machine refused."""

import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from labrelay.contracts.states import Stage
from tests.dashboard.double import Gateway
from tests.dashboard.samples import FAILURE, TABLE, finished, job, png
from tests.ui.browsing import chromium, open_page

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with open_page(browser, address, viewport={"width": 1280, "height": 720}) as page:
        yield page


def test_a_change_appears_in_its_row_without_a_reload(page: Page, gateway: Gateway) -> None:
    ready = job("plate7/B07.tif")
    gateway.put(ready)
    page.goto("/jobs")
    expect(page.locator("#badge-text")).to_have_text("Live")
    page.evaluate("window.sameDocument = true")
    gateway.put(ready.model_copy(update={"stage": Stage.PROCESSING}), "claim")
    expect(page.locator(f"#job-{ready.id}")).to_contain_text("Being analysed")
    assert page.evaluate("window.sameDocument")


def test_a_new_job_pushes_nothing_down_and_is_one_link_away(page: Page, gateway: Gateway) -> None:
    gateway.put(job("old.tif", age_s=100))
    page.goto("/jobs")
    expect(page.locator("#badge-text")).to_have_text("Live")
    top = page.locator("#rows tr").bounding_box()
    gateway.put(job("new.tif", age_s=1))
    expect(page.locator("#rows-pill")).to_have_text("1 new job, show")
    gateway.put(job("newer.tif", age_s=0))
    expect(page.locator("#rows-pill")).to_have_text("2 new jobs, show")
    assert page.locator("#rows tr").count() == 1
    assert page.locator("#rows tr").bounding_box() == top
    page.locator("#rows-pill").press("Enter")
    expect(page.locator("#rows tr").first).to_contain_text("newer.tif")
    expect(page.locator("#rows-pill")).to_be_hidden()


def test_the_first_jobs_of_an_empty_page_appear_by_themselves(page: Page, gateway: Gateway) -> None:
    page.goto("/jobs")
    expect(page.locator("#badge-text")).to_have_text("Live")
    expect(page.locator("#empty")).to_be_visible()
    gateway.put(job("first.tif"))
    expect(page.locator("#rows tr")).to_contain_text("first.tif")
    expect(page.locator("#empty")).to_be_hidden()


def test_a_job_that_leaves_the_pages_filter_stays_where_it_is_and_says_so(page: Page, gateway: Gateway) -> None:
    ready, done = job("B07.tif"), finished("B08.tif", 5, png())
    gateway.put(ready)
    gateway.put(done)
    page.goto("/jobs?stage=launched&stage=ready")
    expect(page.locator("#badge-text")).to_have_text("Live")
    page.wait_for_timeout(2_500)  # the page may read itself anew once, because it was drawn a moment ago
    gateway.put(ready.model_copy(update={"stage": Stage.PROCESSING}), "claim")
    gateway.put(done)
    expect(page.locator(f"#job-{ready.id}")).to_contain_text("Being analysed")
    expect(page.locator(f"#job-{ready.id}")).to_have_class(re.compile("left"))
    expect(page.locator("#rows-pill")).to_be_hidden()


def test_numbers_and_results_follow_their_jobs(page: Page, gateway: Gateway) -> None:
    done = finished("B07.tif", 598, png(), flags="focus")
    gateway.put(done.model_copy(update={"stage": Stage.PROCESSING, "outputs": (), "report": None}), "claim")
    page.goto("/")
    expect(page.locator("#badge-text")).to_have_text("Live")
    expect(page.locator("h1")).to_contain_text("1 is on its way.")
    gateway.put(done, "receive")
    expect(page.locator("h1")).to_contain_text("Nothing waits.")
    expect(page.locator("#pictures img")).to_have_count(1)


def test_tabs_share_one_stream_and_go_on_when_the_one_that_leads_is_closed(page: Page, gateway: Gateway) -> None:
    ready = job("plate7/B07.tif")
    gateway.put(ready)
    page.goto("/jobs")
    expect(page.locator("#badge-text")).to_have_text("Live")
    second = page.context.new_page()
    asked: list[str] = []
    second.on("request", lambda request: asked.append(urlsplit(request.url).path))
    second.goto("/jobs")
    expect(second.locator("#badge-text")).to_have_text("Live")
    gateway.put(ready.model_copy(update={"stage": Stage.PROCESSING}), "claim")
    for tab in (page, second):
        expect(tab.locator(f"#job-{ready.id}")).to_contain_text("Being analysed")
    assert "/events" not in asked
    page.close()
    gateway.put(ready.model_copy(update={"stage": Stage.SEALING}), "finish")
    expect(second.locator(f"#job-{ready.id}")).to_contain_text("Results being sealed")
    expect(second.locator("#badge-text")).to_have_text("Live")
    assert asked.count("/events") == 1


def test_a_tab_that_was_drawn_a_moment_ago_learns_what_changed_since(page: Page, gateway: Gateway) -> None:
    ready = job("plate7/B07.tif")
    gateway.put(ready)
    page.goto("/jobs")
    expect(page.locator("#badge-text")).to_have_text("Live")
    second = page.context.new_page()

    def late(route: Route) -> None:
        gateway.put(ready.model_copy(update={"stage": Stage.PROCESSING}), "claim")
        expect(page.locator(f"#job-{ready.id}")).to_contain_text("Being analysed")
        route.continue_()

    second.route("**/static/live.js*", late)
    second.goto("/jobs")
    expect(second.locator(f"#job-{ready.id}")).to_contain_text("Being analysed")


def test_the_keyboards_place_survives_a_change_of_the_row(page: Page, gateway: Gateway) -> None:
    ready = job("B07.tif")
    gateway.put(ready)
    page.goto("/jobs")
    expect(page.locator("#badge-text")).to_have_text("Live")
    page.locator(f"#job-{ready.id} a").focus()
    gateway.put(ready.model_copy(update={"stage": Stage.PROCESSING}), "claim")
    expect(page.locator(f"#job-{ready.id}")).to_contain_text("Being analysed")
    expect(page.locator(f"#job-{ready.id} a")).to_be_focused()


def test_a_flood_is_counted_and_leaves_the_newest_jobs_one_link_away(page: Page, gateway: Gateway) -> None:
    gateway.put(job("old.tif", age_s=200))
    page.goto("/jobs")
    expect(page.locator("#badge-text")).to_have_text("Live")
    for number in range(150):
        gateway.put(job(f"f{number:03}.tif", age_s=150 - number))
    expect(page.locator("#rows-pill")).to_have_text("150 new jobs, show", timeout=10_000)
    assert page.locator("#rows tr").count() == 1
    page.locator("#rows-pill").click()
    expect(page.locator("#rows tr").first).to_contain_text("f149.tif")
    assert page.locator("#rows tr").count() == 100


def test_the_job_page_shows_the_overlay_and_follows_the_job(page: Page, gateway: Gateway) -> None:
    picture = png()
    done = finished("plate7/B07.tif", 598, picture)
    gateway.outputs = {(done.id, 0): TABLE, (done.id, 1): picture}
    gateway.put(done.model_copy(update={"stage": Stage.PROCESSING, "outputs": (), "report": None}), "claim")
    page.goto(f"/jobs/{done.id}")
    expect(page.locator("#badge-text")).to_have_text("Live")
    expect(page.locator("#overlay")).to_have_count(0)
    gateway.put(done, "receive")
    expect(page.locator("#overlay")).to_be_visible()
    expect(page.locator(".headline")).to_have_text("CellCount, 598")
    page.wait_for_function("document.getElementById('overlay').naturalWidth > 0")


def test_a_person_retries_a_failed_job_with_the_keyboard(page: Page, gateway: Gateway) -> None:
    failed = job("B07.tif", Stage.FAILED, failure=FAILURE)
    gateway.put(failed)
    page.goto("/jobs")
    page.get_by_role("link", name="B07.tif").press("Enter")
    page.get_by_role("button", name="Retry this job").press("Enter")
    expect(page.locator(".jobhead .words")).to_contain_text("Waits in line")
    assert gateway.jobs[failed.id].stage is Stage.READY


def test_the_badge_owns_up_when_the_repository_is_silent(page: Page, gateway: Gateway) -> None:
    gateway.put(job())
    page.goto("/jobs")
    expect(page.locator("#badge-text")).to_have_text("Live")
    gateway.leave.set()
    expect(page.locator("#badge-text")).to_have_text("Reconnecting")
    gateway.leave.clear()
    expect(page.locator("#badge-text")).to_have_text("Live", timeout=10_000)


def test_a_page_that_hears_nothing_turns_grey_and_says_since_when(page: Page, gateway: Gateway) -> None:
    gateway.put(job())
    page.clock.install()
    page.goto("/jobs")
    expect(page.locator("#badge-text")).to_have_text("Live")
    gateway.leave.set()
    expect(page.locator("#badge-text")).to_have_text("Reconnecting")
    page.clock.run_for(16_000)
    expect(page.locator("#badge-text")).to_have_text(re.compile(r"Stale since \d\d:\d\d"))
    expect(page.locator("body")).to_have_class("stale")


def test_the_page_is_complete_without_scripts(browser: Browser, address: str, gateway: Gateway) -> None:
    gateway.put(finished("B07.tif", 598, png()))
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/jobs")
    expect(page.locator("#rows")).to_contain_text("CellCount, 598")
    expect(page.locator("#badge")).to_contain_text("Reload for the newest state")
    page.get_by_role("combobox", name="State").select_option("failed")
    page.get_by_role("button", name="Show").first.click()
    expect(page.locator("#empty")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_sticks_out_sideways(page: Page, gateway: Gateway, width: int) -> None:
    long = finished(f"plate7/{'A_very_long_name_of_a_vendor_' * 4}B07.tif", 598, png(), flags="focus")
    gateway.put(long)
    gateway.put(job(stage=Stage.FAILED, failure=FAILURE))
    page.set_viewport_size({"width": width, "height": 800})
    for address in ("/", "/jobs", f"/jobs/{long.id}"):
        page.goto(address)
        time.sleep(0.1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
