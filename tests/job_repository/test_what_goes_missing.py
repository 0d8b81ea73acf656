"""What goes missing on the way is noticed: a journal, half of a batch, an instrument's side, a launch."""

import time
from typing import Any

from fastapi.testclient import TestClient

from job_repository.app import create
from job_repository.record.projection import apply_events
from job_repository.repository import Repository
from labrelay.contracts.captures import Announcement
from labrelay.contracts.tasks import TaskDraft
from labrelay.settings import Settings
from labrelay.settings.model import Launcher
from tests.job_repository.conftest import (
    SHA_A,
    SHA_B,
    add_task,
    announce,
    announcement,
    job_of,
    stored,
    take,
    until_claimed,
)


def test_a_lost_journal_and_contents_a_b_a_are_still_three_captures(api: TestClient) -> None:
    add_task(api)
    first = announce(api, modified_ns=1)
    second = announce(api, sha256=SHA_B, predecessor=first["capture_id"], modified_ns=2)
    without_journal = api.post("/api/v2/captures", json=announcement(sha256=SHA_A, modified_ns=3))
    problem = without_journal.json()
    assert (without_journal.status_code, problem["last_capture_id"]) == (409, second["capture_id"])
    third = announce(api, predecessor=problem["last_capture_id"], modified_ns=3)
    assert (third["generation"], third["created"]) == (3, True)


def test_a_journal_that_announces_all_again_gets_the_same_captures(api: TestClient) -> None:
    first = announce(api, modified_ns=1)
    second = announce(api, sha256=SHA_B, predecessor=first["capture_id"], modified_ns=2)
    assert announce(api, modified_ns=1)["capture_id"] == first["capture_id"]
    again = announce(api, sha256=SHA_B, predecessor=first["capture_id"], modified_ns=2)
    assert (again["capture_id"], again["created"]) == (second["capture_id"], False)


def test_a_capture_of_which_only_one_job_was_recorded_gets_the_other_again(settings: Settings, redis_url: str) -> None:
    """The live store is lost when the record holds the first half of a batch."""
    crashed = Repository(settings)
    crashed.record.open()
    for also in (False, True):
        crashed.tasks.create(TaskDraft(description="t", selector=True, pipeline="nuclei", also=also), "test")
    accepted = crashed.captures.announce(Announcement.model_validate(announcement()))
    with crashed.record.write() as connection:
        apply_events(connection, crashed.live.events(0, 1))
    crashed.live._redis.flushall()
    crashed.record.close()
    with TestClient(create(settings)) as api:
        assert len(accepted.jobs) == 2
        assert waiting(api) == set(accepted.jobs)


def waiting(api: TestClient) -> set[str]:
    """Jobs that wait for their bytes, once there are two of them."""
    end, params = time.monotonic() + 10, {"owner": "file-sender-oem"}
    while len(jobs := api.get("/api/v2/owned", params=params).json()["jobs"]) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    return {each["job"]["id"] for each in jobs}


def test_a_job_that_waits_for_an_absent_instrument_is_flagged_and_waits_on(settings: Settings, redis_url: str) -> None:
    impatient = settings.model_copy(update={"launcher": Launcher(overdue_s=0.2)})
    with TestClient(create(impatient)) as api:
        add_task(api)
        capture = announce(api)
        assert "instrument's side" in flagged(api, capture["jobs"][0])["overdue"]
        stored(api, capture)
        assert (job_of(api, capture["jobs"][0])["stage"], job_of(api, capture["jobs"][0])["overdue"]) == ("ready", "")


def flagged(api: TestClient, job_id: str) -> dict[str, Any]:
    """The job, once it is marked as overdue."""
    end = time.monotonic() + 10
    while not (job := job_of(api, job_id))["overdue"] and time.monotonic() < end:
        time.sleep(0.02)
    return job


def test_a_launch_that_nobody_took_is_sent_again_without_counting_as_an_attempt(api: TestClient) -> None:
    add_task(api)
    capture = announce(api)
    stored(api, capture)
    job_id = capture["jobs"][0]
    take(api, job_id, "launch")
    again = take(api, job_id, "relaunch", attempt=0, reason="nobody took it")
    assert (again["stage"], again["launches"]) == ("ready", 0)
    assert take(api, job_id, "launch")["launches"] == 1


def test_an_attempt_that_was_taken_away_counts(api: TestClient) -> None:
    job_id = until_claimed(api)
    assert take(api, job_id, "relaunch", attempt=1, reason="silent")["launches"] == 1
