"""Acts on many jobs: a frozen preview, exactly these jobs, also over a crash and a loss of Redis in the middle."""

import hashlib
import json
import shlex
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from job_repository.actions.store import ActionStore
from job_repository.jobs.recovery import Person
from labrelay.settings import Settings
from tests.job_repository.conftest import add_task, announce, job_of, put_blob, take
from tests.job_repository.plates.samples import Plate
from tests.job_repository.test_record import sql

FAILURE = {"code": "pipeline_failed", "cause": "It stopped.", "next_step": "Look.", "retryable": True}


def fail(api: TestClient, at: str, number: int, code: str = "pipeline_failed", **more: Any) -> str:
    """A job that failed; its bytes never came."""
    digest = hashlib.sha256(f"{at} {number}".encode()).hexdigest()
    (job_id,) = announce(api, f"{at}{number}.tif", digest, **more)["jobs"]
    take(api, job_id, "fail", failure={**FAILURE, "code": code})
    return str(job_id)


def preview(api: TestClient, action: str = "retry", expect: int = 201, **wanted: Any) -> dict[str, Any]:
    body = {"action": action, "filter": wanted, "actor": "Ada", "reason": "lamp changed"}
    answer = api.post("/api/v2/actions", json=body)
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


def run(api: TestClient, found: dict[str, Any]) -> dict[str, Any]:
    """Run it, and wait for its end."""
    answer = api.post(f"/api/v2/actions/{found['id']}/run", json={"actor": "Bea"})
    assert answer.status_code == 202, answer.text
    return ended(api, found["id"])


def ended(api: TestClient, action_id: str) -> dict[str, Any]:
    end = time.monotonic() + 20
    while (seen := dict(api.get(f"/api/v2/actions/{action_id}").json()))["state"] == "running":
        assert time.monotonic() < end, seen
        time.sleep(0.02)
    return seen


@pytest.fixture
def settings(home: Settings) -> Settings:
    """The tests of this file share one repository; each has a place of its own in it."""
    return home


@pytest.fixture
def api(shared: TestClient) -> TestClient:
    for task in shared.get("/api/v2/tasks").json()["items"]:
        shared.delete(f"/api/v2/tasks/{task['id']}")
    return shared


@pytest.fixture
def at(request: pytest.FixtureRequest) -> str:
    """The folder of one test's files."""
    return f"{request.node.name}/"


@pytest.fixture
def failed(api: TestClient, at: str) -> list[str]:
    add_task(api)
    return [fail(api, at, number) for number in range(3)]


def test_a_preview_tells_which_jobs_why_they_failed_and_what_would_happen(
    api: TestClient, at: str, failed: list[str]
) -> None:
    other = fail(api, at, 3, "image_unreadable", instrument="reader2")
    announce(api, f"{at}live.tif", "d" * 64)
    found = preview(api, path=[at])
    assert (found["state"], found["total"], found["waiting"]) == ("previewed", 4, 4)
    assert (found["stages"], found["left_out"]) == ({"failed": 4}, {"awaiting_input": 1})
    assert found["instruments"] == {"reader1": 3, "reader2": 1}
    assert [(each["code"], each["count"], each["cause"]) for each in found["causes"]] == [
        ("pipeline_failed", 3, "It stopped."),
        ("image_unreadable", 1, "It stopped."),
    ]
    assert [each["job_id"] for each in found["first"]] == [*failed, other]
    assert {each["told"] for each in found["first"]} == {"the instrument is asked for its bytes once more"}
    assert found["where"] == shlex.quote(f"path={at}")
    assert {job_of(api, job)["stage"] for job in [*failed, other]} == {"failed"}


def test_only_what_was_previewed_is_done_and_audited_with_person_and_reason(
    api: TestClient, settings: Settings, at: str, failed: list[str]
) -> None:
    found = preview(api, stage=["failed"], path=[at])
    late = fail(api, at, 9)
    done = run(api, found)
    assert (done["state"], done["done"], done["skipped"], done["waiting"]) == ("done", 3, 0, 0)
    assert {job_of(api, job)["stage"] for job in failed} == {"awaiting_input"}
    assert job_of(api, late)["stage"] == "failed"
    acts = [(kind, who, json.loads(body)) for kind, who, body in sql(settings, "SELECT kind, actor, body FROM audit")]
    begun = [(who, body) for kind, who, body in acts if kind == "action_running"][-1]
    assert (begun[0], begun[1]["jobs"], begun[1]["where"]) == ("Bea", 3, shlex.join(["stage=failed", f"path={at}"]))
    assert begun[1]["reason"] == "lamp changed"
    retries = [(who, body) for kind, who, body in acts if kind == "retry"]
    mine = [(who, body["reason"]) for who, body in retries if body["action"] == found["id"]]
    assert mine == [("Bea", "lamp changed")] * 3
    assert api.get("/api/v2/audit/verify").json()["intact"]


def test_a_job_that_changed_since_is_left_alone_and_named(api: TestClient, at: str, failed: list[str]) -> None:
    found = preview(api, stage=["failed"], path=[at])
    assert api.post(f"/api/v2/jobs/{failed[1]}/retry", json={"actor": "Cy"}).status_code == 200
    take(api, failed[1], "fail", failure=FAILURE)
    done = run(api, found)
    assert (done["done"], done["skipped"]) == (2, 1)
    (skip,) = done["skips"]
    assert skip["job_id"] == failed[1]
    assert "changed since the preview" in skip["told"]
    assert job_of(api, failed[1])["stage"] == "failed"
    listed = api.get(f"/api/v2/actions/{found['id']}/jobs", params={"outcome": "skipped"}).json()
    assert [each["job_id"] for each in listed["items"]] == [failed[1]]


def test_running_it_again_does_nothing_more(api: TestClient, at: str, failed: list[str]) -> None:
    found = preview(api, stage=["failed"], path=[at])
    run(api, found)
    for job in failed:
        take(api, job, "fail", failure=FAILURE)
    assert run(api, found)["done"] == 3
    assert {job_of(api, job)["stage"] for job in failed} == {"failed"}


def test_a_stopped_action_leaves_the_rest_alone_and_cannot_be_run(api: TestClient, at: str, failed: list[str]) -> None:
    found = preview(api, stage=["failed"], path=[at])
    assert api.post(f"/api/v2/actions/{found['id']}/stop").json()["state"] == "stopped"
    answer = api.post(f"/api/v2/actions/{found['id']}/run")
    assert (answer.status_code, answer.json()["code"]) == (409, "action_over")
    assert {job_of(api, job)["stage"] for job in failed} == {"failed"}


def test_what_names_nothing_or_nobody_is_refused(api: TestClient) -> None:
    assert preview(api, expect=422)["code"] == "filter_invalid"
    assert preview(api, expect=422, stage=["eaten"])["code"] == "unprocessable"
    assert preview(api, expect=422, sate=["failed"])["code"] == "unprocessable"
    nobody = "/api/v2/actions/00000000-0000-0000-0000-000000000000"
    assert api.get(nobody).status_code == api.post(f"{nobody}/run").status_code == 404


def test_cancelled_jobs_are_retried_only_where_they_are_named(api: TestClient, at: str, failed: list[str]) -> None:
    (job_id,) = announce(api, f"{at}stopped.tif", "e" * 64)["jobs"]
    api.post(f"/api/v2/jobs/{job_id}/cancel")
    assert preview(api, path=[at])["left_out"] == {"cancelled": 1}
    assert preview(api, stage=["cancelled"], path=[at])["total"] == 1
    assert preview(api, job=[job_id[:8]])["total"] == 1


def test_jobs_that_go_their_way_are_cancelled_all_the_same_but_not_one_that_ended(
    api: TestClient, settings: Settings, at: str
) -> None:
    add_task(api)
    digests = [hashlib.sha256(f"{at} {number}".encode()).hexdigest() for number in range(3)]
    captures = [announce(api, f"{at}{number}.tif", digests[number]) for number in range(3)]
    found = preview(api, "cancel", path=[at])
    put_blob(settings, digests[0])
    url = f"/api/v2/captures/{captures[0]['capture_id']}/stored"
    assert api.post(url, json={"size": 3, "sha256": digests[0]}).status_code == 200
    take(api, captures[1]["jobs"][0], "fail", failure=FAILURE)
    done = run(api, found)
    assert (done["done"], done["skipped"]) == (2, 1)
    stages = [job_of(api, capture["jobs"][0])["stage"] for capture in captures]
    assert stages == ["cancelled", "failed", "cancelled"]


def test_unmatched_files_are_reprocessed_when_a_task_takes_them(api: TestClient, at: str) -> None:
    (job_id,) = announce(api, f"{at}1.tif")["jobs"]
    assert (
        preview(api, "reprocess", stage=["unmatched"], path=[at])["first"][0]["told"]
        == "left alone: no task takes it today"
    )
    add_task(api)
    found = preview(api, "reprocess", stage=["unmatched"], path=[at])
    assert found["first"][0]["told"] == "it begins again with count nuclei (version 1)"
    assert run(api, found)["done"] == 1
    assert job_of(api, job_id)["stage"] == "awaiting_input"


def test_a_set_goes_on_once_whichever_of_its_members_are_meant(shared: TestClient, home: Settings) -> None:
    plate = Plate.fresh(shared, home)
    jobs = plate.arrive_all()
    take(shared, jobs[1], "fail", failure=FAILURE)
    plate.reach(["failed"] * 3, *jobs)
    found = preview(shared, path=[f"{plate.name}/"])
    assert found["total"] == 3
    done = run(shared, found)
    assert (done["done"], done["skipped"]) == (3, 0)
    assert plate.stages(*jobs) == ["joined", "ready", "joined"]
    retries = [shared.get(f"/api/v2/jobs/{job}/timeline").json()["events"] for job in jobs]
    assert sum(event["step"] == "retry" for events in retries for event in events) == 1
    cancelled = run(shared, preview(shared, "cancel", path=[f"{plate.name}/"]))
    assert (cancelled["done"], cancelled["skipped"]) == (3, 0)
    assert plate.stages(*jobs) == ["cancelled"] * 3


def test_after_a_crash_between_act_and_mark_a_set_isnt_taken_for_changed(shared: TestClient, home: Settings) -> None:
    plate = Plate.fresh(shared, home)
    jobs = plate.arrive_all()
    take(shared, jobs[1], "fail", failure=FAILURE)
    plate.reach(["failed"] * 3, *jobs)
    found = preview(shared, path=[f"{plate.name}/"])
    repo = shared.app.state.repository  # type: ignore[attr-defined]
    repo.recovery.retry(jobs[0], Person("Bea", "", found["id"]))  # what the loop did before it was killed
    assert (run(shared, found)["done"], plate.stages(*jobs)) == (3, ["joined", "ready", "joined"])


def test_previews_that_nobody_runs_are_forgotten(api: TestClient, at: str, failed: list[str]) -> None:
    found = preview(api, path=[at])
    store = ActionStore(*(getattr(api.app.state.repository, name) for name in ("record", "audit")))  # type: ignore[attr-defined]
    store.forget(found["created_ns"])
    assert api.get(f"/api/v2/actions/{found['id']}").status_code == 200
    store.forget(found["created_ns"] + 1)
    assert api.get(f"/api/v2/actions/{found['id']}").status_code == 404
