"""The integrator's first five minutes: what a page offers is run in a shell, and real data come back.

The webhook isn't tried here: it stands in a lab's settings, not in a call; `tests/job_repository/alarms` has it.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import IO, Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.browsing import barriers, open_page
from tests.ui.lab import Lab

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]
SOON_S: Final = 120.0
"""On a busy machine."""
NAME: Final = "integrator/pushed_w1.tif"
KEY: Final = ("-H", "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324")


def shell(line: str, *more: str) -> Any:
    """What a line answers in a shell, with further words of ours behind its own."""
    words = f"{line} {shlex.join(more)}" if more else line
    done = subprocess.run(["/bin/sh", "-c", words], capture_output=True, text=True, timeout=SOON_S, check=True)
    return json.loads(done.stdout)


@contextmanager
def following(line: str) -> Iterator[Queue[str]]:
    """The lines of a stream, as they come."""
    heard: Queue[str] = Queue()
    process = subprocess.Popen(shlex.split(line), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    thread = Thread(target=_listen, args=(process.stdout, heard))
    thread.start()
    try:
        yield heard
    finally:
        process.kill()
        process.wait()
        thread.join()
        process.stdout.close()


def _listen(stream: IO[str], heard: "Queue[str]") -> None:
    for line in stream:
        heard.put(line)


def line_of(page: Page, method: str, path: str) -> str:
    """The command that the reference offers for a call, found as a person does."""
    page.goto("/api")
    page.get_by_label("Find calls").fill(f"{method} {path}")
    page.get_by_role("button", name="Find").click()
    call = page.locator("details.call").filter(has=page.get_by_text(path, exact=True)).filter(has_text=method).first
    if call.get_attribute("open") is None:
        call.locator("summary").click()
    return call.locator(".line code").text_content() or ""


def test_the_first_five_minutes(page: Page, lab: Lab) -> None:
    listing = read_the_jobs(page)
    push = line_of(page, "POST", "/api/v2/captures")
    image = next((lab.root / "demo").glob("*/instrument/images/SYNTHETIC*/*_w1.tif"))
    push = push.replace("FILE", shlex.quote(str(image))).replace("PATH", NAME)
    assert ":" in push, "no address"
    with following(line_of(page, "GET", "/api/v2/events")) as heard:
        assert heard.get(timeout=SOON_S).startswith("retry:")
        first = shell(push, *KEY)
        wait_for(heard, first["jobs"][0]["id"])
    again = shell(push, *KEY)
    assert (first["created"], again["created"]) == (True, False)
    assert (again["capture_id"], again["jobs"]) == (first["capture_id"], first["jobs"])
    made = shell(f"{listing}?path={NAME}")["items"]
    assert [each["id"] for each in made] == [each["id"] for each in first["jobs"]]
    provoke(page)


def read_the_jobs(page: Page) -> str:
    """The command of the page *Jobs* gives the demo's own data; from there a link leads to all calls."""
    page.goto("/jobs")
    page.locator(".shell summary").click()
    line: str = next(each for each in page.locator(".shell code").all_text_contents() if each.startswith("curl"))
    told = shell(line)["items"]
    assert any(each["source"]["path"].startswith("SYNTHETIC") for each in told)
    page.get_by_role("link", name="All calls of the HTTP API").click()
    expect(page.locator("h1")).to_have_text("HTTP API")
    return line


def wait_for(heard: "Queue[str]", job: str) -> None:
    """Something that happens to a job comes down the stream."""
    while job not in (said := heard.get(timeout=SOON_S)) or not said.startswith("data:"):
        pass


def provoke(page: Page) -> None:
    """The placeholder of a command is no job, and a verdict that nobody knows is refused: both say what to do."""
    missing = shell(line_of(page, "GET", "/api/v2/jobs/{job_id}"))
    assert (missing["code"], missing["status"], missing["retryable"]) == ("not_found", 404, False)
    assert missing["next_step"]
    told = line_of(page, "PUT", "/api/v2/jobs/{job_id}/verdict")
    crooked = shell(re.sub(r"--json '.*?'", """--json '{"verdict": "splendid"}'""", told))
    assert (crooked["code"], crooked["status"]) == ("unprocessable", 422)
    assert "verdict" in crooked["cause"]


def test_everybody_can_read_the_reference(page: Page) -> None:
    page.goto("/api?q=verdict")
    page.evaluate("document.querySelectorAll('details.call').forEach((each) => { each.open = true; })")
    assert barriers(page) == []


def test_a_call_is_found_by_its_address_without_scripts(browser: Browser, lab: Lab) -> None:
    with open_page(browser, lab.address, java_script_enabled=False) as page:
        page.goto("/api#job-repository-post-api-v2-actions")
        expect(page.get_by_text('curl -sS --json \'{"action": "retry"')).to_be_in_viewport()


def test_what_only_services_call_is_left_out(lab: Lab) -> None:
    told = lab.get("/api.json").json()["services"]
    paths = {each["service"]: each["document"]["paths"] for each in told}
    calls = [call for each in paths.values() for operations in each.values() for call in operations.values()]
    assert len(calls) > 120
    assert all(each["x-roles"] and each["x-roles"] != ["service"] for each in calls)
    assert "/api/v2/jobs/{job_id}/transitions" not in paths["job-repository"]
    assert paths["job-repository"]["/api/v2/captures"]["post"]["x-roles"] == ["instrument"]


def test_every_call_of_the_reference_says_what_it_does(lab: Lab) -> None:
    told = lab.get("/api.json").json()["services"]
    silent = {
        f"{method} {path}"
        for each in told
        for path, operations in each["document"]["paths"].items()
        for method, call in operations.items()
        if not call.get("description")
    }
    assert silent == set()
