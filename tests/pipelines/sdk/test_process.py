"""Workers in processes of their own: killed in mid-work, and left behind by a killed supervisor."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from labrelay.settings import Settings
from pipelines.sdk import Worker
from tests.pipelines.gateway_double import GatewayDouble
from tests.polling import until

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]
Start = Callable[..., Worker]

WORKER = """
import sys, time
from pipelines.sdk import Outcome, Worker, pipeline
from labrelay.parent import end_with_parent
from labrelay.settings import load_settings

@pipeline(topic="test", name="Test", description="Takes for ever")
def endless(capture, parameters, output_dir):
    (output_dir / "half-written.csv").write_text("count")
    time.sleep(60)
    return Outcome()

end_with_parent()
Worker(endless, load_settings(), "other").start()
time.sleep(60)
"""


@contextmanager
def worker_process(settings: Settings, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    addresses = {"LABRELAY_REDIS__URL": settings.redis_url, "LABRELAY_PORTS__REGISTRY": str(settings.ports.registry)}
    process = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env={**os.environ, **addresses, **environment})
    yield process
    process.kill()
    process.wait()


def test_a_worker_killed_between_taking_and_claiming_loses_no_launch(
    gateway: GatewayDouble, image: Path, start: Start, settings: Settings
) -> None:
    gateway.gates["claim"] = threading.Event()
    job = gateway.launch(image)
    with worker_process(settings) as process:
        until(lambda: gateway.tried["claim"] == 1)
        process.kill()
        process.wait()
        job.stage = "elsewhere"
        gateway.gates.pop("claim").set()
    until(lambda: gateway.answered["claim"] == 1)
    assert gateway.pending() == 1
    job.stage = "launched"
    start(take_over_idle_ms=1)
    until(lambda: job.stage == "finished")
    until(lambda: gateway.unsettled() == 0)


def test_a_job_whose_worker_was_killed_in_mid_work_is_done_by_another_after_its_relaunch(
    gateway: GatewayDouble, image: Path, start: Start, settings: Settings
) -> None:
    job = gateway.launch(image)
    with worker_process(settings) as process:
        half = until(lambda: list((gateway.root / "work").rglob("half-written.csv")))
        process.kill()
        process.wait()
    start()
    gateway.relaunch(job)
    until(lambda: job.stage == "finished")
    assert job.attempt == 2
    assert job.report is not None
    assert Path(job.report["OutputFiles"][0]["DirName"]) != half[0].parent


def test_a_worker_ends_with_the_supervisor_that_was_killed(settings: Settings, redis_url: str) -> None:
    supervisor = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with worker_process(settings, LABRELAY_PARENT_PID=str(supervisor.pid)) as process:
        until(lambda: psutil.Process(process.pid).num_threads() > 2)
        assert process.poll() is None
        supervisor.kill()
        assert process.wait(15) != 0
    supervisor.wait()
