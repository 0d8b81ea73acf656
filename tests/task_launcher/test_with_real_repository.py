"""The launcher with the real job repository and a real Redis: from an announced capture to sealed outputs."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from job_repository.app import create as create_repository
from labrelay.bus import LaunchConsumer
from labrelay.contracts.launches import Claim
from labrelay.http.client import Client
from labrelay.settings import Settings
from labrelay.settings.model import Launcher
from task_launcher.app import create
from tests.task_launcher.conftest import CONTENT, store_blob
from tests.task_launcher.double import Served

TASK = {"description": "all", "selector": {"==": [{"var": "InputFile.Extension"}, ".tiff"]}, "pipeline": "nuclei"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"launcher": Launcher(lease_s=1, attempts=2, window=2)})


@pytest.fixture
def live(settings: Settings, redis_url: str) -> Iterator[Client]:
    """The repository's client, with both services up."""
    ports = settings.ports
    with Served(create_repository(settings), ports.job_repository), Served(create(settings), ports.task_launcher):
        yield Client(settings.service_url("job_repository"))


@pytest.fixture
def launcher(live: Client, settings: Settings) -> Client:
    return Client(settings.service_url("task_launcher"))


@pytest.fixture
def worker(redis_url: str) -> Iterator[LaunchConsumer]:
    consumer = LaunchConsumer(redis_url, "nuclei", "worker-1")
    yield consumer
    consumer.close()


def announce(live: Client, settings: Settings, name: str = "A01.tiff", content: bytes = CONTENT) -> str:
    """The job of a capture whose bytes are in the store."""
    digest, _ = store_blob(settings, content)
    about = {
        "instrument": "reader-1",
        "folder": "input",
        "path": f"plate/{name}",
        "size": len(content),
        "sha256": digest,
    }
    accepted = live.post("/api/v2/captures", {**about, "host": "oem", "directory": "/in/plate/"})
    live.post(f"/api/v2/captures/{accepted['capture_id']}/stored", {"size": len(content), "sha256": digest})
    (job_id,) = accepted["jobs"]
    return str(job_id)


def take(worker: LaunchConsumer, launcher: Client) -> Claim:
    """Claim the next launch as an SDK worker does."""
    for _ in range(10):
        delivery = worker.take(1000)
        if delivery is not None:
            break
    assert delivery is not None
    body = {"job_id": delivery.launch.job_id, "epoch": delivery.launch.epoch, "worker": "worker-1"}
    claim = Claim.model_validate(launcher.post("/api/v2/claims", body))
    worker.acknowledge(delivery)
    return claim


def until(live: Client, job_id: str, *stages: str, seconds: float = 15.0) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while (job := live.get(f"/api/v2/jobs/{job_id}"))["stage"] not in stages:
        assert time.monotonic() < end, job
        time.sleep(0.02)
    found: dict[str, Any] = job
    return found


def test_a_capture_is_launched_claimed_reported_and_sealed(
    live: Client, launcher: Client, worker: LaunchConsumer, settings: Settings
) -> None:
    task = launcher.post("/api/v2/tasks", TASK)
    job_id = announce(live, settings)
    claim = take(worker, launcher)
    assert (claim.job_id, claim.task_id, claim.source_path) == (job_id, task["id"], "plate/A01.tiff")
    assert Path(claim.input_path).read_bytes() == CONTENT
    (Path(claim.output_folder) / "mask.tif").write_bytes(b"mask")
    digest = hashlib.sha256(b"mask").hexdigest()
    outputs = [{"DirName": claim.output_folder, "Name": "mask.tif", "Sha256": digest}]
    body = {"Status": "PipelineComplete", "Results": "CellCount, 3", "OutputFiles": outputs}
    assert requests.put(claim.job_update_url, json=body, timeout=10).status_code == 200
    assert requests.post(claim.status_url, data="PipelineComplete", timeout=10).status_code == 200
    job = until(live, job_id, "returning")
    assert [(output["name"], output["sha256"]) for output in job["outputs"]] == [("mask.tif", digest)]
    assert (settings.gateway_layout.outputs(job_id, claim.epoch, 1) / "mask.tif").read_bytes() == b"mask"
    assert requests.post(claim.status_url, data="PipelineComplete", timeout=10).status_code == 200
    assert not settings.gateway_layout.work(job_id, claim.epoch, 1).exists()


def test_a_silent_worker_is_replaced_and_refused_when_it_wakes(
    live: Client, launcher: Client, worker: LaunchConsumer, settings: Settings
) -> None:
    launcher.post("/api/v2/tasks", TASK)
    job_id = announce(live, settings)
    zombie, second = take(worker, launcher), take(worker, launcher)
    assert (zombie.job_id, second.attempt) == (second.job_id, 2)
    report = {"Status": "PipelineComplete", "Results": "late"}
    assert requests.put(zombie.job_update_url, json=report, timeout=10).status_code == 409
    assert requests.post(zombie.renew_url, timeout=10).status_code == 409
    assert requests.post(zombie.status_url, data="PipelineComplete", timeout=10).status_code == 409
    assert requests.put(second.job_update_url, json={**report, "Results": "good"}, timeout=10).status_code == 200
    assert requests.post(second.status_url, data="PipelineComplete", timeout=10).status_code == 200
    assert until(live, job_id, "complete")["report"]["results"] == "good"


def test_after_all_attempts_the_job_fails_and_can_be_retried(
    live: Client, launcher: Client, worker: LaunchConsumer, settings: Settings
) -> None:
    launcher.post("/api/v2/tasks", TASK)
    job_id = announce(live, settings)
    for _ in range(settings.launcher.attempts):
        take(worker, launcher)
    job = until(live, job_id, "failed")
    assert job["failure"]["code"] == "pipeline_gave_no_answer"
    live.post(f"/api/v2/jobs/{job_id}/retry", {})
    assert take(worker, launcher).attempt == settings.launcher.attempts + 1


def test_explain_and_announcement_agree(live: Client, launcher: Client, settings: Settings) -> None:
    task = launcher.post("/api/v2/tasks", TASK)
    asked = {"path": "plate/A01.tiff", "instrument": "reader-1", "attributes": {}}
    assert launcher.post("/api/v2/explain", asked)["taken_by"] == [task["id"]]
    assert live.get(f"/api/v2/jobs/{announce(live, settings)}")["task"]["id"] == task["id"]
    assert launcher.post("/api/v2/explain", {**asked, "path": "plate/A01.png"})["taken_by"] == []


def test_a_task_over_the_v1_interface_takes_files_and_keeps_its_versions(live: Client, launcher: Client) -> None:
    body = {"Description": "old", "JobSelector": "true", "PipelineId": "only-file"}
    identity = launcher.request("POST", "/api/v1/task", json=body).text
    launcher.request("PUT", "/api/v1/task", json={"Id": identity, "Description": "new"})
    (row,) = live.get("/api/v2/tasks")["items"]
    assert (row["id"], row["description"], row["version"], row["carrier"]) == (identity, "new", 2, "streams")
    launcher.request("DELETE", f"/api/v1/task/{identity}")
    assert launcher.request("GET", "/api/v1/task").status_code == 204
