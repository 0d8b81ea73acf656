"""Tasks and pipelines that go wrong: each job ends with a reason that people are told, and no other waits for it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from labrelay import supervisor
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.settings import WatchedFolder
from labrelay.settings.model import Launcher
from pipelines.sdk import Worker
from tests.chain.jobs import Jobs
from tests.chain.system import chain_of, chain_settings
from tests.intake import nonsense
from tests.intake.drop import Drop
from tests.intake.odd_pipelines import FLAWED, LATE
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

DEADLINE_S: Final = 3.0
NATIVE: Final = {
    "raises": "pipeline_failed",
    "raises-its-own": "input_problem",
    "exits": "pipeline_failed",
    "recurses": "pipeline_failed",
    "hangs": "processing_deadline",
    "dies": "pipeline_gave_no_answer",
    "answers-nothing": "outcome_invalid",
    "names-no-file": "outcome_invalid",
    "leaves-its-folder": "outcome_invalid",
    "gives-a-link": "outcome_invalid",
    "measures-nan": "outcome_invalid",
    "talks-too-much": "outcome_invalid",
    "measures-too-much": "outcome_invalid",
    "shouts": "pipeline_failed",
}
AICSD: Final = {
    "says-nothing": "processing_deadline",
    "puts-no-json": "processing_deadline",
    "puts-a-list": "processing_deadline",
    "puts-a-wrong-status": "processing_deadline",
    "posts-without-a-report": "processing_deadline",
    "posts-another-status": "pipeline_gave_no_answer",
    "puts-and-stops": "pipeline_gave_no_answer",
    "names-no-file": "output_missing",
    "leaves-its-folder": "output_outside_folder",
    "climbs-out": "output_outside_folder",
    "measures-nan": "processing_deadline",
    "talks-too-much": "processing_deadline",
    "fails-without-a-word": "pipeline_failed",
}
"""By kind: the code that a job ends with."""
FILES: Final = {f"native {kind}.tif": code for kind, code in NATIVE.items()} | {
    f"aicsd {kind}.tif": code for kind, code in AICSD.items()
}
GOOD: Final = [f"good {number}.tif" for number in range(6)]


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drop]:
    """A chain with all these pipelines; the files of `FILES` are there, those of `GOOD` came last and are complete."""
    root = tmp_path_factory.mktemp("tasks")
    folders = (folder(root, "input"), folder(root, "strict", must_match=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(supervisor.WORKERS, "odd", "tests.intake.odd_pipelines")
        patch.setitem(supervisor.WORKERS, "dying", "tests.intake.dying_pipeline")
        settings = chain_settings(root, pipelines=("simulator", "odd", "dying"), folders=folders)
        launcher = Launcher(lease_s=5.0, attempts=2, overdue_s=3.0)  # a starved worker still renews in time
        with (
            chain_of(settings.model_copy(update={"launcher": launcher})) as chain,
            nonsense.Nonsense(chain.session.settings.redis_url),
        ):
            drop = Drop(chain)
            add_tasks(drop)
            for name in [*FILES, "native spoils-its-input.tif", *GOOD]:
                drop.drop(name, os.urandom(3_000))
            until(lambda: Jobs(chain.session.repository).complete(GOOD), "the good files are complete")
            drop.seen = {job.source.path: job for job in drop.jobs()}
            yield drop


def folder(root: Any, name: str, *, must_match: bool = False) -> WatchedFolder:
    path = root / "oem-files" / name
    path.mkdir(parents=True)
    return WatchedFolder(name=name, path=path, stable_s=0.3, must_match=must_match)


def add_tasks(drop: Drop) -> None:
    for kind in FLAWED:
        add_task(drop, f"native {kind}.tif", kind, processing_deadline_s=DEADLINE_S)
    add_task(drop, "native dies.tif", "dies")
    for kind in nonsense.KINDS:
        add_task(drop, f"aicsd {kind}.tif", f"nonsense/{kind}", carrier="aicsd-redis", processing_deadline_s=DEADLINE_S)
    add_task(drop, "good ", "only-file")


def add_task(drop: Drop, part: str, pipeline: str, **more: Any) -> str:
    """Names that contain `part` go to this pipeline."""
    selector = {"in": [part, {"var": "InputFile.Name"}]}
    body = {"description": f"{part} → {pipeline}", "selector": selector, "pipeline": pipeline, **more}
    return str(drop.chain.session.launcher.post("/api/v2/tasks", body)["id"])


@pytest.fixture(scope="module")
def ended(dropped: Drop) -> dict[str, Job]:
    """The jobs of `FILES`, all ended."""

    def look() -> dict[str, Job] | None:
        jobs = {job.source.path: job for job in dropped.jobs() if job.source.path in FILES}
        return jobs if len(jobs) == len(FILES) and all(job.final for job in jobs.values()) else None

    found = until(look, "all of them ended", 60, pause_s=0.2)
    assert found is not None
    return found


def test_good_files_complete_while_bad_pipelines_are_still_waited_for(dropped: Drop) -> None:
    waited_for = [path for path, job in dropped.seen.items() if not job.final]
    assert "native hangs.tif" in waited_for
    assert "aicsd says-nothing.tif" in waited_for


@pytest.mark.parametrize("name", FILES)
def test_a_job_whose_pipeline_goes_wrong_fails_and_says_why_everywhere(
    dropped: Drop, ended: dict[str, Job], name: str
) -> None:
    assert ended[name].stage is Stage.FAILED, ended[name].report
    assert dropped.told(ended[name]).code == FILES[name]
    assert dropped.unharmed(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("native raises.tif", "no cells to divide by"),
        ("native raises-its-own.tif", "The plate has no lid."),
        ("native names-no-file.tif", "never written.tif"),
        ("native measures-nan.tif", "area"),
        ("native measures-too-much.tif", "1,000,000 bytes"),
        ("native hangs.tif", "longer than 3 s"),
        ("native dies.tif", "silent"),
        ("aicsd puts-no-json.tif", "Invalid JSON"),
        ("aicsd puts-a-wrong-status.tif", "neither PipelineComplete nor PipelineFailed"),
        ("aicsd posts-without-a-report.tif", "holds no report of PipelineComplete"),
        ("aicsd measures-nan.tif", "Measurements.area"),
        ("aicsd talks-too-much.tif", "1,000,000 bytes"),
        ("aicsd names-no-file.tif", "never written.tif"),
        ("aicsd leaves-its-folder.tif", nonsense.OUTSIDE),
    ],
)
def test_the_cause_names_what_was_wrong(ended: dict[str, Job], name: str, words: str) -> None:
    failure = ended[name].failure
    assert failure is not None
    assert words in failure.cause


def test_jobs_that_failed_left_no_outputs(dropped: Drop, ended: dict[str, Job]) -> None:
    lying = [path.name for path in dropped.chain.output.rglob("*") if path.is_file()]
    assert {f"{Path(name).stem}-sim.tif" for name in GOOD} <= set(lying)
    assert not [name for name in lying if name.startswith(("native", "aicsd", "."))]


def test_a_pipeline_that_writes_into_its_input_spoils_only_its_own_copy(dropped: Drop, ended: dict[str, Job]) -> None:
    job = dropped.await_stage("native spoils-its-input.tif", Stage.COMPLETE)
    assert dropped.unharmed(job.source.path)
    layout = dropped.chain.session.settings.gateway_layout
    blob = layout.input_blob(job.source.instrument, job.source.sha256)
    assert blob.stat().st_size == job.source.size


def test_a_failed_job_can_be_retried_with_the_task_as_it_was(dropped: Drop, ended: dict[str, Job]) -> None:
    before = ended["native raises.tif"]
    dropped.chain.session.repository.post(f"/api/v2/jobs/{before.id}/retry")
    job = dropped.await_stage("native raises.tif", Stage.FAILED)
    until(lambda: (job := dropped.job("native raises.tif")) and job.attempt > before.attempt and job.final, "again")
    assert job.failure == before.failure


def test_a_file_that_no_task_takes_is_unmatched_and_says_so(dropped: Drop) -> None:
    dropped.drop("nobody's.tif", b"nobody wants me")
    job = dropped.await_stage("nobody's.tif", Stage.UNMATCHED)
    assert "No task takes this file" in dropped.page(job.id)
    assert dropped.unharmed("nobody's.tif")
    task = add_task(dropped, "nobody's", "only-file")
    dropped.chain.session.repository.post(f"/api/v2/jobs/{job.id}/reprocess")
    dropped.await_stage("nobody's.tif", Stage.COMPLETE)
    dropped.chain.session.launcher.delete(f"/api/v2/tasks/{task}")


def test_in_a_folder_where_every_file_must_match_an_unmatched_one_fails(dropped: Drop) -> None:
    (dropped.folder.parent / "strict" / "stranger.tif").write_bytes(b"a stranger")
    job = dropped.await_stage("stranger.tif", Stage.FAILED)
    failure = dropped.told(job)
    assert failure.code == "unmatched"
    assert "Create a task" in failure.next_step
    add_task(dropped, "stranger", "only-file")
    dropped.chain.session.repository.post(f"/api/v2/jobs/{job.id}/reprocess")
    dropped.await_stage("stranger.tif", Stage.COMPLETE)


def test_a_broken_selector_harms_only_its_own_task_and_is_told_of(dropped: Drop) -> None:
    broken = {"description": "broken", "selector": {"no such operator": [1]}, "pipeline": "only-results", "order": 1}
    session = dropped.chain.session
    task = session.repository.post("/api/v2/tasks", broken)  # the launcher would refuse it: an older one, say
    dropped.drop("good beside a broken one.tif", b"good all the same")
    job = dropped.await_stage("good beside a broken one.tif", Stage.COMPLETE)
    (created,) = Jobs(session.repository).steps(job.id, "created")
    assert "broken" in str(created["detail"]["notes"])
    assert "was passed over" in dropped.page(job.id)
    told = session.launcher.post("/api/v2/explain", {"path": "good beside a broken one.tif"})
    assert [entry["verdict"].split(":")[0] for entry in told["tasks"] if entry["id"] == task["id"]] == [
        "broken selector"
    ]
    session.launcher.delete(f"/api/v2/tasks/{task['id']}")


def test_a_job_waits_for_a_pipeline_that_does_not_run_yet_and_completes_when_it_comes(dropped: Drop) -> None:
    add_task(dropped, "early bird", "late")
    dropped.drop("early bird.tif", b"early")
    waiting = dropped.await_stage("early bird.tif", Stage.LAUNCHED)
    until(lambda: (job := dropped.job("early bird.tif")) and job.overdue, "says what it waits for", 20)
    assert "No pipeline listens on late" in dropped.page(waiting.id)
    assert dropped.reported()["early bird.tif"].code == "still_waiting"
    worker = Worker(LATE, dropped.chain.session.settings)
    worker.start()
    job = dropped.await_stage("early bird.tif", Stage.COMPLETE)
    worker.stop()
    assert job.report is not None
    assert job.report.results == "late but well"
    assert not job.overdue


def test_a_job_for_an_aicsd_pipeline_that_does_not_run_waits_and_says_so(dropped: Drop) -> None:
    add_task(dropped, "unheard", "absent", carrier="aicsd-redis")
    dropped.drop("unheard.tif", b"unheard")
    dropped.await_stage("unheard.tif", Stage.READY, Stage.LAUNCHED, Stage.PROCESSING)
    until(lambda: (job := dropped.job("unheard.tif")) and "absent" in job.overdue, "says what it waits for", 20)
    job = dropped.job("unheard.tif")
    assert job is not None
    dropped.chain.session.repository.post(f"/api/v2/jobs/{job.id}/cancel")
    dropped.await_stage("unheard.tif", Stage.CANCELLED)
