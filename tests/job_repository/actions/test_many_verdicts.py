"""The same verdict on many jobs: frozen, in the name of who ran it, and once only."""

import hashlib
import json
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from job_repository.actions.store import ActionStore
from job_repository.app import create
from labrelay.settings import Settings
from tests.job_repository.actions.test_actions import ended, fail, preview, run
from tests.job_repository.conftest import SEALED, add_task, announce, job_of, report, stored, take
from tests.job_repository.test_record import sql


@pytest.fixture
def at(request: pytest.FixtureRequest) -> str:
    """The folder of one test's files."""
    return f"verdict/{request.node.name}/"


@pytest.fixture(scope="module")
def api(shared: TestClient) -> TestClient:
    add_task(shared)
    return shared


def counted(api: TestClient, at: str, number: int) -> str:
    """A job with sealed results that are on their way back."""
    digest = hashlib.sha256(f"{at} {number}".encode()).hexdigest()
    capture = announce(api, f"{at}{number}.tif", digest)
    stored(api, capture, digest)
    job_id = str(capture["jobs"][0])
    take(api, job_id, "launch")
    take(api, job_id, "claim", worker="w1", lease_s=15)
    seal(api, job_id)
    return job_id


def seal(api: TestClient, job_id: str) -> None:
    attempt = job_of(api, job_id)["attempt"]
    take(api, job_id, "report", attempt=attempt, report=report())
    take(api, job_id, "finish", attempt=attempt, status="PipelineComplete")
    take(api, job_id, "seal", attempt=attempt, outputs=SEALED)


def said(api: TestClient, job_id: str) -> tuple[str, str, str]:
    review = api.get(f"/api/v2/jobs/{job_id}/verdict").json()
    return review["verdict"], review["by"], review["reason"]


def say(api: TestClient, job_id: str, verdict: str) -> None:
    answer = api.put(f"/api/v2/jobs/{job_id}/verdict", json={"verdict": verdict, "by": "Cy"})
    assert answer.status_code == 200, answer.text


def audited(settings: Settings, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    rows = sql(settings, "SELECT subject, actor, body FROM audit WHERE kind = 'verdict' ORDER BY number")
    return [(actor, json.loads(body)) for subject, actor, body in rows if subject == job_id]


def test_results_are_judged_in_the_name_of_who_ran_it_and_jobs_without_results_are_left_out(
    api: TestClient, home: Settings, at: str
) -> None:
    jobs = [counted(api, at, number) for number in range(3)]
    fail(api, at, 7)
    found = preview(api, "accept", path=[at])
    assert (found["total"], found["left_out"]) == (3, {"failed": 1})
    assert {each["told"] for each in found["first"]} == {"it is marked as accepted"}
    assert {said(api, job)[0] for job in jobs} == {""}
    late = counted(api, at, 9)
    done = run(api, found)
    assert (done["state"], done["done"], done["skipped"]) == ("done", 3, 0)
    assert {said(api, job) for job in jobs} == {("accept", "Bea", "lamp changed")}
    assert said(api, late)[0] == ""
    for job in jobs:
        (act,) = audited(home, job)
        assert (act[0], act[1]["verdict"], act[1]["action"]) == ("Bea", "accept", found["id"])
    assert api.get("/api/v2/audit/verify").json()["intact"]


def test_a_verdict_that_is_so_already_changes_nothing(api: TestClient, home: Settings, at: str) -> None:
    same, other = counted(api, at, 1), counted(api, at, 2)
    say(api, same, "reject")
    say(api, other, "unsure")
    found = preview(api, "reject", path=[at])
    told = {each["job_id"]: each["told"] for each in found["first"]}
    assert told == {
        same: "nothing changes: it is rejected already, by Cy",
        other: "it is marked as rejected instead of unsure (by Cy)",
    }
    assert run(api, found)["done"] == 2
    assert (said(api, same), len(audited(home, same))) == (("reject", "Cy", ""), 1)
    assert said(api, other) == ("reject", "Bea", "lamp changed")


def test_what_was_judged_or_worked_on_anew_since_the_preview_is_left_alone(api: TestClient, at: str) -> None:
    judged, taken_back, again, still = (counted(api, at, number) for number in range(4))
    say(api, taken_back, "accept")
    found = preview(api, "unsure", path=[at])
    say(api, judged, "reject")
    say(api, taken_back, "")
    take(api, again, "fail", failure={"code": "x", "cause": "It stopped.", "next_step": "Look.", "retryable": True})
    assert api.post(f"/api/v2/jobs/{again}/reprocess", json={"actor": "Cy"}).status_code == 200
    done = run(api, found)
    told = {each["job_id"]: each["told"] for each in done["skips"]}
    assert (done["done"], done["skipped"], set(told)) == (1, 3, {judged, taken_back, again})
    assert told[judged].endswith("it is rejected now (by Cy)")
    assert told[taken_back].endswith("it is without a verdict now")
    assert [said(api, job)[0] for job in (judged, taken_back, still)] == ["reject", "", "unsure"]


def test_an_interrupted_verdict_goes_on_and_is_audited_once(
    settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between the verdicts of its batch and their marks, as by kill -9."""

    def killed(*_: Any) -> None:
        raise SystemExit

    with TestClient(create(settings)) as api:
        add_task(api)
        jobs = [counted(api, "plate/", number) for number in range(3)]
        found = preview(api, "accept", path=["plate/"])
        with monkeypatch.context() as patch:
            patch.setattr(ActionStore, "mark", killed)
            patch.setattr("threading.excepthook", lambda _: None)
            assert api.post(f"/api/v2/actions/{found['id']}/run").status_code == 202
            end = time.monotonic() + 20
            while said(api, jobs[-1])[0] == "":
                assert time.monotonic() < end
                time.sleep(0.02)
            api.app.state.repository.actions._loop._thread.join(20)  # type: ignore[attr-defined]
    with TestClient(create(settings)) as api:
        done = ended(api, found["id"])
        assert (done["state"], done["done"], done["skipped"]) == ("done", 3, 0)
        assert {said(api, job)[0] for job in jobs} == {"accept"}
    assert [len(audited(settings, job)) for job in jobs] == [1, 1, 1]
