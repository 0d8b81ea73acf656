"""Plates in the record: their jobs, what is due, what was finished."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import Row, func, select, update

from job_repository.jobs.tiles import STORED, stored_tile
from job_repository.plates.identity import PlateIdentity
from job_repository.record.models import CaptureRow, JobEventRow, JobRow, PlateRow
from job_repository.record.store import Record
from labrelay.contracts.jobs import Job
from labrelay.contracts.plates import PLATE_FINISHED, TABLE, FinishedPlates, NumberedFinish, PlateFinished
from labrelay.contracts.states import FINAL, Stage
from labrelay.contracts.tiles import Tile
from labrelay.errors import NotFound

COLUMNS: Final = PlateRow.__table__.c
PAGE: Final = 200


@dataclass(frozen=True)
class StoredPlate:
    """One plate of the record."""

    identity: PlateIdentity
    number: int
    covered: int


@dataclass(frozen=True)
class Tally:
    """The jobs of one task on a plate.

    Attributes:
        open: how many aren't at their end.
        seq: number of the newest event.
        newest: number with which the newest job began.
    """

    stages: dict[Stage, int]
    open: int = 0
    seq: int = 0
    newest: int = 0
    pipeline: str = ""

    @property
    def jobs(self) -> int:
        """How many there are."""
        return sum(self.stages.values())


class PlateStore:
    """Rows of plates."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def get(self, plate_id: str) -> StoredPlate:
        """One plate.

        Raises:
            NotFound: there is none with this id.
        """
        with self.record.read() as connection:
            row = connection.execute(select(*COLUMNS).where(COLUMNS.id == plate_id)).first()
        if row is None:
            raise NotFound(f"There is no plate {plate_id}.")
        return _read(row)

    def page(self, instrument: str | None, after: int | None, limit: int, name: str = "") -> list[StoredPlate]:
        """Plates, newest first: those of one instrument where one is named, with `name` in their name."""
        query = select(*COLUMNS).order_by(COLUMNS.number.desc())
        query = query if instrument is None else query.where(COLUMNS.instrument == instrument)
        query = query if after is None else query.where(COLUMNS.number < after)
        if name:
            query = query.where(COLUMNS.attributes.icontains(json.dumps(name)[1:-1], autoescape=True))
        with self.record.read() as connection:
            rows = connection.execution_options(yield_per=PAGE).execute(query if name else query.limit(limit))
            # The text of all attributes leads to the plates; the name itself decides.
            return list(islice((each for each in map(_read, rows) if _is_called(each, name)), limit))

    def unplated(self, after: int | None, limit: int) -> list[Tile]:
        """Images that belong to no plate, those that changed last first."""
        query = select(*STORED).where(JobRow.plate == "", JobRow.task_id != TABLE)
        query = query if after is None else query.where(JobRow.seq < after)
        with self.record.read() as connection:
            rows = connection.execute(query.order_by(JobRow.seq.desc()).limit(limit)).all()
        return list(map(stored_tile, rows))

    def uncovered(self) -> list[str]:
        """Plates with jobs of which something isn't in their tables, as far as anybody knows."""
        newest = select(func.max(JobRow.seq)).where(JobRow.plate == COLUMNS.id).scalar_subquery()
        with self.record.read() as connection:
            return list(connection.scalars(select(COLUMNS.id).where(COLUMNS.covered < newest)))

    def tallies(self, plate_ids: Sequence[str]) -> dict[str, dict[str, Tally]]:
        """The jobs of plates, by plate and task; those that no task takes under the empty name."""
        newest = func.max(JobRow.seq), func.max(JobRow.number), func.max(JobRow.pipeline)
        query = (
            select(JobRow.plate, JobRow.task_id, JobRow.stage, func.count(), *newest)
            .where(JobRow.plate.in_(plate_ids))
            .group_by(JobRow.plate, JobRow.task_id, JobRow.stage)
        )
        found: dict[str, dict[str, Tally]] = {each: {} for each in plate_ids}
        with self.record.read() as connection:
            for plate, task, stage, count, seq, last, pipeline in connection.execute(query):
                tally = Tally({Stage(stage): count}, 0 if Stage(stage) in FINAL else count, seq, last, pipeline)
                found[plate][task] = _both(found[plate].get(task, Tally({})), tally)
        return found

    def jobs(self, plate_id: str, task_id: str) -> list[Job]:
        """The jobs of the newest capture of each path."""
        newest = CaptureRow.superseded_by.is_(None)
        query = select(JobRow.doc).join(CaptureRow, CaptureRow.id == JobRow.capture_id).order_by(JobRow.number)
        with self.record.read() as connection:
            docs = connection.scalars(query.where(JobRow.plate == plate_id, JobRow.task_id == task_id, newest)).all()
        return [Job.model_validate_json(doc) for doc in docs]

    def table_jobs(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """Those of these jobs that there are."""
        query = select(JobRow.doc).where(JobRow.id.in_(job_ids))
        with self.record.read() as connection:
            jobs = [Job.model_validate_json(doc) for doc in connection.scalars(query)]
        return {job.id: job for job in jobs}

    def cover(self, plate_id: str, seq: int) -> None:
        """All that the plate's jobs did up to this number is in its tables."""
        with self.record.write() as connection:
            connection.execute(update(PlateRow).where(PlateRow.id == plate_id).values(covered=seq))

    def finished(self, after: int, upto: int, limit: int) -> FinishedPlates:
        """Editions whose events have numbers after `after`, oldest first; nothing else happened up to `upto`."""
        query = select(JobEventRow.seq, JobEventRow.detail).where(
            JobEventRow.seq > after, JobEventRow.step == PLATE_FINISHED
        )
        with self.record.read() as connection:
            rows = connection.execute(query.order_by(JobEventRow.seq).limit(limit)).all()
        items = tuple(
            NumberedFinish(seq=row.seq, finished=PlateFinished.model_validate(json.loads(row.detail)["finished"]))
            for row in rows
        )
        last = items[-1].seq if items else after
        following = last if len(items) == limit else max(last, upto)
        return FinishedPlates(next=following, items=items)


def _is_called(plate: StoredPlate, name: str) -> bool:
    return name.casefold() in plate.identity.name.casefold()


def _both(one: Tally, other: Tally) -> Tally:
    stages = {**one.stages, **other.stages}
    newest = max(one.newest, other.newest)
    return Tally(stages, one.open + other.open, max(one.seq, other.seq), newest, one.pipeline or other.pipeline)


def _read(row: Row[Any]) -> StoredPlate:
    identity = PlateIdentity(row.id, row.instrument, row.folder, json.loads(row.attributes))
    return StoredPlate(identity, row.number, row.covered)
