"""What people say of results: kept in the record, told in the audit, gone with the results that it was said of."""

import itertools
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from job_repository.record.models import AuditRow
from tests.job_repository.conftest import SEALED, SHA_B, add_task, announce, job_of, receipt, report, stored, take

COUNTED = {**report(), "measurements": {"count": 312.0}}
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def api(shared: TestClient) -> TestClient:
    add_task(shared)
    return shared


def claimed(api: TestClient) -> str:
    capture = announce(api, path=f"plate/{next(NUMBERS)}.tif")
    stored(api, capture)
    job_id = str(capture["jobs"][0])
    begin(api, job_id)
    return job_id


def begin(api: TestClient, job_id: str) -> None:
    take(api, job_id, "launch")
    take(api, job_id, "claim", worker="w1", lease_s=15)


def sealed(api: TestClient) -> str:
    return seal(api, claimed(api), SEALED)


def seal(api: TestClient, job_id: str, outputs: list[dict[str, Any]]) -> str:
    attempt = job_of(api, job_id)["attempt"]
    take(api, job_id, "report", attempt=attempt, report=COUNTED)
    take(api, job_id, "finish", attempt=attempt, status="PipelineComplete")
    take(api, job_id, "seal", attempt=attempt, outputs=outputs)
    return job_id


def put(api: TestClient, job_id: str, what: str, **body: Any) -> dict[str, Any]:
    return dict(api.put(f"/api/v2/jobs/{job_id}/{what}", json={"by": "Ada", **body}).json())


def acts(api: TestClient, job_id: str) -> list[tuple[str, str, str]]:
    row = AuditRow.__table__.c
    with api.app.state.repository.record.read() as connection:  # type: ignore[attr-defined]
        query = select(row.kind, row.actor, row.body).where(
            row.subject == job_id, row.kind.in_(("verdict", "exclusions"))
        )
        return [tuple(each) for each in connection.execute(query.order_by(row.number))]


def test_a_verdict_is_given_taken_back_and_told_in_the_audit(api: TestClient) -> None:
    job_id = sealed(api)
    before = job_of(api, job_id)
    assert put(api, job_id, "verdict", verdict="reject", reason="out of focus")["verdict"] == "reject"
    seen = api.get(f"/api/v2/jobs/{job_id}/verdict")
    assert (seen.json()["by"], seen.json()["reason"], seen.headers["etag"]) == ("Ada", "out of focus", '"1"')
    undone = put(api, job_id, "verdict", verdict="")
    assert (undone["verdict"], undone["by"], undone["revision"]) == ("", "", 2)
    assert [act[:2] for act in acts(api, job_id)] == [("verdict", "Ada")] * 2
    assert job_of(api, job_id) == before
    assert api.get("/api/v2/audit/verify").json()["intact"]


def test_excluded_objects_leave_the_count_and_come_back(api: TestClient) -> None:
    job_id = sealed(api)
    put(api, job_id, "exclusions", objects=[7])
    review = put(api, job_id, "exclusions", objects=[7, 9, 7], by="Lin", reason="dust")
    assert (review["found"], review["corrected_count"]) == (312, 310)
    assert [(each["object"], each["by"]) for each in review["excluded"]] == [(7, "Ada"), (9, "Lin")]
    assert put(api, job_id, "exclusions", objects=[9])["corrected_count"] == 311
    assert '"excluded":[9]' in acts(api, job_id)[1][2]
    assert '"included":[7]' in acts(api, job_id)[2][2]


def test_the_same_again_changes_nothing(api: TestClient) -> None:
    job_id = sealed(api)
    for _ in range(2):
        assert put(api, job_id, "exclusions", objects=[1, 2])["revision"] == 1
        assert put(api, job_id, "exclusions", objects=[2, 1])["revision"] == 1
    assert len(acts(api, job_id)) == 1


def test_who_saw_an_older_review_is_told_so(api: TestClient) -> None:
    job_id = sealed(api)
    put(api, job_id, "exclusions", objects=[1], revision=0)
    refused = api.put(f"/api/v2/jobs/{job_id}/exclusions", json={"objects": [2], "revision": 0})
    assert (refused.status_code, refused.json()["code"], refused.json()["revision"]) == (409, "review_changed", 1)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("exclusions", {"objects": [0]}),
        ("exclusions", {"objects": list(range(1, 314))}),
        ("exclusions", {"objects": [1], "colour": "red"}),
        ("verdict", {"verdict": "maybe"}),
        ("verdict", {"verdict": "accept", "reason": "two\nlines"}),
    ],
)
def test_nonsense_is_refused(api: TestClient, what: str, body: dict[str, Any]) -> None:
    job_id = sealed(api)
    assert api.put(f"/api/v2/jobs/{job_id}/{what}", json=body).status_code == 422
    assert api.get(f"/api/v2/jobs/{job_id}/verdict").json()["revision"] == 0


def test_nothing_can_be_said_of_results_that_are_not_there(api: TestClient) -> None:
    job_id = claimed(api)
    answer = api.put(f"/api/v2/jobs/{job_id}/verdict", json={"verdict": "accept"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_results_yet")
    assert api.get(f"/api/v2/jobs/{job_id}/verdict").json()["corrected_count"] is None


def test_another_run_has_other_results_of_which_nothing_was_said(api: TestClient) -> None:
    job_id = sealed(api)
    put(api, job_id, "exclusions", objects=[3])
    put(api, job_id, "verdict", verdict="accept")
    take(api, job_id, "accept_return", attempt=1)
    take(api, job_id, "receive", receipt=receipt(job_of(api, job_id)))
    api.post(f"/api/v2/jobs/{job_id}/reprocess", json={})
    if job_of(api, job_id)["stage"] == "awaiting_input":
        stored(api, job_of(api, job_id)["source"])
    begin(api, job_id)
    seal(api, job_id, [{**SEALED[0], "sha256": SHA_B}])
    review = api.get(f"/api/v2/jobs/{job_id}/verdict").json()
    assert (review["verdict"], review["excluded"], review["corrected_count"]) == ("", [], 312)
    assert put(api, job_id, "verdict", verdict="unsure")["revision"] == 3


def test_reviews_of_several_jobs_come_in_one_answer(api: TestClient) -> None:
    job_id = sealed(api)
    unknown = "00000000-0000-0000-0000-000000000000"
    assert api.get(f"/api/v2/verdicts?ids={job_id},{unknown}").json() == {"items": []}
    review = put(api, job_id, "exclusions", objects=[1])
    assert api.get(f"/api/v2/verdicts?ids={unknown},{job_id}").json() == {"items": [review]}
    assert api.get("/api/v2/verdicts?ids=x").status_code == 422
