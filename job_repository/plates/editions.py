"""Editions of plates' tables: made, laid into the store of outputs, and handed to the job that brings them back.

A plate and task have one job for their table; each edition is an attempt of it. So a later edition takes the place of
the one before on the instrument's side, and nobody else's, by the rules that hold for any job. The step that begins an
edition is the *plate finished* event: one script writes both, and the edition's number keeps them from coming twice.
"""

import hashlib
import posixpath
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from job_repository.jobs.jobs import Jobs
from job_repository.jobs.steps import FinishPlate
from job_repository.jobs.transitions import apply
from job_repository.live.restore import Restorer
from job_repository.live.store import LiveStore
from job_repository.plates.identity import PlateIdentity, table_job_id, table_url
from job_repository.plates.tables import PlateTables, tables_of
from labrelay.contracts.jobs import Job, SealedOutput, Source
from labrelay.contracts.plates import TABLE, PlateFinished
from labrelay.contracts.states import Stage
from labrelay.contracts.tasks import FrozenTask
from labrelay.errors import NotFound, ServiceUnavailable
from labrelay.files import legal_name, publish_bytes
from labrelay.layout import GatewayLayout

ACTOR: Final = "job-repository"
LONGEST_PLATE: Final = 80
"""Characters of a plate's name in its tables' names."""
ENDINGS: Final = ("wells.csv", "images.csv")


class PlateEditions:
    """Makes editions; the same jobs make none."""

    def __init__(self, jobs: Jobs, live: LiveStore, restorer: Restorer, layout: GatewayLayout) -> None:
        self._jobs = jobs
        self._live = live
        self._restorer = restorer
        self._layout = layout
        self._lock = threading.Lock()

    def make(self, plate: PlateIdentity, task_id: str, jobs: Sequence[Job], expected: int | None) -> int:
        """Make sure that the newest edition is the table of these jobs, and that its bytes are there; its number.

        Raises:
            ServiceUnavailable: a store can't be reached; make it again.
        """
        tables = tables_of(plate.name, jobs, expected)
        if not tables.counts.images:
            return 0
        with self._lock:  # a retry must not lay other bytes where the loop has just sealed its own
            known = self.of(plate.id, task_id)
            step = edition_of(plate, jobs, tables, known)
            self._lay_out(step, tables)
            if known is None or known.attempt < step.finished.edition:
                self._begin(step, known)
            return step.finished.edition

    def of(self, plate_id: str, task_id: str) -> Job | None:
        """The job of a table, None before its first edition."""
        try:
            return self._jobs.get(table_job_id(plate_id, task_id))
        except NotFound:
            return None

    def file_of(self, job: Job, index: int) -> Path:
        """Where a table lies.

        Raises:
            NotFound: the store doesn't hold it any more.
        """
        name = job.outputs[index].name
        folder = self._layout.outputs(job.id, job.epoch, job.attempt)
        others = sorted(folder.parent.glob(f"*.{job.attempt}"), key=lambda each: each.stat().st_mtime, reverse=True)
        found = next((each / name for each in (folder, *others) if (each / name).is_file()), None)
        if found is None:
            raise NotFound(f"The gateway doesn't hold {name} any more.", next_step=f"Retry the job {job.id}.")
        return found

    def _lay_out(self, step: FinishPlate, tables: PlateTables) -> None:
        finished = step.finished
        folder = self._layout.outputs(finished.job_id, self._live.epoch, finished.edition)
        try:
            for output, data in zip(step.outputs, (tables.wells, tables.images), strict=True):
                publish_bytes(data, folder / output.name)
        except OSError as error:
            raise ServiceUnavailable(f"The table of plate {finished.plate} can't be written: {error}.") from error

    def _begin(self, step: FinishPlate, known: Job | None) -> None:
        if known is not None:
            self._jobs.step(known.id, step)
            return
        seq, job = self._restorer.guarded(lambda: self._created(step))
        if seq:
            self._jobs.tell(None, job, seq)

    def _created(self, step: FinishPlate) -> tuple[int, Job]:
        now = time.time_ns()
        blank = Job(
            id=step.finished.job_id,
            epoch=self._live.epoch,
            revision=0,
            stage=Stage.SEALING,
            source=step.source,
            task=step.task,
            created_ns=now,
            updated_ns=now,
        )
        job = apply(blank, step, now)
        return self._live.create([(job, step.model_dump_json())])[0], job


def edition_of(plate: PlateIdentity, jobs: Sequence[Job], tables: PlateTables, known: Job | None) -> FinishPlate:
    """The step of the edition that holds these tables: the newest one if it does, else the next."""
    task = next(job.task for job in jobs if job.task)
    outputs = tuple(
        SealedOutput(name=_name(plate, task, ending), size=len(data), sha256=hashlib.sha256(data).hexdigest())
        for ending, data in zip(ENDINGS, (tables.wells, tables.images), strict=True)
    )
    before = [(output.name, output.sha256) for output in known.outputs] if known else []
    same = before == [(output.name, output.sha256) for output in outputs]
    edition = (known.attempt if known else 0) + (not same)
    return FinishPlate(
        actor=ACTOR,
        finished=PlateFinished(
            plate_id=plate.id,
            instrument=plate.instrument,
            folder=plate.folder,
            plate=plate.name,
            task_id=task.id,
            task=task.description,
            pipeline=task.pipeline,
            edition=edition,
            counts=tables.counts,
            job_id=table_job_id(plate.id, task.id),
            table=table_url(plate.id, task.id),
        ),
        source=_source(plate, jobs, edition, known.source.path if known else _path(jobs, outputs[0].name)),
        task=_table_task(task),
        outputs=outputs,
    )


def _name(plate: PlateIdentity, task: FrozenTask, ending: str) -> str:
    return legal_name(f"{plate.name[:LONGEST_PLATE]}_{task.pipeline.replace('/', '-')}_{ending}")


def _path(jobs: Sequence[Job], name: str) -> str:
    """Beside the images: in the folder that holds all of them."""
    folders = [posixpath.dirname(job.source.path) for job in jobs]
    try:
        return posixpath.join(posixpath.commonpath(folders), name)
    except ValueError:  # absolute and relative ones
        return name


def _source(plate: PlateIdentity, jobs: Sequence[Job], edition: int, path: str) -> Source:
    """What the table was made of; its digest is that of the jobs' ids with their inputs' digests."""
    told = "".join(f"{job.id} {job.source.sha256}\n" for job in sorted(jobs, key=lambda job: job.id))
    return Source(
        capture_id=plate.id,
        instrument=plate.instrument,
        folder=plate.folder,
        path=path,
        generation=edition,
        size=sum(job.source.size for job in jobs),
        sha256=hashlib.sha256(told.encode()).hexdigest(),
        host=jobs[0].source.host,
        directory=jobs[0].source.directory,
        attributes=plate.attributes,
        returns=jobs[0].source.returns,
    )


def _table_task(task: FrozenTask) -> FrozenTask:
    return FrozenTask(
        id=TABLE,
        version=task.version,
        description=f"Table of all wells: {task.description}",
        pipeline=TABLE,
        carrier="streams",
        parameters={"task": task.id, "pipeline": task.pipeline},
    )
