"""`run`: a folder in, results out, then exit, through the same services as always."""

import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from labrelay.cli.ending import finish_plates
from labrelay.cli.images import INCLUDE, find_images
from labrelay.cli.progress import all_jobs, follow
from labrelay.cli.table import print_report
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.contracts.tasks import TaskDraft
from labrelay.errors import SettingsInvalid
from labrelay.oracle import judge
from labrelay.report import Report, build_report, told_results, written_files
from labrelay.session import Session, free_ports, running, take_ports
from labrelay.settings import Settings, WatchedFolder, load_settings
from labrelay.settings.pipelines import SHIPPED, Pipelines
from labrelay.telemetry import configure_logging

PARTLY_FAILED: Final = 3


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(run)


def run(
    input_folder: Annotated[Path, typer.Option("--input", help="Folder with images; sub-folders are taken too.")],
    output_folder: Annotated[Path, typer.Option("--output", help="Where results go, in the same sub-folders.")],
    pipeline: Annotated[str, typer.Option(help="The pipeline that takes them.")] = "nuclei",
    wait: Annotated[float, typer.Option(help="Stop waiting after so many seconds.")] = 3600.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Data folder (default: OUTPUT/.labrelay; a repeat goes on).")
    ] = None,
) -> None:
    """Take every image below a folder through a pipeline. Exit status 0: all complete, 3: some failed."""
    _check_folders(input_folder, output_folder)
    configure_logging("run", "error")
    stop_on_signals()
    settings = _settings(input_folder, output_folder, pipeline, data or output_folder / ".labrelay" / pipeline)
    with running_with_tasks(settings, [every_image(pipeline)]) as session:
        report = _process(session, input_folder, output_folder, wait)
    if json_file:
        json_file.write_text(report.as_json(), encoding="utf-8")
    print_report(report, output_folder, f"{input_folder} → {pipeline}", well=report.well)
    if not report.well:
        raise typer.Exit(PARTLY_FAILED)


def _check_folders(source: Path, output: Path) -> None:
    if not source.is_dir():
        raise SettingsInvalid(f"{source} is not a folder.", next_step="Give the folder with the images.")
    if output.resolve().is_relative_to(source.resolve()):
        cause = f"The results' folder {output} lies in the images' folder: the next run would take results for images."
        raise SettingsInvalid(cause, next_step="Give a folder beside it.")


def stop_on_signals() -> None:
    """SIGTERM ends like Ctrl-C, and Ctrl-C works where a shell in the background has switched it off."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


@contextmanager
def running_with_tasks(settings: Settings, tasks: Iterable[TaskDraft]) -> Iterator[Session]:
    """Both sides, the OEM side only after the tasks stand: what it announces earlier would be unmatched."""
    with running(settings, "gateway") as session:
        session.await_ready()
        _ensure(session, tasks)
        with running(settings, "oem") as oem:
            oem.await_ready()
            yield session


def every_image(pipeline: str) -> TaskDraft:
    """The task that takes everything."""
    return TaskDraft(description=f"every image → {pipeline}", selector=True, pipeline=pipeline)


def _ensure(session: Session, tasks: Iterable[TaskDraft]) -> None:
    known = [task["description"] for task in session.launcher.get("/api/v2/tasks")["items"]]
    for task in tasks:
        if task.description not in known:
            session.launcher.post("/api/v2/tasks", task.model_dump(mode="json"))


def _settings(source: Path, output: Path, pipeline: str, data: Path) -> Settings:
    folder = WatchedFolder(name="input", path=source.resolve(), completion="stable", stable_s=0.5, include=INCLUDE)
    base = load_settings()
    oem = base.oem.model_copy(update={"folders": (folder,), "output_folder": output.resolve(), "edge_url": ""})
    return base.model_copy(
        update={
            "data": data.resolve(),
            "oem": oem,
            "ports": free_ports(base.ports),
            "redis": base.redis.model_copy(update={"port": take_ports(1)[0], "url": ""}),
            "pipelines": only(pipeline, base.pipelines),
        }
    )


def only(pipeline: str, base: Pipelines) -> Pipelines:
    """The one pipeline that is asked for; a model of the user's own gets a port of its own."""
    if pipeline in base.own:
        model = base.models[pipeline].model_copy(update={"port": take_ports(1)[0]})
        return base.model_copy(update={"run": (), "models": {pipeline: model}})
    models = {name: model for name, model in base.models.items() if name == pipeline}
    return base.model_copy(update={"run": (pipeline if pipeline in SHIPPED else "simulator",), "models": models})


def _process(session: Session, source: Path, output: Path, wait: float) -> Report:
    _take_up_again(session)
    started, wall = time.monotonic(), time.time()
    images = find_images(source)
    digests = images.digests
    jobs = follow(session.repository, lambda: len(digests), lambda jobs: digests.items() <= _contents(jobs), wait)
    jobs = [job for job in jobs if (job.source.path, job.source.sha256) in digests.items()]  # not of earlier contents
    took = time.monotonic() - started
    verdict = judge(digests, output, told_results(jobs))
    written = written_files(source, digests, wall)
    tables = finish_plates(session.repository)
    return build_report(written, jobs, verdict, took, unreadable=images.unreadable, tables=tables)


def _take_up_again(session: Session) -> None:
    """What an earlier run left failed or unmatched is tried once more."""
    for job in all_jobs(session.repository):
        if job.stage is Stage.FAILED:
            session.repository.post(f"/api/v2/jobs/{job.id}/retry")
        elif job.stage is Stage.UNMATCHED:
            session.repository.post(f"/api/v2/jobs/{job.id}/reprocess")


def _contents(jobs: list[Job]) -> set[tuple[str, str]]:
    return {(job.source.path, job.source.sha256) for job in jobs}
