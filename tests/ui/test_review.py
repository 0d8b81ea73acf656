"""The review queue on a real lab: every image judged by keyboard, nothing shown that isn't saved, and the export."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
import tifffile
from playwright.sync_api import Browser, Page, Route, expect

from labrelay.settings import load_settings
from pipelines.training.data import read_folder
from tests.labrelay.cli.command_line import Answer, labrelay
from tests.ui.browsing import barriers, open_page
from tests.ui.lab import Lab

pytestmark = pytest.mark.process
VERDICT, SAVED, PROGRESS = "#review-verdict", "#review-saved", "#review-progress"


@pytest.fixture(autouse=True)
def unjudged(lab: Lab) -> Iterator[None]:
    """Afterwards nobody has said anything."""
    yield
    while (here := lab.get("/review.json?judged=yes").json()["here"]) is not None:
        say(lab, here["job"]["id"], "")


def say(lab: Lab, job: str, verdict: str, **more: str) -> requests.Response:
    return requests.post(f"{lab.address}/review/{job}/verdict", {"verdict": verdict, **more}, timeout=30)


def queue(lab: Lab, query: str = "") -> dict[str, object]:
    return dict(lab.get(f"/review.json{query}").json())


def first(lab: Lab, query: str = "") -> str:
    return str(lab.get(f"/review.json{query}").json()["here"]["job"]["id"])


def held(lab: Lab, job: str) -> tuple[str, str]:
    review = lab.get(f"/images/{job}.json").json()["review"]
    return review["verdict"], review["reason"]


def shown(page: Page) -> str:
    return page.locator(".reviewroom").get_attribute("data-job") or ""


def test_all_images_are_judged_from_the_keyboard_alone(page: Page, lab: Lab) -> None:
    total = int(str(queue(lab)["total"]))
    page.goto("/review")
    seen: list[str] = []
    for done in range(total):
        expect(page.locator(PROGRESS)).to_contain_text(f"{done} of {total} judged")
        seen.append(shown(page))
        page.keyboard.press("a" if done % 2 else "s")
    expect(page.get_by_role("heading", name="Every image has its verdict")).to_be_visible()
    assert len(set(seen)) == total
    assert [held(lab, job)[0] for job in seen] == ["accept" if place % 2 else "unsure" for place in range(total)]
    page.keyboard.press("u")
    expect(page.locator(VERDICT)).to_have_text("No verdict yet")
    assert shown(page) == seen[-1]
    page.keyboard.press("u")
    expect(page.locator(".reviewroom")).to_have_attribute("data-job", seen[-2])
    assert [held(lab, job)[0] for job in seen[-2:]] == ["", ""]


def test_a_rejection_asks_why_and_keeps_it(page: Page, lab: Lab) -> None:
    page.goto("/review")
    job = shown(page)
    page.keyboard.press("2")
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Out of focus")).to_be_focused()
    page.keyboard.press("2")
    expect(page.locator(SAVED)).to_contain_text("Rejected by dashboard: Objects missed")
    assert held(lab, job) == ("reject", "Objects missed")
    other = shown(page)
    page.keyboard.press("r")
    page.get_by_label("In your own words").fill("a hair lies across it")
    page.keyboard.press("Enter")
    expect(page.locator(SAVED)).to_contain_text("a hair lies across it")
    assert held(lab, other) == ("reject", "a hair lies across it")


def test_an_undo_says_again_what_was_said_before(page: Page, lab: Lab) -> None:
    job = first(lab)
    say(lab, job, "reject", reason="Out of focus")
    page.goto(f"/review?judged=any&at={job}")
    page.keyboard.press("a")
    expect(page.locator(SAVED)).to_contain_text("Accepted by dashboard")
    page.keyboard.press("u")
    expect(page.locator(VERDICT)).to_have_text("Rejected by dashboard: Out of focus")
    assert held(lab, job) == ("reject", "Out of focus")


def test_aicsd_02_escape_never_changes_a_verdict(page: Page, lab: Lab) -> None:
    """AiCSD sets the verdict to Pending when Esc closes its dialog."""
    job = first(lab)
    say(lab, job, "accept")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.goto(f"/review?judged=any&at={job}")
    for keys in (["Escape"], ["r", "Escape"], ["r", "Tab", "Escape", "Escape"]):
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator("#review-rejecting")).not_to_have_attribute("open", "")
        assert (shown(page), page.locator(VERDICT).inner_text()) == (job, "Accepted by dashboard")
    assert held(lab, job)[0] == "accept"
    assert posts == []


def test_aicsd_03_only_what_the_server_saved_is_shown(page: Page, lab: Lab) -> None:
    """AiCSD shows a verdict before and whatever the server answers."""
    page.goto("/review")
    job = shown(page)
    page.route("**/verdict", lambda route: route.abort())
    page.keyboard.press("a")
    expect(page.get_by_role("alert")).to_contain_text("Not saved")
    assert (shown(page), page.locator(VERDICT).inner_text(), held(lab, job)[0]) == (job, "No verdict yet", "")
    page.unroute("**/verdict")

    def late(route: Route) -> None:
        say(lab, job, "reject", reason="somebody else was quicker")
        route.continue_()

    page.route("**/verdict", late, times=1)
    page.keyboard.press("a")
    expect(page.get_by_role("alert")).to_contain_text("Somebody has changed the review")
    expect(page.locator(VERDICT)).to_contain_text("somebody else was quicker")
    assert held(lab, job)[0] == "reject"


def test_next_and_previous_leave_verdicts_alone_and_the_picture_is_there_before(page: Page, lab: Lab) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto("/review")
    begun = shown(page)
    coming = page.locator(".reviewroom").get_attribute("data-coming") or "none"
    page.wait_for_function("name => performance.getEntriesByName(location.origin + name).length", arg=coming)
    assert any(url.endswith(coming) for url in fetched)
    page.keyboard.press("j")
    expect(page.locator(".reviewroom")).not_to_have_attribute("data-job", begun)
    assert page.locator("#review-picture").get_attribute("src") == coming
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".reviewroom")).to_have_attribute("data-job", begun)
    page.go_back()
    expect(page.locator(".reviewroom")).not_to_have_attribute("data-job", begun)
    assert queue(lab)["judged"] == 0
    here = shown(page)
    page.keyboard.press("i")
    page.wait_for_url(f"**/images/{here}")


def test_blinded_nothing_tells_what_it_is(page: Page, lab: Lab) -> None:
    here = queue(lab)["here"]
    assert isinstance(here, dict)
    page.goto("/review?blind=yes&order=flagged")
    told = page.locator("main").inner_text() + (page.locator("#review-picture").get_attribute("alt") or "")
    for word in (here["tile"]["name"], here["tile"]["plate_name"], "Found", "Flag\n"):
        assert word not in told
    page.keyboard.press("a")
    expect(page.locator(SAVED)).to_have_text("Saved: Accepted by dashboard")


def test_it_works_without_scripts(browser: Browser, lab: Lab) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto("/review")
        one = shown(page)
        page.get_by_role("button", name="Accept").click()
        expect(page.locator(SAVED)).to_contain_text("Accepted by dashboard")
        two = shown(page)
        page.locator("#review-rejecting summary").click()
        page.get_by_role("button", name="Out of focus").click()
        assert (held(lab, one)[0], held(lab, two)) == ("accept", ("reject", "Out of focus"))
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(VERDICT)).to_have_text("No verdict yet")
        page.get_by_role("link", name="Next").click()
        assert shown(page) not in (one, two)
        page.locator("#review-choice summary").click()
        page.get_by_label("Order").select_option("random")
        page.get_by_role("button", name="Show").click()
        assert "order=random&seed=" in page.url


def test_it_keeps_nobody_out(page: Page) -> None:
    page.goto("/review?order=flagged")
    page.keyboard.press("a")
    expect(page.locator(SAVED)).to_be_visible()
    page.keyboard.press("r")
    page.locator("#review-choice summary").click()
    assert barriers(page) == []


def test_single_letters_can_be_switched_off(page: Page, lab: Lab) -> None:
    page.goto("/review?keys=off")
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    assert queue(lab)["judged"] == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/review?at=00000000-0000-0000-0000-000000000000", 404),
        ("/review?at=%3Cb%3E", 404),
        ("/review?well=B07", 422),
        ("/review?where=%27", 422),
        ("/review?colour=red", 422),
        ("/review?order=best&seed=x&judged=perhaps&was=maybe", 200),
        ("/review?plate=nobody-has-it", 200),
    ],
)
def test_nonsense_gets_a_kind_page(lab: Lab, path: str, status: int) -> None:
    answer = lab.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert answer.text.count("<h1") == 1
    assert "Traceback" not in answer.text


def test_a_form_that_says_nonsense_changes_nothing(lab: Lab) -> None:
    job = first(lab)
    for form in (
        {"verdict": "maybe"},
        {},
        {"verdict": "accept", "revision": "99"},
        {"verdict": "accept", "back": "//x"},
    ):
        answer = requests.post(f"{lab.address}/review/{job}/verdict", form, timeout=30, allow_redirects=False)
        assert answer.status_code in (303, 400, 409, 422)
        assert answer.headers.get("location", "/review").startswith("/review")
    assert held(lab, job)[0] == "accept"


def test_a_jobs_input_comes_as_the_instrument_sent_it(lab: Lab) -> None:
    job = lab.get("/review.json?judged=any").json()["here"]["job"]
    sender = load_settings(next(lab.root.glob("**/run/settings.json"))).service_url("file_sender_gateway")
    address = f"{sender}/api/v2/jobs/{job['id']}/inputs"
    answer = requests.get(f"{address}/0", timeout=30)
    assert hashlib.sha256(answer.content).hexdigest() == job["source"]["sha256"]
    kept = requests.get(f"{address}/0", headers={"If-None-Match": answer.headers["ETag"]}, timeout=30)
    assert (kept.status_code, kept.content) == (304, b"")
    assert [requests.get(f"{address}/{index}", timeout=30).status_code for index in (1, -1, "x")] == [404, 404, 422]


def export(lab: Lab, to: Path, *words: str) -> Answer:
    config = next(lab.root.glob("**/run/settings.json"))
    return labrelay("review", "export", "--to", str(to), "--json", "--config", str(config), *words)


def test_what_is_accepted_becomes_a_training_set(lab: Lab, tmp_path: Path) -> None:
    jobs = [each["id"] for each in lab.get("/jobs.json?stage=complete&kind=image").json()["jobs"]]
    counted = [job for job in jobs if (lab.get(f"/images/{job}.json").json()["found"] or 0) > 2][:3]
    found = {job: int(lab.get(f"/images/{job}.json").json()["found"]) for job in counted}
    assert export(lab, tmp_path / "set").status == 2
    for job in counted:
        say(lab, job, "accept")
    say(lab, next(job for job in jobs if job not in counted), "reject")
    requests.post(f"{lab.address}/images/{counted[0]}/exclusions", {"exclude": "2"}, timeout=30)
    try:
        assert export(lab, tmp_path / "set").json == {"images": 3, "written": 3, "removed": 0, "left_out": []}
        told = json.loads((tmp_path / "set" / "manifest.json").read_text())["images"]
        by_job = {each["job"]: each for each in told}
        read = {each.stem: each for each in read_folder(tmp_path / "set")}
        counts = {job: read[Path(by_job[job]["image"]).stem].objects for job in counted}
        assert counts == {**found, counted[0]: found[counted[0]] - 1}
        one = by_job[counted[0]]
        assert (one["excluded"], one["by"], one["verdict"]) == ([2], "dashboard", "accept")
        assert len(one["model"]["sha256"]) == 64
        source = next(lab.root.glob(f"**/instrument/images/{one['path']}"))
        assert (tmp_path / "set" / "images" / one["image"]).read_bytes() == source.read_bytes()
        assert 2 not in np.unique(tifffile.imread(tmp_path / "set" / "labels" / one["labels"]))
        (tmp_path / "set" / "labels" / by_job[counted[1]]["labels"]).write_bytes(b"cut off")
        say(lab, counted[2], "")
        assert export(lab, tmp_path / "set").json == {"images": 2, "written": 1, "removed": 1, "left_out": []}
        assert {each.stem for each in read_folder(tmp_path / "set")} == {
            Path(by_job[job]["image"]).stem for job in counted[:2]
        }
    finally:
        requests.post(f"{lab.address}/images/{counted[0]}/exclusions", {"include": "2"}, timeout=30)
