"""Redis loses everything, falls back, restarts: nothing is lost, and the fence moves on."""

import time
from pathlib import Path
from typing import Any

import pytest
import redis
from fastapi.testclient import TestClient

from job_repository.app import create
from job_repository.record.projection import apply_events
from job_repository.repository import Repository
from labrelay.contracts.captures import Announcement
from labrelay.contracts.tasks import TaskDraft
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.settings import Settings
from tests.job_repository.conftest import (
    add_task,
    announce,
    announcement,
    job_of,
    put_blob,
    receipt,
    report,
    stored,
    take,
    until_claimed,
    until_returning,
)


@pytest.fixture
def store(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url, decode_responses=True)


def recorded(api: TestClient) -> None:
    """Everything until now is in the record."""
    api.get("/api/v2/summary")


def step(api: TestClient, job_id: str, body: dict[str, Any]) -> Any:
    return api.post(f"/api/v2/jobs/{job_id}/transitions", json={"step": body}).json()


def test_a_flushed_store_comes_back_under_a_new_epoch(api: TestClient, store: redis.Redis, settings: Settings) -> None:
    put_blob(settings)
    job_id = until_claimed(api)
    before = job_of(api, job_id)
    recorded(api)
    store.flushall()
    after = job_of(api, job_id)
    assert (after["stage"], after["epoch"], after["attempt"]) == ("ready", before["epoch"] + 1, 1)
    late = {"step": "report", "epoch": before["epoch"], "attempt": 1, "report": report()}
    assert step(api, job_id, late)["code"] == "stale_attempt"


def test_without_its_bytes_a_restored_job_waits_for_them(api: TestClient, store: redis.Redis) -> None:
    add_task(api)
    capture = announce(api)
    stored(api, capture)
    recorded(api)
    store.flushall()
    assert job_of(api, capture["jobs"][0])["stage"] == "awaiting_input"
    wanted = api.get("/api/v2/captures/wanted", params={"instrument": "reader1"}).json()
    assert [each["capture_id"] for each in wanted["wanted"]] == [capture["capture_id"]]


def test_sealed_outputs_are_returned_after_the_loss(api: TestClient, store: redis.Redis, settings: Settings) -> None:
    job_id = until_returning(api)
    job = job_of(api, job_id)
    folder = settings.gateway_layout.outputs(job_id, job["epoch"], 1)
    folder.mkdir(parents=True)
    (folder / "labels.tif").write_bytes(b"12345")
    recorded(api)
    store.flushall()
    back = job_of(api, job_id)
    assert back["stage"] == "returning"
    assert (settings.gateway_layout.outputs(job_id, back["epoch"], 1) / "labels.tif").read_bytes() == b"12345"
    assert take(api, job_id, "receive", receipt=receipt(back))["stage"] == "complete"


def test_numbers_go_on_and_finished_jobs_stay_finished(api: TestClient, store: redis.Redis) -> None:
    finished = announce(api)["jobs"][0]
    recorded(api)
    before = api.get("/api/v2/epoch").json()
    store.flushall()
    after = api.get("/api/v2/epoch").json()
    assert (after["epoch"], after["seq"] >= before["seq"]) == (before["epoch"] + 1, True)
    assert job_of(api, finished)["stage"] == "unmatched"


def test_an_older_store_is_replaced_by_the_record(api: TestClient, settings: Settings) -> None:
    put_blob(settings)
    add_task(api)
    first = announce(api)["jobs"][0]
    recorded(api)
    raw = _raw(settings)
    old = {key: raw.dump(key) for key in raw.keys("jobs:*")}
    second = announce(api, path="plate/later.tif")["jobs"][0]
    take(api, first, "launch")
    recorded(api)
    _put_back(raw, old)
    assert {job_of(api, each)["stage"] for each in (first, second)} == {"ready"}
    assert api.get("/api/v2/epoch").json()["epoch"] == 2


def _raw(settings: Settings) -> Any:
    return redis.Redis.from_url(settings.redis_url)


def _put_back(raw: Any, old: dict[bytes, bytes]) -> None:
    raw.flushall()
    for key, value in old.items():
        raw.restore(key, 0, value)


def test_a_restarted_redis_goes_on_where_it_was(settings: Settings, tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "redis", settings.redis.port)
    server.start()
    with TestClient(create(settings), client=("127.0.0.1", 1), raise_server_exceptions=False) as api:
        job_id = until_claimed(api)
        server.stop()
        down = api.get(f"/api/v2/jobs/{job_id}")
        assert (down.status_code, down.json()["code"]) == (503, "service_unavailable")
        server.start()
        job = job_of(api, job_id)
        assert (job["stage"], job["epoch"]) == ("processing", 1)
    server.stop()


def test_a_capture_that_was_taken_on_while_redis_was_away_gets_its_jobs(settings: Settings, tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "redis", settings.redis.port)
    server.start()
    with TestClient(create(settings), raise_server_exceptions=False) as api:
        add_task(api)
        since = api.get("/api/v2/epoch").json()["seq"]
        server.stop()
        assert api.post("/api/v2/captures", json=announcement()).status_code == 503
        server.start()
        params: dict[str, str | int] = {"owner": "file-sender-oem", "since": since, "wait": 30}
        while not (jobs := api.get("/api/v2/owned", params=params).json()["jobs"]):
            pass
        assert announce(api)["jobs"] == [jobs[0]["job"]["id"]]
    server.stop()


def test_a_restarted_repository_takes_up_what_it_had(settings: Settings, redis_url: str) -> None:
    with TestClient(create(settings)) as api:
        job_id = until_claimed(api)
    with TestClient(create(settings)) as api:
        assert job_of(api, job_id)["stage"] == "processing"
        owned = api.get("/api/v2/owned", params={"owner": "task-launcher", "since": 0}).json()
        assert owned["epoch"] == 1
        assert 0 < owned["jobs"][0]["lease_left_s"] <= settings.launcher.lease_s


def test_a_capture_without_jobs_gets_them_at_the_next_start(settings: Settings, redis_url: str) -> None:
    """As after a crash between the record's commit and the live store's."""
    crashed = Repository(settings)
    crashed.record.open()
    crashed.tasks.create(TaskDraft(description="all", selector=True, pipeline="nuclei"), "test")
    capture, _ = crashed.captures.store.announce(_announcement(), crashed.captures._plan)
    crashed.record.close()
    with TestClient(create(settings)) as api:
        params: dict[str, str | int] = {"owner": "file-sender-oem", "since": 0, "wait": 30}
        while not (jobs := api.get("/api/v2/owned", params=params).json()["jobs"]):
            pass
        assert (jobs[0]["job"]["id"], jobs[0]["job"]["stage"]) == (capture.jobs[0].id, "awaiting_input")


def _announcement() -> Announcement:
    return Announcement.model_validate(announcement())


def test_finished_jobs_leave_the_live_store_once_recorded(api: TestClient, store: redis.Redis) -> None:
    announce(api)
    recorded(api)
    for _ in range(50):
        if not store.keys("jobs:job:*") and store.xlen("jobs:events") == 0:
            break
        recorded(api)
    assert store.keys("jobs:job:*") == []
    assert store.xlen("jobs:events") == 0


def test_what_a_crash_left_after_recording_is_let_go_at_the_next_start(
    settings: Settings, redis_url: str, store: redis.Redis
) -> None:
    crashed = Repository(settings)
    crashed.record.open()
    crashed.captures.announce(_announcement())
    with crashed.record.write() as connection:
        apply_events(connection, crashed.live.events(0, 100))
    crashed.close()
    assert store.keys("jobs:job:*")
    with TestClient(create(settings)) as api:
        end = time.monotonic() + 30
        while store.keys("jobs:job:*") and time.monotonic() < end:
            recorded(api)
        assert store.keys("jobs:job:*") == []
        assert api.get("/api/v2/summary").json()["stages"]["unmatched"] == 1
