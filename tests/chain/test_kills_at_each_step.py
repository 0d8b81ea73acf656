"""kill -9 of each process at each stage of one job's way.

A stage that can be held from outside is held until the kill has happened: `ready` by a pause of the pipeline,
`launched` by a worker that stands still, `processing` by a function that takes its time, `returning` by an OEM side
that stands still. The other stages last milliseconds: there a file of some megabytes makes the stage longer, the job
is looked at every few milliseconds, and the kill comes at the first look that finds it at the stage or just past it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from labrelay import supervisor
from labrelay.contracts.states import Stage
from labrelay.http.client import Client
from labrelay.settings.model import Launcher
from tests.chain.jobs import Jobs
from tests.chain.system import Chain, chain_of, chain_settings
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]

PROCESSES = ["gateway", "slow", *(pytest.param(name, marks=pytest.mark.long) for name in ("redis", "oem"))]
HELD = [Stage.READY, Stage.LAUNCHED, Stage.PROCESSING, Stage.RETURNING]
SHORT = [Stage.AWAITING_INPUT, Stage.REPORTED, Stage.SEALING, Stage.RECEIVING]
LONG_FILE = 400
"""Chunks of 20 kB."""


@pytest.fixture(scope="module")
def slow_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(supervisor.WORKERS, "slow", "tests.chain.slow_pipeline")
        patch.setattr("labrelay.processes.MAX_PAUSE_S", 0.2)  # each process dies seven times within two minutes
        settings = chain_settings(tmp_path_factory.mktemp("steps"), pipelines=("slow",))
        launcher = Launcher(lease_s=2.0, attempts=20)
        with chain_of(settings.model_copy(update={"launcher": launcher})) as chain:
            chain.add_task("slow")
            yield chain


@pytest.mark.parametrize("stage", HELD)
@pytest.mark.parametrize("name", PROCESSES)
def test_a_kill_while_a_job_is_held_at_a_stage_loses_and_doubles_nothing(
    slow_chain: Chain, stage: Stage, name: str
) -> None:
    file = f"held/{stage}-{name}.tif"
    jobs = Jobs(slow_chain.session.repository)
    with held(slow_chain, stage, file):
        assert jobs.reach(file, stage) is stage
        slow_chain.kill(name)
    assert_came_once(slow_chain, file)


@pytest.mark.parametrize("stage", SHORT)
@pytest.mark.parametrize("name", PROCESSES)
def test_a_kill_at_or_just_past_a_short_stage_loses_and_doubles_nothing(
    slow_chain: Chain, stage: Stage, name: str
) -> None:
    file = f"short/{stage}-{name}.tif"
    slow_chain.instrument.write(file, chunks=LONG_FILE, pause_s=0.0)
    Jobs(slow_chain.session.repository).reach(file, stage)
    slow_chain.kill(name)
    assert_came_once(slow_chain, file)


def test_after_all_these_kills_every_file_has_one_output(slow_chain: Chain) -> None:
    slow_chain.instrument.write("last.tif")
    assert slow_chain.settle().well
    assert set(slow_chain.stages()) == {"complete"}


def assert_came_once(chain: Chain, file: str) -> None:
    """One job, sealed and received once, and one output with the right bytes."""
    jobs = Jobs(Client(chain.session.settings.service_url("job_repository"), retries=20))
    until(lambda: jobs.complete([file]), f"{file} complete")
    (job,) = jobs.of(file)
    assert (len(jobs.steps(job["id"], "seal")), len(jobs.steps(job["id"], "receive"))) == (1, 1)
    findings = chain.findings(file)
    assert findings.well, findings


@contextmanager
def held(chain: Chain, stage: Stage, file: str) -> Iterator[None]:
    """Write a file and keep its job from leaving a stage until the block ends."""
    hold = {Stage.READY: paused, Stage.LAUNCHED: worker_stopped, Stage.RETURNING: oem_stopped_while_processing}
    if stage in hold:
        with hold[stage](chain, file):
            yield
    else:
        chain.instrument.write(file)
        yield


@contextmanager
def paused(chain: Chain, file: str) -> Iterator[None]:
    switch = Client(chain.session.settings.service_url("task_launcher"), retries=40)
    switch.post("/api/v2/pipelines/slow/pause")
    chain.instrument.write(file)
    yield
    until(lambda: switch.post("/api/v2/pipelines/slow/resume"), "resumed")


@contextmanager
def worker_stopped(chain: Chain, file: str) -> Iterator[None]:
    with standing_still(chain, "slow"):
        chain.instrument.write(file)
        yield


@contextmanager
def oem_stopped_while_processing(chain: Chain, file: str) -> Iterator[None]:
    chain.instrument.write(file)
    Jobs(chain.session.repository).reach(file, Stage.PROCESSING)
    with standing_still(chain, "oem"):
        yield


@contextmanager
def standing_still(chain: Chain, name: str) -> Iterator[None]:
    process = psutil.Process(until(lambda: chain.pid(name), f"{name} runs"))
    process.suspend()
    yield
    if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        process.resume()
