"""Captures in the record: the authority for generations and frozen matches."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from job_repository.jobs.conflicts import PredecessorMismatch
from job_repository.record.models import CaptureEndRow, CaptureRow, JobRow
from job_repository.record.store import Record
from labrelay.contracts.captures import Announcement
from labrelay.contracts.tasks import FrozenTask
from labrelay.errors import CaptureOfAnother, NotFound, ServiceUnavailable


@dataclass(frozen=True)
class PlannedJob:
    """A job that a capture gets: its id, its task (None without one), and what matching had to note."""

    id: str
    task: FrozenTask | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredCapture:
    """One capture of the record."""

    id: str
    generation: int
    predecessor: str | None
    announcement: Announcement
    jobs: tuple[PlannedJob, ...]
    superseded_by: str | None
    created_ns: int


Planner = Callable[[StoredCapture], tuple[PlannedJob, ...]]
COLUMNS = CaptureRow.__table__.c


class CaptureStore:
    """Rows of captures."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def announce(self, announcement: Announcement, plan: Planner, *, again: bool = False) -> tuple[StoredCapture, bool]:
        """The capture of an announcement, and whether it is new.

        Raises:
            PredecessorMismatch: the path's last capture isn't the predecessor that was given.
            CaptureOfAnother: it names a capture of another instrument.
        """
        try:
            with self._record.write() as connection:
                _check_owner(connection, announcement)
                last = _last(connection, announcement.instrument, announcement.folder, announcement.path)
                known = None if again else _known(connection, announcement, last)
                return (known, False) if known else (_add(connection, announcement, last, plan), True)
        except IntegrityError as error:
            raise ServiceUnavailable("Two captures of one path came at once; announce again.") from error

    def get(self, capture_id: str) -> StoredCapture:
        """One capture.

        Raises:
            NotFound: there is none with this id.
        """
        found = self._some(COLUMNS.id == capture_id)
        if not found:
            raise NotFound(f"There is no capture {capture_id}.")
        return found[0]

    def with_content(self, instrument: str, sha256: str) -> list[StoredCapture]:
        """All captures of this content of an instrument."""
        return self._some((COLUMNS.instrument == instrument) & (COLUMNS.sha256 == sha256))

    def newest(self, instrument: str, folder: str, path: str) -> StoredCapture | None:
        """The last capture of a path."""
        with self._record.read() as connection:
            return _last(connection, instrument, folder, path)

    def of_path(
        self, instrument: str, folder: str, path: str, sha256: str | None = None, limit: int = 100
    ) -> list[StoredCapture]:
        """The captures of a path (of one content), newest first."""
        wanted = (COLUMNS.instrument == instrument) & (COLUMNS.folder == folder) & (COLUMNS.path == path)
        query = select(*COLUMNS).where(wanted if sha256 is None else wanted & (COLUMNS.sha256 == sha256))
        with self._record.read() as connection:
            rows = connection.execute(query.order_by(COLUMNS.generation.desc()).limit(limit)).all()
        return [_read(row) for row in rows]

    def without_jobs(self) -> list[StoredCapture]:
        """Captures that the record doesn't hold all jobs of (yet)."""
        held = select(func.count()).where(JobRow.capture_id == COLUMNS.id).scalar_subquery()
        return self._some(held < COLUMNS.job_count)

    def ended(self, capture_id: str) -> bool:
        """Whether the record holds the capture's end."""
        query = select(CaptureEndRow.number).where(CaptureEndRow.capture_id == capture_id)
        with self._record.read() as connection:
            return connection.scalar(query) is not None

    def ends(self, instrument: str, after: int, limit: int) -> tuple[int, tuple[str, ...]]:
        """Captures of an instrument that ended after a number: the newest number, and their ids in order."""
        query = select(CaptureEndRow.number, CaptureEndRow.capture_id).where(
            CaptureEndRow.instrument == instrument, CaptureEndRow.number > after
        )
        with self._record.read() as connection:
            rows = connection.execute(query.order_by(CaptureEndRow.number).limit(limit)).all()
        return (rows[-1].number if rows else after), tuple(row.capture_id for row in rows)

    def _some(self, condition: Any) -> list[StoredCapture]:
        with self._record.read() as connection:
            return [_read(row) for row in connection.execute(select(*COLUMNS).where(condition))]


def _check_owner(connection: Connection, told: Announcement) -> None:
    """A capture is its instrument's alone; only after a loss or a restored backup is one named at all."""
    if told.capture_id is None:
        return
    owner = connection.scalar(select(CaptureRow.instrument).where(CaptureRow.id == told.capture_id))
    if owner is not None and owner != told.instrument:
        raise CaptureOfAnother(f"The capture {told.capture_id} doesn't belong to the instrument {told.instrument!r}.")


def _known(connection: Connection, told: Announcement, last: StoredCapture | None) -> StoredCapture | None:
    """The same announcement came before, or the content is that of the last capture."""
    if last is None:
        _check_predecessor(last, told)
        return None
    place = (COLUMNS.instrument == told.instrument) & (COLUMNS.folder == told.folder) & (COLUMNS.path == told.path)
    same = (COLUMNS.sha256 == told.sha256) & COLUMNS.predecessor.is_not_distinct_from(told.predecessor)
    row = connection.execute(select(*COLUMNS).where(place, same).order_by(COLUMNS.generation.desc()).limit(1)).first()
    if row is not None and _is_repeated(_read(row), last, told):
        return _read(row)
    if last.id != told.predecessor:
        _check_predecessor(last, told)
        return None
    return last if last.announcement.sha256 == told.sha256 else None


def _is_repeated(known: StoredCapture, last: StoredCapture, told: Announcement) -> bool:
    """Of an older capture only the very same announcement: a lost journal names no predecessor after A, B, A either."""
    return known.id == last.id or known.announcement.modified_ns == told.modified_ns


def _check_predecessor(last: StoredCapture | None, told: Announcement) -> None:
    if last is None and told.predecessor is None:
        return
    raise PredecessorMismatch(
        f"The last capture of {told.path} isn't {told.predecessor}.",
        last_capture_id=last.id if last else None,
        last_sha256=last.announcement.sha256 if last else None,
        last_generation=last.generation if last else 0,
    )


def _add(connection: Connection, told: Announcement, last: StoredCapture | None, plan: Planner) -> StoredCapture:
    capture = StoredCapture(
        id=_identity(connection, told),
        generation=last.generation + 1 if last else 1,
        predecessor=told.predecessor,
        announcement=told,
        jobs=(),
        superseded_by=None,
        created_ns=time.time_ns(),
    )
    capture = replace(capture, jobs=plan(capture))
    connection.execute(insert(CaptureRow).values(_row(capture)))
    if last:
        connection.execute(update(CaptureRow).where(CaptureRow.id == last.id).values(superseded_by=capture.id))
    return capture


def _identity(connection: Connection, told: Announcement) -> str:
    """The name that it had before the record fell back, so that its jobs and outputs are the same; else a new one."""
    try:
        named = str(UUID(told.capture_id)) if told.capture_id else ""
    except ValueError:
        named = ""
    taken = named and connection.scalar(select(CaptureRow.id).where(CaptureRow.id == named))
    return named if named and not taken else str(uuid4())


def _last(connection: Connection, instrument: str, folder: str, path: str) -> StoredCapture | None:
    place = (COLUMNS.instrument == instrument) & (COLUMNS.folder == folder) & (COLUMNS.path == path)
    row = connection.execute(select(*COLUMNS).where(place).order_by(COLUMNS.generation.desc()).limit(1)).first()
    return _read(row) if row else None


def _row(capture: StoredCapture) -> dict[str, Any]:
    told = capture.announcement
    jobs = [
        {"id": plan.id, "task": plan.task.model_dump(mode="json") if plan.task else None, "notes": plan.notes}
        for plan in capture.jobs
    ]
    return {
        "id": capture.id,
        "instrument": told.instrument,
        "folder": told.folder,
        "path": told.path,
        "generation": capture.generation,
        "predecessor": capture.predecessor,
        "sha256": told.sha256,
        "announcement": told.model_dump_json(),
        "jobs": json.dumps(jobs),
        "job_count": len(jobs),
        "superseded_by": None,
        "created_ns": capture.created_ns,
    }


def _read(row: Row[Any]) -> StoredCapture:
    jobs = tuple(
        PlannedJob(plan["id"], FrozenTask.model_validate(plan["task"]) if plan["task"] else None, tuple(plan["notes"]))
        for plan in json.loads(row.jobs)
    )
    told = Announcement.model_validate_json(row.announcement)
    return StoredCapture(row.id, row.generation, row.predecessor, told, jobs, row.superseded_by, row.created_ns)
