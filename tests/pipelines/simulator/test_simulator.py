"""AiCSD's four test pipelines: as SDK workers, and as a subscriber that knows nothing of labrelay."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labrelay.bus.aicsd import channel_of, launch_message
from labrelay.contracts.aicsd import PipelineParameters
from labrelay.settings import Settings
from pipelines.registry.roster import SHIPPED
from pipelines.sdk import Worker
from pipelines.simulator.aicsd import Subscriber, launch_parameters
from pipelines.simulator.native import PIPELINES
from tests.pipelines.gateway_double import EPOCH, DoubleJob, GatewayDouble
from tests.polling import until

EXPECTED = {
    "only-file": (["A1-field-sim.tiff"], "", "passed"),
    "multi-file": ([f"A1-field-sim{number}.tiff" for number in range(5)], "", "none"),
    "only-results": ([], "CellCount, 598", "none"),
    "file-and-results": (["A1-field-sim.tiff"], "CellCount, 101", "passed"),
}


@pytest.fixture
def subscriber(redis_url: str) -> Iterator[Subscriber]:
    subscriber = Subscriber(redis_url)
    subscriber.start()
    until(subscriber.subscribed.is_set)
    yield subscriber
    subscriber.stop()


@pytest.fixture
def workers(settings: Settings) -> Iterator[None]:
    workers = [Worker(each, settings) for each in PIPELINES]
    for worker in workers:
        worker.start()
    yield
    for worker in workers:
        worker.stop()


def launch_as_aicsd(gateway: GatewayDouble, job: DoubleJob) -> None:
    """What the launcher does for the carrier `aicsd-redis`: claims for the pipeline, then publishes."""
    job.stage, job.attempt = "processing", job.attempt + 1
    update_url, status_url = gateway.callbacks(job)
    parameters = PipelineParameters(
        input_file_location=str(job.image),
        output_file_folder=str(gateway.work_folder(job) / "output"),
        job_update_url=update_url,
        pipeline_status_url=status_url,
    )
    assert gateway.redis.publish(channel_of(job.pipeline), launch_message(parameters)) == 1


def assert_answered(job: DoubleJob) -> None:
    names, results, qc_flags = EXPECTED[job.pipeline]
    report: dict[str, Any] = until(lambda: job.stage == "finished" and job.report)
    assert job.status == report["Status"] == "PipelineComplete"
    assert [output["Name"] for output in report["OutputFiles"]] == names
    assert (report["Results"], report["QCFlags"]) == (results, qc_flags)
    for output in report["OutputFiles"]:
        assert (Path(output["DirName"]) / output["Name"]).read_bytes() == job.image.read_bytes()


@pytest.mark.usefixtures("workers")
def test_native_workers_answer_as_aicsds_pipelines(gateway: GatewayDouble, image: Path) -> None:
    for job in [gateway.launch(image, topic) for topic in EXPECTED]:
        assert_answered(job)


@pytest.mark.usefixtures("subscriber")
def test_a_pipeline_written_for_aicsd_runs_unmodified(gateway: GatewayDouble, image: Path) -> None:
    jobs = [DoubleJob(f"job-{topic}", image, topic, {}, 5.0, 60.0) for topic in EXPECTED]
    gateway.jobs.update({job.job_id: job for job in jobs})
    for job in jobs:
        launch_as_aicsd(gateway, job)
    for job in jobs:
        assert_answered(job)
        assert gateway.calls.index(f"report {job.job_id}.1") < gateway.calls.index(f"finish {job.job_id}.1")
        assert f"claim {job.job_id}.1" not in gateway.calls
    assert EPOCH in {int(path.parent.name.split(".")[0]) for path in gateway.root.rglob("output")}


@pytest.mark.usefixtures("subscriber")
def test_an_image_that_is_not_there_fails_the_job(gateway: GatewayDouble, tmp_path: Path) -> None:
    job = gateway.jobs["job-1"] = DoubleJob("job-1", tmp_path / "absent.tiff", "only-file", {}, 5.0, 60.0)
    launch_as_aicsd(gateway, job)
    until(lambda: job.status == "PipelineFailed")


@pytest.mark.usefixtures("subscriber")
def test_nonsense_on_a_channel_ends_nothing(gateway: GatewayDouble, image: Path) -> None:
    for nonsense in ("not json", '{"payload": "bm90IGpzb24="}', '{"payload": "e30="}', "[]", "7"):
        gateway.redis.publish("only-results", nonsense)
    job = gateway.jobs["job-1"] = DoubleJob("job-1", image, "only-results", {}, 5.0, 60.0)
    launch_as_aicsd(gateway, job)
    assert_answered(job)


def test_an_event_of_another_resource_is_not_taken() -> None:
    message = launch_message(
        PipelineParameters(input_file_location="a", output_file_folder="b", job_update_url="c", pipeline_status_url="d")
    )
    assert launch_parameters(message)["JobUpdateUrl"] == "c"
    with pytest.raises(LookupError):
        launch_parameters('{"payload": "e30="}')


def test_the_registry_lists_the_simulators_under_their_own_texts() -> None:
    assert {each.topic: (each.name, each.description) for each in PIPELINES}.items() <= SHIPPED.items()
