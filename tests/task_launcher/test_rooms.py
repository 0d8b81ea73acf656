"""The smaller rooms: switches that survive, the registry's view, and the sweep of private folders."""

import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from labrelay.contracts.states import Stage
from labrelay.errors import NotFound
from labrelay.http.client import Client
from labrelay.retention import Clearing
from labrelay.settings import Settings
from labrelay.settings.retention import AttemptRule
from task_launcher.app import create
from task_launcher.attempts import layout_of
from task_launcher.jobs import Jobs
from task_launcher.registry import Registry
from task_launcher.sweeping import Sweep
from task_launcher.switches import Mode, Switches, SwitchesUnreadable
from tests.task_launcher.double import Repository, Served, a_job


def test_pauses_and_priorities_survive_a_restart(tmp_path: Path) -> None:
    before = Switches(tmp_path / "launcher.json")
    before.set_mode("nuclei", Mode.PAUSED)
    before.set_mode("cells", Mode.DRAINING)
    before.set_mode("cells", Mode.RUNNING)
    before.set_first(frozenset({"P1"}))
    after = Switches(tmp_path / "launcher.json")
    assert (after.mode("nuclei"), after.mode("cells"), after.first) == (Mode.PAUSED, Mode.RUNNING, frozenset({"P1"}))


@pytest.mark.parametrize("content", ["{", "[]", '{"modes": {"a": "odd"}, "first": []}'])
def test_damaged_switches_are_named_and_not_forgotten(tmp_path: Path, content: str) -> None:
    file = tmp_path / "launcher.json"
    file.write_text(content)
    with pytest.raises(SwitchesUnreadable, match=r"launcher\.json"):
        Switches(file)


def registry(port: int, rows: Any) -> FastAPI:
    app = FastAPI()

    @app.get("/api/v1/pipelines")
    def pipelines() -> Any:
        return rows

    return app


def test_the_registry_tells_who_is_alive(free_port: int) -> None:
    rows = [{"subscriptionTopic": "nuclei", "status": "alive"}, {"subscriptionTopic": "cells", "status": "silent"}]
    with Served(registry(free_port, rows), free_port):
        view = Registry(Client(f"http://127.0.0.1:{free_port}", retries=0))
        assert [view.alive(topic) for topic in ("nuclei", "cells", "other")] == [True, False, False]
    assert view.alive("nuclei") is True


def test_without_a_registry_nobody_knows(free_port: int) -> None:
    assert Registry(Client(f"http://127.0.0.1:{free_port}", retries=0)).alive("nuclei") is None


def test_only_folders_of_attempts_that_hold_their_job_stay(
    settings: Settings, jobs: Jobs, repository: Repository
) -> None:
    layout = layout_of(settings)
    held = repository.add(a_job(stage=Stage.PROCESSING, attempt=2))
    done = repository.add(a_job(stage=Stage.COMPLETE, attempt=1))
    kept = layout.work(held.id, 1, 2)
    gone = [layout.work(held.id, 1, 1), layout.work(done.id, 1, 1), layout.work("unknown", 1, 1)]
    for folder in (kept, *gone):
        (folder / "output").mkdir(parents=True)
    assert Clearing(Sweep(layout, jobs, AttemptRule())).run("test").goes.count == 3
    assert kept.is_dir()
    assert not any(folder.exists() for folder in gone)
    assert sorted(path.name for path in (layout.root / "work").iterdir()) == [held.id]


def test_an_unknown_job_is_told_apart_from_a_silent_repository(jobs: Jobs) -> None:
    with pytest.raises(NotFound):
        jobs.job("nothing")


def test_readiness_says_that_the_repository_is_away(settings: Settings) -> None:
    with Served(create(settings), settings.ports.task_launcher):
        client = Client(settings.service_url("task_launcher"))
        assert client.get("/api/v2/ping")["serviceName"] == "task-launcher"
        end = time.monotonic() + 10
        while (answer := client.session.get(client.base_url + "/readyz", timeout=5)).status_code == 200:
            assert time.monotonic() < end
        assert "doesn't answer" in answer.json()["reason"]
