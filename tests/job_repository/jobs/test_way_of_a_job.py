"""A job from the announcement to its receipt, over HTTP."""

from typing import Any

import redis
from fastapi.testclient import TestClient

from labrelay.bus import LaunchConsumer, launch_stream
from labrelay.settings import Settings
from tests.job_repository.conftest import (
    SHA_B,
    SHA_OUT,
    add_task,
    announce,
    job_of,
    receipt,
    report,
    stored,
    take,
    until_claimed,
    until_returning,
)


def test_a_job_becomes_complete_with_the_receipt(api: TestClient) -> None:
    job_id = until_returning(api)
    take(api, job_id, "accept_return", attempt=1)
    done = take(api, job_id, "receive", receipt=receipt(job_of(api, job_id)))
    assert (done["stage"], done["outputs"][0]["returned_path"]) == ("complete", "plate/labels.tif")


def test_a_receipt_with_another_digest_is_refused(api: TestClient) -> None:
    job_id = until_returning(api)
    wrong = receipt(job_of(api, job_id), SHA_B)
    assert take(api, job_id, "receive", receipt=wrong, expect=409)["code"] == "digest_mismatch"
    assert job_of(api, job_id)["stage"] == "returning"


def test_results_only_completes_at_finish(api: TestClient) -> None:
    job_id = until_claimed(api)
    take(api, job_id, "report", attempt=1, report=report(outputs=False))
    assert take(api, job_id, "finish", attempt=1, status="PipelineComplete")["stage"] == "complete"


def test_a_failed_report_with_outputs_brings_them_back_and_fails(api: TestClient) -> None:
    job_id = until_returning(api, "PipelineFailed")
    done = take(api, job_id, "receive", receipt=receipt(job_of(api, job_id)))
    assert (done["stage"], done["failure"]["code"]) == ("failed", "pipeline_failed")


def test_a_repeated_step_gets_the_first_answer(api: TestClient) -> None:
    job_id = until_claimed(api)
    first = take(api, job_id, "report", attempt=1, report=report())
    again = take(api, job_id, "report", attempt=1, report=report())
    assert first == again
    other = take(api, job_id, "report", attempt=1, report=report("PipelineFailed"), expect=409)
    assert other["code"] == "other_content"


def test_an_attempt_that_was_taken_away_changes_nothing(api: TestClient) -> None:
    job_id = until_claimed(api)
    take(api, job_id, "relaunch", attempt=1, reason="silent")
    take(api, job_id, "launch")
    take(api, job_id, "claim", worker="w2", lease_s=15)
    refused = take(api, job_id, "report", attempt=1, report=report(), expect=409)
    assert refused["code"] == "stale_attempt"
    assert job_of(api, job_id)["stage"] == "processing"


def test_a_launch_stands_on_the_stream_once(api: TestClient, settings: Settings) -> None:
    add_task(api)
    capture = announce(api)
    stored(api, capture)
    job_id = capture["jobs"][0]
    launch = {"job_id": job_id, "epoch": capture["epoch"], "pipeline": "nuclei", "claim_url": "http://x/claims"}
    take(api, job_id, "launch", launch=launch)
    take(api, job_id, "launch", launch=launch)
    with redis.Redis.from_url(settings.redis_url) as client:
        assert client.xlen(launch_stream("nuclei")) == 1
    consumer = LaunchConsumer(settings.redis_url, "nuclei", "w1")
    delivery = consumer.take(100)
    consumer.close()
    assert delivery is not None
    assert delivery.launch.job_id == job_id


def test_a_claim_repeated_by_its_worker_is_the_same_claim(api: TestClient) -> None:
    job_id = until_claimed(api)
    assert take(api, job_id, "claim", worker="w1", lease_s=15)["attempt"] == 1
    assert take(api, job_id, "claim", worker="w2", lease_s=15, expect=409)["code"] == "not_in_stage"


def test_a_failed_job_goes_on_where_it_can(api: TestClient, settings: Settings) -> None:
    job_id = until_claimed(api)
    failure = {"code": "lease_ended", "cause": "x", "next_step": "y", "retryable": True, "owner": "task-launcher"}
    assert take(api, job_id, "fail", attempt=1, failure=failure)["stage"] == "failed"
    again = api.post(f"/api/v2/jobs/{job_id}/retry").json()
    assert (again["stage"], again["attempt"], again["launches"]) == ("awaiting_input", 1, 0)


def test_a_sealed_job_that_failed_on_the_way_back_is_returned_again(api: TestClient, settings: Settings) -> None:
    job_id = until_returning(api)
    job = job_of(api, job_id)
    folder = settings.gateway_layout.outputs(job_id, job["epoch"], 1)
    folder.mkdir(parents=True)
    (folder / "labels.tif").write_bytes(b"12345")
    assert api.post(f"/api/v2/jobs/{job_id}/cancel", json={"reason": "oops"}).json()["stage"] == "cancelled"
    assert api.post(f"/api/v2/jobs/{job_id}/retry").json()["stage"] == "returning"


def test_a_pushed_capture_is_complete_when_sealed(api: TestClient) -> None:
    add_task(api)
    capture = announce(api, returns="none")
    stored(api, capture)
    job_id = capture["jobs"][0]
    take(api, job_id, "launch")
    take(api, job_id, "claim", worker="w1", lease_s=15)
    take(api, job_id, "report", attempt=1, report=report())
    take(api, job_id, "finish", attempt=1, status="PipelineComplete")
    sealed = [{"name": "labels.tif", "size": 5, "sha256": SHA_OUT}]
    assert take(api, job_id, "seal", attempt=1, outputs=sealed)["stage"] == "complete"


def test_a_finished_job_is_reprocessed_with_todays_task(api: TestClient) -> None:
    job_id = until_claimed(api)
    take(api, job_id, "report", attempt=1, report=report(outputs=False))
    take(api, job_id, "finish", attempt=1, status="PipelineComplete")
    task = api.get("/api/v2/tasks").json()["items"][0]
    draft: dict[str, Any] = {k: v for k, v in task.items() if k not in ("id", "version", "updated_ns")}
    api.put(f"/api/v2/tasks/{task['id']}", json={**draft, "parameters": {"diameter": "30"}})
    again = api.post(f"/api/v2/jobs/{job_id}/reprocess").json()
    assert (again["task"]["version"], again["report"], again["stage"]) == (2, None, "awaiting_input")
