"""Watching a number of files go their way, with a live line in the terminal."""

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from labrelay.cli.jobs import fetch_jobs
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import FINAL
from labrelay.errors import LabrelayError
from labrelay.http.client import Client


def follow(
    repository: Client, expected: Callable[[], int], finished: Callable[[list[Job]], bool], wait_s: float
) -> list[Job]:
    """Wait until `expected()` files have only final jobs and `finished` says of these that all is there, or `wait_s`.

    Returns:
        The images' jobs as they stand then, without those of plates' tables.
    """
    end = time.monotonic() + wait_s
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        line = progress.add_task("waiting for the first image", total=None)
        while time.monotonic() < end:
            stages = _stages(repository)
            _show(progress, line, stages, expected())
            if _settled(stages, expected()) and finished(_final(repository)):
                break
            time.sleep(0.25)
    return _images(repository)


def all_jobs(repository: Client) -> list[Job]:
    """Every job, oldest first."""
    return [Job.model_validate(job) for job in reversed(fetch_jobs(repository, 1_000_000))]


def _images(repository: Client) -> list[Job]:
    images = fetch_jobs(repository, 1_000_000, JobFilter(kind=("image",)))
    return [Job.model_validate(job) for job in reversed(images)]


def _final(repository: Client) -> list[Job]:
    return [job for job in _images(repository) if job.final]


def _stages(repository: Client) -> dict[str, int]:
    try:
        summary: dict[str, Any] = repository.get("/api/v2/summary")
    except LabrelayError:  # a part is being restarted: the next look will tell
        return {}
    return {stage: int(count) for stage, count in summary["stages"].items() if count}


def _settled(stages: dict[str, int], expected: int) -> bool:
    return sum(stages.values()) >= expected and all(stage in FINAL for stage in stages)


def _show(progress: Progress, line: TaskID, stages: dict[str, int], expected: int) -> None:
    done = sum(count for stage, count in stages.items() if stage in FINAL)
    moving = ", ".join(f"{count} {stage.replace('_', ' ')}" for stage, count in stages.items() if stage not in FINAL)
    progress.update(line, completed=done, total=expected or None, description=moving or "images done")
