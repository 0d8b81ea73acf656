"""A full disk is no fault of the image's: the function is called again until there is room."""

import errno
import time
from collections.abc import Mapping
from pathlib import Path

from pipelines.sdk import Capture, Outcome
from tests.pipelines.gateway_double import GatewayDouble
from tests.pipelines.sdk.conftest import Start
from tests.polling import until


def test_a_job_waits_for_room_and_completes_by_itself(gateway: GatewayDouble, image: Path, start: Start) -> None:
    calls: list[list[str]] = []

    def writes(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        calls.append([path.name for path in output_dir.iterdir()])
        half = output_dir / "table.csv"
        half.write_text("cou")
        if len(calls) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        half.write_text("count\n7\n")
        return Outcome([half])

    start(writes)
    job = gateway.launch(image)
    until(lambda: job.stage == "finished", seconds=20)
    assert job.status == "PipelineComplete"
    assert calls == [[], [], []]
    assert len(job.workers) == 1


def test_a_disk_that_stays_full_fails_the_job_with_the_reason_in_words(
    gateway: GatewayDouble, image: Path, start: Start
) -> None:
    def full(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        raise OSError(errno.ENOSPC, "No space left on device")

    start(full)
    job = gateway.launch(image, lease_s=1.0, deadline_s=2.0)
    until(lambda: job.stage == "finished", seconds=20)
    assert job.report is not None
    assert job.report["Failure"]["code"] == "storage_full"
    assert "disk was full" in job.report["Failure"]["cause"]


def test_any_other_trouble_of_a_disk_fails_at_once(gateway: GatewayDouble, image: Path, start: Start) -> None:
    def broken(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        raise OSError(errno.EIO, "Input/output error")

    begun = time.monotonic()
    start(broken)
    job = gateway.launch(image)
    until(lambda: job.stage == "finished")
    assert time.monotonic() - begun < 10
    assert job.status == "PipelineFailed"
