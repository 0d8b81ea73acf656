"""The newest files of one instrument, as the record holds them."""

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from job_repository.record.models import AuditRow, CaptureRow, JobRow
from labrelay.contracts.instruments import LastFile

TAUGHT_BY: Final = 100
"""So many files teach the rhythm."""
UNREADABLE: Final = frozenset({"image_unreadable", "image_unreachable", "input_unreadable"})
RESUMED: Final = ("instrument_resumed", "instrument_undrained")


@dataclass(frozen=True)
class Newest:
    """What the newest files tell.

    Attributes:
        arrivals_ns: when they came, newest first.
        unmatched: no task took the newest.
        unreadable: why the newest can't be read, else empty.
        resumed_ns: when a pause of the instrument ended last, 0 for never.
    """

    arrivals_ns: tuple[int, ...] = ()
    last: LastFile | None = None
    unmatched: bool = False
    unreadable: str = ""
    resumed_ns: int = 0


def newest_of(connection: Connection, instrument: str) -> Newest:
    """Look at one instrument's files."""
    own = CaptureRow.instrument == instrument
    times = select(CaptureRow.created_ns).where(own).order_by(CaptureRow.created_ns.desc()).limit(TAUGHT_BY + 1)
    arrivals = tuple(connection.scalars(times))
    resumed = select(func.max(AuditRow.at_ns)).where(AuditRow.subject == instrument, AuditRow.kind.in_(RESUMED))
    resumed_ns = int(connection.scalar(resumed) or 0)
    if not arrivals:
        return Newest(resumed_ns=resumed_ns)
    row = connection.execute(select(*CaptureRow.__table__.c).where(own, CaptureRow.created_ns == arrivals[0])).first()
    jobs = json.loads(row.jobs) if row else []
    last = _last(row, jobs) if row else None
    unmatched = bool(jobs) and all(job["task"] is None for job in jobs)
    return Newest(arrivals, last, unmatched, _unreadable(connection, row, jobs), resumed_ns)


def _last(row: Any, jobs: list[dict[str, Any]]) -> LastFile:
    return LastFile(folder=row.folder, path=row.path, at_ns=row.created_ns, jobs=tuple(job["id"] for job in jobs))


def _unreadable(connection: Connection, row: Any, jobs: list[dict[str, Any]]) -> str:
    found = select(JobRow.id).where(JobRow.id.in_([job["id"] for job in jobs]), JobRow.failure_code.in_(UNREADABLE))
    return str(row.path) if jobs and connection.scalar(found.limit(1)) else ""
