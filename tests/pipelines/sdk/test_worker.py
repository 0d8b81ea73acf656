"""A worker against a gateway over real HTTP and real Redis Streams."""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from labrelay.bus import LaunchConsumer, launch_stream
from labrelay.errors import Conflict, Forbidden, LabrelayError, NotFound, RequestRefused, Unprocessable
from pipelines.sdk import Capture, Outcome, Worker
from tests.pipelines.gateway_double import GatewayDouble, away
from tests.polling import until

Start = Callable[..., Worker]


def test_report_comes_before_the_status_and_carries_digests(gateway: GatewayDouble, image: Path, start: Start) -> None:
    start()
    job = gateway.launch(image)
    until(lambda: job.stage == "finished")
    assert gateway.calls == ["claim job-1.1", "report job-1.1", "finish job-1.1"]
    assert job.report is not None
    assert job.report["Status"] == job.status == "PipelineComplete"
    assert (job.report["Results"], job.report["QCFlags"]) == ("CellCount, 7", "passed")
    assert job.report["Measurements"] == {"count": 7.0}
    (output,) = job.report["OutputFiles"]
    assert (output["Name"], output["Extension"]) == ("table.csv", ".csv")
    assert output["Sha256"] == hashlib.sha256(b"count\n7\n").hexdigest()
    assert Path(output["DirName"]) == gateway.work_folder(job) / "output"


def test_function_gets_what_the_claim_says(gateway: GatewayDouble, image: Path, start: Start) -> None:
    seen: list[tuple[Capture, Mapping[str, str]]] = []

    def look(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        seen.append((capture, parameters))
        return Outcome()

    start(look)
    job = gateway.launch(image, parameters={"diameter_px": "12"})
    until(lambda: job.stage == "finished")
    ((capture, parameters),) = seen
    assert parameters == {"diameter_px": "12"}
    assert (capture.path, capture.stem) == (image, "A1-field")
    assert capture.sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
    assert (capture.instrument, capture.source_path) == ("reader-1", "plate1/A1-field.tiff")
    assert capture.attributes == {"well": "A1"}
    assert (capture.job_id, capture.epoch, capture.attempt, capture.task_version) == ("job-1", 3, 1, 4)


def test_a_settled_launch_leaves_the_stream(gateway: GatewayDouble, image: Path, start: Start) -> None:
    start()
    done = gateway.launch(image)
    taken = gateway.launch(image)
    gateway.take_away(taken)
    until(lambda: done.stage == "finished")
    until(lambda: gateway.unsettled() == 0)
    assert taken.workers == []


def test_launch_of_an_unknown_job_is_settled(gateway: GatewayDouble, image: Path, start: Start) -> None:
    gateway.launch(image)
    gateway.jobs.clear()
    start()
    until(lambda: gateway.tried["claim"] == 1 and gateway.unsettled() == 0)


def test_launch_stays_on_the_bus_until_the_launcher_answers(gateway: GatewayDouble, image: Path, start: Start) -> None:
    gateway.faults["claim"] = [away(), LabrelayError("broken"), away()]
    seen: list[int] = []
    gateway.gates["claim"] = threading.Event()
    worker = start()
    job = gateway.launch(image)
    until(lambda: gateway.tried["claim"] == 1)
    seen.append(gateway.unsettled())
    gateway.gates["claim"].set()
    until(lambda: worker.trouble)
    seen.append(gateway.unsettled())
    until(lambda: job.stage == "finished")
    assert seen == [1, 1]
    assert gateway.tried["claim"] == 4
    until(lambda: gateway.unsettled() == 0)


def test_a_claim_that_is_wrong_in_itself_is_neither_lost_nor_in_the_way(
    gateway: GatewayDouble, image: Path, start: Start
) -> None:
    gateway.faults["claim"] = [Forbidden("no token")]
    start()
    refused, good = gateway.launch(image), gateway.launch(image)
    until(lambda: good.stage == "finished")
    until(lambda: gateway.unsettled() == 1)
    assert (refused.stage, gateway.pending()) == ("launched", 1)


def test_lease_is_renewed_while_the_function_works(gateway: GatewayDouble, image: Path, start: Start) -> None:
    def slow(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        until(lambda: gateway.jobs["job-1"].renewals >= 3)
        return Outcome()

    start(slow)
    job = gateway.launch(image, lease_s=0.4)
    until(lambda: job.stage == "finished")
    assert gateway.calls[-1] == "finish job-1.1"


def test_a_hog_of_pure_python_does_not_starve_the_renewal(gateway: GatewayDouble, image: Path, start: Start) -> None:
    def hog(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        end = time.monotonic() + 10
        while gateway.jobs["job-1"].renewals < 2 and time.monotonic() < end:
            sum(range(10_000))
        return Outcome()

    start(hog)
    job = gateway.launch(image, lease_s=0.4)
    until(lambda: job.stage == "finished")
    assert job.renewals >= 2


def test_result_of_a_lost_attempt_is_dropped(gateway: GatewayDouble, image: Path, start: Start, faulty: Any) -> None:
    start()
    job = gateway.launch(image, lease_s=0.2, parameters={"fault": "hangs"})
    until(faulty.entered.is_set)
    gateway.take_away(job)
    until(lambda: gateway.tried["renew"] > job.renewals)
    faulty.release.set()
    gateway.relaunch(job)
    until(lambda: job.stage == "finished")
    assert gateway.calls == ["claim job-1.1", "claim job-1.2", "report job-1.2", "finish job-1.2"]


def test_a_silent_gateway_does_not_cost_the_attempt(gateway: GatewayDouble, image: Path, start: Start) -> None:
    gateway.faults["renew"] = [away() for _ in range(8)]

    def outlast(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        until(lambda: gateway.jobs["job-1"].renewals)
        return Outcome()

    start(outlast)
    job = gateway.launch(image, lease_s=0.2)
    until(lambda: job.stage == "finished")
    assert job.attempt == 1


def test_after_the_deadline_an_attempt_is_not_held_on_to(
    gateway: GatewayDouble, image: Path, start: Start, faulty: Any
) -> None:
    start(linger_s=0.1)
    job = gateway.launch(image, lease_s=0.2, deadline_s=0.1, parameters={"fault": "hangs"})
    until(faulty.entered.is_set)
    other = gateway.launch(image)
    until(lambda: other.stage == "finished")
    assert (job.stage, job.report) == ("processing", None)


FAILURES = {
    "raises": ("pipeline_failed", "ZeroDivisionError: no background", True),
    "refuses": ("input_problem", "The image is black.", False),
    "exits": ("pipeline_failed", "SystemExit: 3", True),
    "answers-nothing": ("outcome_invalid", "NoneType", False),
    "answers-nan": ("outcome_invalid", "'count' is nan", False),
    "answers-absent-file": ("outcome_invalid", "absent.csv", False),
    "answers-foreign-file": ("outcome_invalid", "output folder", False),
    "answers-twice": ("outcome_invalid", "table.csv", False),
}


def test_every_failure_is_reported_with_code_and_cause(gateway: GatewayDouble, image: Path, start: Start) -> None:
    start()
    jobs = {fault: gateway.launch(image, parameters={"fault": fault}) for fault in FAILURES}
    good = gateway.launch(image)
    until(lambda: good.stage == "finished")
    assert good.status == "PipelineComplete"
    for fault, (code, cause, retryable) in FAILURES.items():
        report = jobs[fault].report
        assert report is not None
        failure = report["Failure"]
        assert (jobs[fault].status, failure["code"], failure["retryable"]) == ("PipelineFailed", code, retryable)
        assert cause in failure["cause"]
        assert failure["next_step"]
        assert report["ErrorDetails"] == {"Owner": "task-launcher", "Error": failure["cause"]}
        assert report["OutputFiles"] in (None, [])


def test_callbacks_are_repeated_in_order_until_they_are_accepted(
    gateway: GatewayDouble, image: Path, start: Start
) -> None:
    gateway.faults["report"] = [away(), LabrelayError("broken")]
    gateway.faults["finish"] = [away(), away()]
    start()
    job = gateway.launch(image)
    until(lambda: job.stage == "finished")
    assert gateway.calls == ["claim job-1.1", "report job-1.1", "finish job-1.1"]
    assert (gateway.tried["report"], gateway.tried["finish"]) == (3, 3)


@pytest.mark.parametrize("refusal", [Conflict, Forbidden, NotFound])
def test_a_callback_of_an_attempt_that_was_taken_over_is_dropped(
    gateway: GatewayDouble, image: Path, start: Start, refusal: type[RequestRefused]
) -> None:
    gateway.faults["report"] = [refusal("taken over")]
    start()
    dropped, after = gateway.launch(image), gateway.launch(image)
    until(lambda: after.stage == "finished")
    assert (dropped.stage, dropped.status) == ("processing", "")
    assert gateway.tried["report"] == 2


def test_a_report_that_the_gateway_cannot_accept_fails_the_job(
    gateway: GatewayDouble, image: Path, start: Start
) -> None:
    gateway.faults["report"] = [Unprocessable("table.csv isn't there")]
    start()
    job = gateway.launch(image)
    until(lambda: job.stage == "finished")
    assert job.report is not None
    assert (job.status, job.report["Failure"]["code"]) == ("PipelineFailed", "outcome_invalid")
    assert "table.csv isn't there" in job.report["Failure"]["cause"]


def test_functions_that_hang_hold_up_nobody_until_the_process_is_replaced(
    gateway: GatewayDouble, image: Path, start: Start
) -> None:
    replaced = threading.Event()
    start(linger_s=0.1, replace_process=replaced.set)
    for number in (1, 2):
        _hang_and_lose(gateway, image, f"claim job-{number}.1")
    good = gateway.launch(image)
    until(lambda: good.stage == "finished")
    assert not replaced.is_set()
    _hang_and_lose(gateway, image, "claim job-4.1")
    until(replaced.is_set)


def _hang_and_lose(gateway: GatewayDouble, image: Path, call: str) -> None:
    job = gateway.launch(image, lease_s=0.2, parameters={"fault": "hangs"})
    until(lambda: call in gateway.calls)
    gateway.take_away(job)


def test_stop_lets_the_job_in_work_finish_and_takes_nothing_new(
    gateway: GatewayDouble, image: Path, start: Start, faulty: Any
) -> None:
    worker = start()
    job = gateway.launch(image, parameters={"fault": "hangs"})
    until(faulty.entered.is_set)
    waiting = gateway.launch(image)
    threading.Timer(0.3, faulty.release.set).start()
    worker.stop(grace_s=10)
    assert job.stage == "finished"
    assert (waiting.stage, gateway.unsettled()) == ("launched", 1)


def test_stop_gives_a_job_up_after_the_grace(gateway: GatewayDouble, image: Path, start: Start, faulty: Any) -> None:
    worker = start()
    job = gateway.launch(image, lease_s=0.2, parameters={"fault": "hangs"})
    until(faulty.entered.is_set)
    worker.stop(grace_s=0.1)
    renewals = job.renewals
    faulty.release.set()
    time.sleep(0.3)
    assert (job.stage, job.report, job.renewals) == ("processing", None, renewals)


def test_a_launch_that_a_dead_worker_left_behind_is_taken_over(
    gateway: GatewayDouble, image: Path, start: Start, redis_url: str
) -> None:
    dead = LaunchConsumer(redis_url, "test", "dead-worker")
    job = gateway.launch(image)
    assert dead.take() is not None
    dead.close()
    time.sleep(0.1)
    start(take_over_idle_ms=50)
    until(lambda: job.stage == "finished")
    until(lambda: gateway.unsettled() == 0)


def test_several_jobs_at_a_time_when_asked_for(gateway: GatewayDouble, image: Path, start: Start) -> None:
    together = threading.Barrier(2)

    def meet(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        together.wait(10)
        return Outcome()

    start(meet, concurrency=2)
    jobs = [gateway.launch(image), gateway.launch(image)]
    until(lambda: all(job.stage == "finished" for job in jobs))
    assert {job.status for job in jobs} == {"PipelineComplete"}


def test_nonsense_on_the_stream_holds_up_nobody(gateway: GatewayDouble, image: Path, start: Start) -> None:
    gateway.redis.xadd(launch_stream("test"), {"launch": "nonsense"})
    start()
    job = gateway.launch(image)
    until(lambda: job.stage == "finished")
