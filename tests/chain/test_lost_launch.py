"""A launch whose message vanished from the bus is sent again while its pipeline is alive."""

import hashlib
import time
from collections.abc import Iterator

import pytest

from job_repository.app import create as create_repository
from labrelay.bus import Delivery, LaunchConsumer
from labrelay.http.client import Client
from labrelay.settings import Settings
from labrelay.settings.model import Launcher
from pipelines.registry.app import create as create_registry
from task_launcher.app import create as create_launcher
from tests.chain.one_loop import OneLoop
from tests.task_launcher.conftest import CONTENT, store_blob


@pytest.fixture
def gateway(settings: Settings, redis_url: str) -> Iterator[Settings]:
    hasty = settings.model_copy(update={"launcher": Launcher(overdue_s=0.5)})
    makers = {"job_repository": create_repository, "task_launcher": create_launcher, "registry": create_registry}
    with OneLoop({getattr(hasty.ports, name): make(hasty) for name, make in makers.items()}):
        yield hasty


def test_a_lost_launch_is_sent_again(gateway: Settings) -> None:
    Client(gateway.service_url("registry")).post("/api/v2/pipelines/nuclei/heartbeat", {"worker": "w1"})
    Client(gateway.service_url("task_launcher")).post(
        "/api/v2/tasks", {"description": "all", "selector": True, "pipeline": "nuclei"}
    )
    worker = LaunchConsumer(gateway.redis_url, "nuclei", "w1")
    job_id = announce(gateway)
    lost = next_launch(worker)
    worker.acknowledge(lost)  # as if it had never been there
    again = next_launch(worker)
    assert (lost.launch.job_id, again.launch.job_id) == (job_id, job_id)
    assert again.message_id != lost.message_id


def announce(gateway: Settings) -> str:
    _, blob = store_blob(gateway)
    told = {"instrument": "reader-1", "folder": "input", "path": "A1.tif", "host": "oem", "directory": "/in/"}
    content = {"size": blob.stat().st_size, "sha256": hashlib.sha256(CONTENT).hexdigest()}
    accepted = Client(gateway.service_url("job_repository")).post("/api/v2/captures", {**told, **content})
    return str(accepted["jobs"][0])


def next_launch(worker: LaunchConsumer) -> Delivery:
    end = time.monotonic() + 20
    while (delivery := worker.take(200)) is None:
        assert time.monotonic() < end
    return delivery
