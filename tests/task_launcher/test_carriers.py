"""AiCSD's carriers on a real Redis: a pipeline that knows no claims gets its work, or the job waits and says so."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from labrelay.bus.aicsd import parse_launch
from labrelay.contracts.aicsd import PipelineParameters
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.http.client import Client
from labrelay.settings import Settings
from task_launcher import launching
from tests.task_launcher.conftest import CONTENT, store_blob
from tests.task_launcher.double import Repository, a_job, a_task

TOPIC = "geti/model"


@pytest.fixture(autouse=True)
def _short_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "QUIET_S", 0.2)


@pytest.fixture
def live(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


def legacy_job(repository: Repository, settings: Settings, **more: Any) -> Job:
    digest, _ = store_blob(settings)
    return repository.add(a_job(a_task(TOPIC, carrier="aicsd-redis", **more), sha256=digest))


def heard(subscription: Any, seconds: float = 8.0) -> PipelineParameters:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        message = subscription.get_message(ignore_subscribe_messages=True, timeout=0.2)
        if message:
            return parse_launch(message["data"])
    raise AssertionError("no launch was heard")


def listen(live: redis.Redis, pattern: str = "geti.*") -> Any:
    subscription = live.pubsub()  # type: ignore[no-untyped-call]
    subscription.psubscribe(pattern)
    assert subscription.get_message(timeout=2)
    return subscription


def test_a_pipeline_of_aicsd_gets_the_launch_and_finishes_unmodified(
    live: redis.Redis, repository: Repository, settings: Settings, launcher: Client
) -> None:
    subscription = listen(live)
    job = legacy_job(repository, settings, parameters={"Brightness": "0"})
    launch = heard(subscription)
    assert Path(launch.input_file_location).read_bytes() == CONTENT
    assert launch.model_params == {"Brightness": "0"}
    (Path(launch.output_file_folder) / "A01-sim.tiff").write_bytes(b"out")
    body = {
        "Status": "PipelineComplete",
        "OutputFiles": [{"DirName": launch.output_file_folder, "Name": "A01-sim.tiff"}],
    }
    assert requests.put(launch.job_update_url, json=body, timeout=10).status_code == 200
    assert requests.post(launch.pipeline_status_url, data="PipelineComplete", timeout=10).status_code == 200
    assert repository.wait(job.id, Stage.RETURNING).outputs[0].name == "A01-sim.tiff"


def test_while_nobody_listens_the_job_waits_says_so_and_uses_up_no_launches(
    live: redis.Redis, repository: Repository, settings: Settings, launcher: Client
) -> None:
    job = legacy_job(repository, settings)
    _until(lambda: repository.jobs[job.id].overdue == f"No pipeline listens on {TOPIC}.")
    time.sleep(0.5)
    assert (repository.stage(job.id), repository.jobs[job.id].launches) == (Stage.READY, 0)
    subscription = listen(live)
    assert heard(subscription).pipeline_status_url
    assert repository.jobs[job.id].overdue == ""


def test_a_launch_that_only_others_could_hear_is_taken_back(
    live: redis.Redis, repository: Repository, settings: Settings, launcher: Client
) -> None:
    other = listen(live, "some.other.*")
    job = legacy_job(repository, settings)
    _until(lambda: (job.id, "relaunch") in repository.steps and repository.stage(job.id) is Stage.READY)
    _until(lambda: repository.jobs[job.id].overdue != "")
    right = listen(live, "geti.model")
    assert heard(right).pipeline_status_url
    other.close()


def test_a_launch_that_was_cut_off_by_a_crash_is_taken_up_again(
    live: redis.Redis, repository: Repository, settings: Settings, request: pytest.FixtureRequest
) -> None:
    digest, _ = store_blob(settings)
    task = a_task(TOPIC, carrier="aicsd-redis")
    job = repository.add(a_job(task, sha256=digest, stage=Stage.LAUNCHED, launches=1))
    subscription = listen(live)
    request.getfixturevalue("launcher")
    assert heard(subscription).pipeline_status_url
    assert repository.wait(job.id, Stage.PROCESSING).worker == "aicsd"


def test_an_aicsd_pipeline_keeps_its_job_until_the_deadline_and_not_longer(
    live: redis.Redis, repository: Repository, settings: Settings, launcher: Client
) -> None:
    subscription = listen(live)
    job = legacy_job(repository, settings, processing_deadline_s=100)
    heard(subscription)
    repository.age(90)
    time.sleep(1.2)
    assert repository.stage(job.id) is Stage.PROCESSING
    repository.age(20)
    assert "attempt=1.2" in heard(subscription).pipeline_status_url


def test_without_redis_the_job_waits(repository: Repository, settings: Settings, launcher: Client) -> None:
    job = legacy_job(repository, settings)
    _until(lambda: "message bus" in repository.jobs[job.id].overdue)
    assert repository.stage(job.id) is Stage.READY


def _until(condition: Any, seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
