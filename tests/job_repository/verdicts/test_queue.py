"""The queue of images to judge: its orders, its neighbours, its progress, and the list of what was judged."""

import itertools
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.job_repository.conftest import SEALED, SHA_B, add_task, announce, job_of, receipt, report, stored, take

PLATES = itertools.count(1)
FLAGGED = {1, 3}


@pytest.fixture(scope="module")
def api(shared: TestClient) -> TestClient:
    add_task(shared)
    return shared


@pytest.fixture
def folder(api: TestClient) -> str:
    return f"plate{next(PLATES)}"


@pytest.fixture
def jobs(api: TestClient, folder: str) -> list[str]:
    """Five images, newest last; the second and the fourth are flagged."""
    return [_sealed(api, f"{folder}/{number}.tif", "debris" if number in FLAGGED else "passed") for number in range(5)]


def _sealed(api: TestClient, path: str, flags: str) -> str:
    capture = announce(api, path=path)
    stored(api, capture)
    job_id = str(capture["jobs"][0])
    take(api, job_id, "launch")
    take(api, job_id, "claim", worker="w1", lease_s=15)
    _finish(api, job_id, {**report(), "qc_flags": flags}, SEALED)
    return job_id


def _finish(api: TestClient, job_id: str, told: dict[str, Any], outputs: list[dict[str, Any]]) -> None:
    attempt = job_of(api, job_id)["attempt"]
    take(api, job_id, "report", attempt=attempt, report=told)
    take(api, job_id, "finish", attempt=attempt, status="PipelineComplete")
    take(api, job_id, "seal", attempt=attempt, outputs=outputs)


def queue(api: TestClient, folder: str, **asked: Any) -> dict[str, Any]:
    answer = api.get("/api/v2/reviews/queue", params={"path": folder, **asked})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def order(api: TestClient, folder: str, **asked: Any) -> list[str]:
    """All ids, as somebody goes through them."""
    found: list[str] = []
    here = queue(api, folder, **asked)["here"]
    while here and here["job"]["id"] not in found:
        found.append(here["job"]["id"])
        here = queue(api, folder, at=found[-1], **asked)["next"]
    return found


def judge(api: TestClient, job_id: str, verdict: str) -> None:
    assert api.put(f"/api/v2/jobs/{job_id}/verdict", json={"verdict": verdict, "by": "Ada"}).status_code == 200


def test_the_newest_comes_first_and_what_is_judged_leaves(api: TestClient, folder: str, jobs: list[str]) -> None:
    assert order(api, folder) == jobs[::-1]
    judge(api, jobs[4], "accept")
    judge(api, jobs[2], "unsure")
    told = queue(api, folder)
    assert (told["here"]["job"]["id"], told["place"], told["waiting"], told["judged"], told["total"]) == (
        jobs[3],
        1,
        3,
        2,
        5,
    )
    assert order(api, folder, judged="yes") == [jobs[4], jobs[2]]
    assert order(api, folder, judged="any") == jobs[::-1]


def test_a_judged_image_has_its_neighbours_still(api: TestClient, folder: str, jobs: list[str]) -> None:
    judge(api, jobs[2], "reject")
    told = queue(api, folder, at=jobs[2])
    assert (told["place"], told["previous"], told["next"]["job"]["id"]) == (0, jobs[3], jobs[1])
    assert told["here"]["review"]["verdict"] == "reject"
    assert queue(api, folder, at=jobs[0])["next"]["job"]["id"] == jobs[4]


def test_flagged_images_come_first(api: TestClient, folder: str, jobs: list[str]) -> None:
    assert order(api, folder, order="flagged") == [jobs[3], jobs[1], jobs[4], jobs[2], jobs[0]]
    assert queue(api, folder, order="flagged")["here"]["tile"]["flags"] == ["debris"]


def test_a_sample_is_drawn_by_lot_and_stays(api: TestClient, folder: str, jobs: list[str]) -> None:
    drawn = order(api, folder, order="random", seed=7)
    assert sorted(drawn) == sorted(jobs)
    assert len({tuple(order(api, folder, order="random", seed=seed)) for seed in range(5)}) > 1
    judge(api, drawn[0], "accept")
    assert order(api, folder, order="random", seed=7) == drawn[1:]


def test_the_last_one_has_nobody_after_it_and_an_empty_queue_nobody_at_all(api: TestClient, folder: str) -> None:
    assert queue(api, folder)["here"] is None
    only = _sealed(api, f"{folder}/only.tif", "passed")
    assert (queue(api, folder)["next"], queue(api, folder)["previous"]) == (None, None)
    judge(api, only, "accept")
    told = queue(api, folder)
    assert (told["here"], told["waiting"], told["judged"], told["total"]) == (None, 0, 1, 1)


def test_new_results_of_a_job_wait_again(api: TestClient, folder: str, jobs: list[str]) -> None:
    judge(api, jobs[1], "accept")
    assert queue(api, folder)["judged"] == 1
    job_id = jobs[1]
    take(api, job_id, "accept_return", attempt=1)
    take(api, job_id, "receive", receipt=receipt(job_of(api, job_id)))
    assert queue(api, folder)["judged"] == 1
    api.post(f"/api/v2/jobs/{job_id}/reprocess", json={"actor": "Ada"})
    if job_of(api, job_id)["stage"] == "awaiting_input":
        stored(api, job_of(api, job_id)["source"])
    take(api, job_id, "launch")
    take(api, job_id, "claim", worker="w1", lease_s=15)
    _finish(api, job_id, report(), [{**SEALED[0], "sha256": SHA_B}])
    assert queue(api, folder)["judged"] == 0
    assert api.get("/api/v2/reviews", params={"path": folder}).json()["items"] == []


def test_what_was_judged_is_listed_page_by_page(api: TestClient, folder: str, jobs: list[str]) -> None:
    for job_id, verdict in zip(jobs, ["accept", "reject", "accept", "unsure", ""], strict=True):
        judge(api, job_id, verdict)
    first = api.get("/api/v2/reviews", params={"path": folder, "limit": 3}).json()
    second = api.get("/api/v2/reviews", params={"path": folder, "limit": 3, "after": first["next"]}).json()
    assert [each["job"]["id"] for each in first["items"] + second["items"]] == jobs[3::-1]
    assert second["next"] is None
    accepted = api.get("/api/v2/reviews", params={"path": folder, "verdict": "accept"}).json()["items"]
    assert [each["review"]["by"] for each in accepted] == ["Ada", "Ada"]


@pytest.mark.parametrize("asked", [{"order": "best"}, {"seed": -1}, {"colour": "red"}, {"judged": "maybe"}])
def test_nonsense_is_refused(api: TestClient, asked: dict[str, Any]) -> None:
    assert api.get("/api/v2/reviews/queue", params=asked).status_code in (400, 422)


def test_an_unknown_image_is_not_found(api: TestClient) -> None:
    assert api.get("/api/v2/reviews/queue", params={"at": "nobody"}).status_code == 404
