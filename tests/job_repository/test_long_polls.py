"""What an owner owns: at once when it changed, fair between instruments, with times."""

import threading
from typing import Any

from fastapi.testclient import TestClient

from labrelay.settings import Settings
from tests.job_repository.conftest import add_task, announce, job_of, put_blob, take, until_claimed


def owned(api: TestClient, owner: str = "task-launcher", **params: Any) -> dict[str, Any]:
    answer = api.get("/api/v2/owned", params={"owner": owner, **params})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def later(call: Any) -> threading.Thread:
    thread = threading.Timer(0.3, call)
    thread.start()
    return thread


def test_a_waiting_owner_hears_of_a_new_job(api: TestClient) -> None:
    add_task(api)
    since = owned(api, "file-sender-oem", instrument="reader1")["seq"]
    thread = later(lambda: announce(api))
    heard = owned(api, "file-sender-oem", instrument="reader1", since=since, wait=30)
    thread.join()
    assert [each["job"]["source"]["path"] for each in heard["jobs"]] == ["plate/A1.tif"]
    assert heard["seq"] > since


def test_an_owner_hears_of_a_job_that_leaves(api: TestClient) -> None:
    job_id = until_claimed(api)
    since = owned(api)["seq"]
    thread = later(lambda: api.post(f"/api/v2/jobs/{job_id}/cancel"))
    assert owned(api, since=since, wait=30)["jobs"] == []
    thread.join()


def test_without_a_change_the_wait_ends_with_the_current_list(api: TestClient) -> None:
    until_claimed(api)
    since = owned(api)["seq"]
    assert len(owned(api, since=since, wait=0.2)["jobs"]) == 1


def test_another_pipelines_jobs_are_not_shown(api: TestClient) -> None:
    until_claimed(api)
    assert owned(api, pipeline="cells")["jobs"] == []
    assert len(owned(api, pipeline="nuclei")["jobs"]) == 1


def test_a_long_queue_hides_neither_claims_nor_other_instruments(api: TestClient, settings: Settings) -> None:
    put_blob(settings)
    claimed = until_claimed(api)
    for number in range(6):
        announce(api, path=f"plate/{number}.tif")
    other = settings.gateway_layout.input_blob("reader2", "a" * 64)
    other.parent.mkdir(parents=True)
    other.write_bytes(b"abc")
    announce(api, instrument="reader2")
    jobs = [each["job"] for each in owned(api, limit=3)["jobs"]]
    assert jobs[0]["id"] == claimed
    assert {job["source"]["instrument"] for job in jobs[1:]} == {"reader1", "reader2"}


def test_a_claim_has_a_lease_that_can_be_renewed(api: TestClient) -> None:
    job_id = until_claimed(api)
    job = job_of(api, job_id)
    body = {"epoch": job["epoch"], "attempt": 1, "lease_s": 120}
    assert api.post(f"/api/v2/jobs/{job_id}/lease", json=body).json()["lease_s"] > 100
    (mine,) = owned(api)["jobs"]
    assert mine["lease_left_s"] > 100
    assert mine["claim_age_s"] >= 0
    stale = api.post(f"/api/v2/jobs/{job_id}/lease", json={**body, "attempt": 7})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_attempt")


def test_aicsds_pipelines_get_the_deadline_as_lease(api: TestClient) -> None:
    until_claimed(api, carrier="aicsd-redis", processing_deadline_s=333)
    assert 300 < owned(api)["jobs"][0]["lease_left_s"] <= 333


def test_an_unclaimed_job_has_no_lease(api: TestClient, settings: Settings) -> None:
    put_blob(settings)
    add_task(api)
    announce(api)
    (mine,) = owned(api)["jobs"]
    assert (mine["lease_left_s"], mine["claim_age_s"]) == (None, None)


def test_a_wait_for_a_job_ends_with_it(api: TestClient) -> None:
    job_id = until_claimed(api)
    thread = later(lambda: api.post(f"/api/v2/jobs/{job_id}/cancel"))
    assert api.get(f"/api/v2/jobs/{job_id}", params={"wait": 30}).json()["stage"] == "cancelled"
    thread.join()


def test_wanted_inputs_are_told_while_they_are_missing(api: TestClient) -> None:
    add_task(api)
    thread = later(lambda: announce(api))
    wanted = api.get("/api/v2/captures/wanted", params={"instrument": "reader1", "wait": 30}).json()["wanted"]
    thread.join()
    assert [each["path"] for each in wanted] == ["plate/A1.tif"]


def test_an_overdue_mark_keeps_the_age_and_clears(api: TestClient, settings: Settings) -> None:
    put_blob(settings)
    add_task(api)
    job_id = announce(api)["jobs"][0]
    assert take(api, job_id, "overdue", reason="The pipeline is absent.")["overdue"]
    assert take(api, job_id, "launch")["overdue"] == ""


def test_nobody_is_asked_for_the_bytes_of_a_pushed_capture(api: TestClient) -> None:
    add_task(api)
    announce(api, returns="none")
    assert api.get("/api/v2/captures/wanted", params={"instrument": "reader1"}).json()["wanted"] == []
    assert len(owned(api, "file-sender-oem")["jobs"]) == 1
