"""The phases of a job over the real API: what it waited for, who went first, pauses, and what is usual."""

import hashlib
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from job_repository.phases.spans import detection, medians, spans_of
from labrelay.contracts.phases import PhaseName
from labrelay.settings import Settings
from tests.job_repository.conftest import SEALED, add_task, announce, job_of, receipt, report, take


@pytest.fixture
def settings(home: Settings) -> Settings:
    return home


@pytest.fixture
def api(shared: TestClient) -> TestClient:
    for task in shared.get("/api/v2/tasks").json()["items"]:
        shared.delete(f"/api/v2/tasks/{task['id']}")
    return shared


def waiting(api: TestClient, path: str, **more: Any) -> str:
    """A job whose bytes are there, in line."""
    digest = hashlib.sha256(path.encode()).hexdigest()
    capture = announce(api, path, digest, **more)
    answer = api.post(f"/api/v2/captures/{capture['capture_id']}/stored", json={"size": 3, "sha256": digest})
    assert answer.status_code == 200, answer.text
    take(api, capture["jobs"][0], "launch")
    return str(capture["jobs"][0])


def claim(api: TestClient, job_id: str) -> None:
    take(api, job_id, "claim", worker="w1", lease_s=60)


def finish(api: TestClient, job_id: str) -> None:
    attempt = job_of(api, job_id)["attempt"]
    take(api, job_id, "report", attempt=attempt, report=report())
    take(api, job_id, "finish", attempt=attempt, status="PipelineComplete")
    take(api, job_id, "seal", attempt=attempt, outputs=SEALED)
    take(api, job_id, "accept_return", attempt=attempt)
    take(api, job_id, "receive", receipt=receipt(job_of(api, job_id)))


def phases(api: TestClient, job_id: str) -> dict[str, Any]:
    answer = api.get(f"/api/v2/jobs/{job_id}/phases")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def named(api: TestClient, job_id: str, name: str) -> dict[str, Any]:
    return dict(next(each for each in phases(api, job_id)["items"] if each["phase"] == name))


def test_a_job_goes_its_whole_way_phase_by_phase(api: TestClient) -> None:
    add_task(api, pipeline="whole")
    written_ns = time.time_ns() - 2_000_000_000
    job_id = waiting(api, "whole/a.tif", modified_ns=written_ns)
    claim(api, job_id)
    finish(api, job_id)
    items = phases(api, job_id)["items"]
    way = ["detection", "transfer", "queue", "work", "sealing", "return", "receipt"]
    assert [each["phase"] for each in items] == way
    assert items[0]["began_ns"] == written_ns
    assert [each["began_ns"] for each in items[2:]] == [each["ended_ns"] for each in items[1:-1]], "without a gap"
    assert items[-1]["ended_by"] == "receive"


def test_a_queue_tells_how_many_stand_before_and_then_how_many_went_first(api: TestClient) -> None:
    add_task(api, pipeline="queue")
    jobs = [waiting(api, f"queue/{number}.tif") for number in range(4)]
    assert [named(api, each, "queue")["ahead"] for each in jobs] == [0, 1, 2, 3]
    for each in jobs:
        claim(api, each)
    queued = named(api, jobs[3], "queue")
    assert (queued["ahead"], queued["more_ahead"], queued["ended_by"]) == (3, False, "claim")


def test_a_pause_of_the_instrument_is_told_where_the_job_needs_it(api: TestClient) -> None:
    add_task(api, pipeline="pause")
    place = "/api/v2/instruments/paused-1/pause"
    capture = announce(api, "pause/a.tif", "d" * 64, instrument="paused-1")
    api.put(place, json={"paused": True, "by": "Ada", "reason": "acquisition"})
    (job_id,) = capture["jobs"]
    (held,) = named(api, job_id, "transfer")["pauses"]
    assert (held["by"], held["reason"], held["until_ns"]) == ("Ada", "acquisition", None)
    api.put(place, json={"paused": False, "by": "Bea"})
    (lifted,) = named(api, job_id, "transfer")["pauses"]
    assert lifted["until_ns"] >= lifted["since_ns"]
    other = waiting(api, "pause/b.tif", instrument="paused-1")
    assert named(api, other, "transfer")["pauses"] == [], "it came when the pause was over"


def test_what_is_usual_comes_from_completed_jobs_of_the_same_task_and_plate(api: TestClient) -> None:
    add_task(api, pipeline="usual")
    plate = {"attributes": {"plate": "U1"}}
    done = [waiting(api, f"usual/{number}.tif", **plate) for number in range(5)]
    assert named(api, done[0], "queue")["typical_ns"] is None, "too few"
    for each in done:
        claim(api, each)
        finish(api, each)
    late = waiting(api, "usual/late.tif", **plate)
    assert phases(api, late)["compared"] == 5
    assert named(api, late, "queue")["typical_ns"] > 0
    elsewhere = waiting(api, "usual/elsewhere.tif", attributes={"plate": "U2"})
    assert phases(api, elsewhere)["compared"] == 0


def test_an_unknown_job_is_not_found(api: TestClient) -> None:
    assert api.get("/api/v2/jobs/nothing/phases").status_code == 404


def event(seq: int, step: str, stage: str, attempt: int = 1, **detail: Any) -> dict[str, Any]:
    return {"seq": seq, "at_ns": seq * 10, "step": step, "stage": stage, "attempt": attempt, "detail": detail}


def test_steps_within_one_phase_are_one_span_and_a_relaunch_begins_another() -> None:
    found = spans_of(
        [
            event(1, "input_stored", "ready", 0),
            event(2, "launch", "launched", 0),
            event(3, "overdue", "launched", 0, reason="Nobody takes it."),
            event(4, "relaunch", "ready", 0),
            event(5, "launch", "launched", 0),
            event(6, "claim", "processing"),
            event(7, "fail", "failed"),
            event(9, "retry", "ready"),
        ]
    )
    assert [(span.phase, span.began, span.ended, span.ended_by) for span in found] == [
        (PhaseName.QUEUE, 1, 4, "relaunch"),
        (PhaseName.QUEUE, 4, 6, "claim"),
        (PhaseName.WORK, 6, 7, "fail"),
        (PhaseName.QUEUE, 9, None, ""),
    ]
    assert found[0].told == ("Nobody takes it.",)


@pytest.mark.parametrize(("modified_ns", "there"), [(0, False), (101, False), (100, True), (60, True)])
def test_a_detection_is_told_only_where_the_file_was_written_just_before(modified_ns: int, there: bool) -> None:
    assert (detection(modified_ns, 100) is not None) is there
    assert detection(1, 10**18) is None, "an old file that was copied here"


def test_a_median_takes_all_attempts_of_a_job_together() -> None:
    twice = spans_of([event(1, "claim", "processing"), event(3, "fail", "failed"), event(4, "claim", "processing", 2)])
    again = [*twice, *spans_of([event(5, "claim", "processing", 3), event(6, "report", "reported", 3)])]
    assert medians([again], 1)[PhaseName.WORK] == 30
    assert medians([again], 2) == {}
