"""One attempt's private folder and its capability URLs."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labrelay.capability import Fence, query
from labrelay.contracts.jobs import Job, Source
from labrelay.errors import Conflict
from labrelay.files import copy_published, input_name
from labrelay.inputs import going_of
from labrelay.layout import GatewayLayout
from labrelay.settings import Settings
from task_launcher.names import unique_names

READ_ONLY: Final = 0o444


class InputLost(Conflict):
    """The gateway's store doesn't hold the input's bytes any more."""

    code = "input_lost"
    default_next_step = "Retry the job: the instrument sends the file again. Look at who deletes on the gateway's disk."


@dataclass(frozen=True)
class Urls:
    """Where a worker calls back, good for one attempt."""

    report: str
    status: str
    renew: str


def layout_of(settings: Settings) -> GatewayLayout:
    """The gateway's folder as an absolute path, since workers have other current folders."""
    return GatewayLayout(settings.gateway_layout.root.resolve())


def fence_of(job: Job) -> Fence:
    """The attempt that holds the job now."""
    return Fence(job.id, job.task.id if job.task else "", job.epoch, job.attempt)


def urls_of(settings: Settings, key: bytes, fence: Fence) -> Urls:
    """An attempt's capability URLs: the report goes to the job repository, the rest comes here."""
    subject, capability = f"{fence.job_id}/{fence.task_id}", query(key, fence)
    launcher = settings.advertised_url("task_launcher")
    return Urls(
        report=f"{settings.advertised_url('job_repository')}/api/v1/job/pipeline/{subject}?{capability}",
        status=f"{launcher}/api/v1/pipelineStatus/{subject}?{capability}",
        renew=f"{launcher}/api/v2/leases/{subject}?{capability}",
    )


def output_folder(layout: GatewayLayout, job: Job) -> Path:
    """Where the attempt that holds the job may write."""
    return layout.work(job.id, job.epoch, job.attempt) / "output"


def prepare(layout: GatewayLayout, job: Job) -> tuple[tuple[Path, ...], Path]:
    """Make the private folder: the inputs under their names, and an empty output folder. Repeating it changes nothing.

    Returns:
        The inputs' paths, of a set in its order and else only the job's own, and the output folder.

    Raises:
        InputLost: the input's bytes aren't in the store, or no longer those that arrived.
        OSError: the folder can't be made.
    """
    work = layout.work(job.id, job.epoch, job.attempt)
    (work / "input").mkdir(parents=True, exist_ok=True)
    (work / "output").mkdir(exist_ok=True)
    sources = inputs_of(job)
    names = unique_names(input_name(source.path) for source in sources)
    places = tuple(work / "input" / name for name in names)
    for source, private in zip(sources, places, strict=True):
        if not private.exists():
            _place(layout.input_blob(source.instrument, source.sha256), private)
    return places, work / "output"


def inputs_of(job: Job) -> tuple[Source, ...]:
    """What a job works on: its set in order, itself first, or its own capture alone."""
    return tuple(member.source for member in job.members) or (job.source,)


def _place(blob: Path, private: Path) -> None:
    """Copy the input: a link would let a pipeline that writes into it spoil the stored bytes."""
    stored = next((path for path in (blob, going_of(blob), blob) if path.is_file()), None)
    if stored is None:
        raise InputLost(f"The bytes of {private.name} are not in the gateway's store any more.")
    sha256, _ = copy_published(stored, private)
    if sha256 != blob.name:
        private.unlink()
        stored.unlink()  # damaged: while it stands, no retry would ask the instrument for the file again
        raise InputLost(f"The bytes of {private.name} have changed in the gateway's store.")
    private.chmod(READ_ONLY)


def discard(layout: GatewayLayout, job: Job) -> None:
    """Remove the private folder of the attempt; what a zombie still writes there is lost, as it should be."""
    work = layout.work(job.id, job.epoch, job.attempt)
    shutil.rmtree(work, ignore_errors=True)
    _remove_if_empty(work.parent)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # other attempts have folders there, or it is gone already
        return
