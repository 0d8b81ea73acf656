"""`python -m pipelines.simulator` as a process: all four pipelines, clean stop."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labrelay.settings import Settings
from tests.pipelines.gateway_double import GatewayDouble
from tests.polling import until

ROOT = Path(__file__).parents[3]


@pytest.mark.process
def test_the_process_works_for_all_four_topics_and_stops_cleanly(
    gateway: GatewayDouble, image: Path, settings: Settings
) -> None:
    addresses = {"LABRELAY_REDIS__URL": settings.redis_url, "LABRELAY_PORTS__REGISTRY": str(settings.ports.registry)}
    process = subprocess.Popen([sys.executable, "-m", "pipelines.simulator"], cwd=ROOT, env={**os.environ, **addresses})
    try:
        jobs = [
            gateway.launch(image, topic) for topic in ("only-file", "multi-file", "only-results", "file-and-results")
        ]
        until(lambda: all(job.status == "PipelineComplete" for job in jobs))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
