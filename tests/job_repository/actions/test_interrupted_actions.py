"""An act on many jobs is interrupted, and goes on where it stopped."""

import time
from typing import Any

import pytest
import redis
from fastapi.testclient import TestClient

from job_repository.actions import runner
from job_repository.actions.store import ActionStore
from job_repository.app import create
from labrelay.settings import Settings
from tests.job_repository.actions.test_actions import ended, fail, preview
from tests.job_repository.conftest import add_task, job_of


@pytest.mark.parametrize("loses_redis", [False, True])
def test_an_interrupted_action_goes_on_where_it_stopped(
    settings: Settings, redis_url: str, loses_redis: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between the acts of its first batch and their marks, as by kill -9; Redis may be lost besides."""
    monkeypatch.setattr(runner, "BATCH", 2)

    def killed(*_: Any) -> None:
        raise SystemExit

    with TestClient(create(settings)) as api:
        add_task(api)
        jobs = [fail(api, "plate/", number) for number in range(5)]
        found = preview(api, stage=["failed"])
        with monkeypatch.context() as patch:
            patch.setattr(ActionStore, "mark", killed)
            patch.setattr("threading.excepthook", lambda _: None)
            assert api.post(f"/api/v2/actions/{found['id']}/run").status_code == 202
            end = time.monotonic() + 20
            while job_of(api, jobs[1])["stage"] == "failed":
                assert time.monotonic() < end
            api.app.state.repository.actions._loop._thread.join(20)  # type: ignore[attr-defined]
    if loses_redis:
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
    with TestClient(create(settings)) as api:
        done = ended(api, found["id"])
        assert (done["state"], done["done"], done["skipped"]) == ("done", 5, 0)
        for job in jobs:
            steps = [each["step"] for each in api.get(f"/api/v2/jobs/{job}/timeline").json()["events"]]
            assert steps.count("retry") == 1
            assert job_of(api, job)["stage"] == "awaiting_input"
