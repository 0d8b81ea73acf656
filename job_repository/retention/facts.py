"""What the stores know of contents and jobs when retention asks; the live store is read first: jobs leave it last."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import select

from job_repository.live.store import LiveStore
from job_repository.record.models import CaptureRow, JobRow
from job_repository.record.store import Record
from job_repository.retention.releases import Releases, content_key
from job_repository.retention.rules import Content, Place
from labrelay.contracts.jobs import Job
from labrelay.contracts.retention import Kind

CHUNK: Final = 500
CAPTURES = CaptureRow.__table__.c
Vouched = Callable[[str], bool | None]


class Facts:
    """Reads what the rules look at.

    Args:
        vouched: what an instrument has said of a capture lately.
    """

    def __init__(self, record: Record, live: LiveStore, releases: Releases, vouched: Vouched) -> None:
        self._record = record
        self._live = live
        self._releases = releases
        self._vouched = vouched

    def contents(self, keys: Sequence[str]) -> dict[str, Content]:
        """All that is known of contents, by their keys."""
        captures = self._captures(keys)
        jobs = self.jobs({plan for row in captures for plan in _planned(row)})
        released = self._releases.of(Kind.ORIGINALS, [row.id for row in captures])
        by_key: dict[str, list[Any]] = {key: [] for key in keys}
        for row in captures:
            by_key[content_key(row.instrument, row.sha256)].append(row)
        return {key: self._content(rows, jobs, released) for key, rows in by_key.items()}

    def capture(self, capture_id: str) -> tuple[str, Content] | None:
        """The key of a capture's content, and what is known of this capture alone."""
        with self._record.read() as connection:
            row = connection.execute(select(*CAPTURES).where(CAPTURES.id == capture_id)).first()
        if row is None:
            return None
        jobs = self.jobs(set(_planned(row)))
        return content_key(row.instrument, row.sha256), self._content([row], jobs, {})

    def jobs(self, job_ids: Iterable[str]) -> dict[str, Job]:
        """Jobs as they stand now; those that nobody knows are left out."""
        wanted = list(job_ids)
        found = self._live.get_many(wanted)
        missing = [job_id for job_id in wanted if job_id not in found]
        for start in range(0, len(missing), CHUNK):
            query = select(JobRow.doc).where(JobRow.id.in_(missing[start : start + CHUNK]))
            with self._record.read() as connection:
                docs = connection.scalars(query).all()
            found |= {job.id: job for job in map(Job.model_validate_json, docs)}
        return found

    def _captures(self, keys: Sequence[str]) -> list[Any]:
        wanted = set(keys)
        instruments, digests = zip(*(key.split("/", 1) for key in keys), strict=True) if keys else ((), ())
        query = select(*CAPTURES).where(CAPTURES.instrument.in_(set(instruments)), CAPTURES.sha256.in_(set(digests)))
        with self._record.read() as connection:
            rows = connection.execute(query).all()
        return [row for row in rows if content_key(row.instrument, row.sha256) in wanted]

    def _content(self, rows: Sequence[Any], jobs: dict[str, Job], released: dict[str, Any]) -> Content:
        planned = [plan for row in rows for plan in _planned(row)]
        return Content(
            places=tuple(self._place(row, released) for row in rows),
            jobs=tuple(jobs[plan] for plan in planned if plan in jobs),
            whole=all(plan in jobs for plan in planned),
        )

    def _place(self, row: Any, released: dict[str, Any]) -> Place:
        pushed = json.loads(row.announcement).get("returns") == "none"
        here = not (pushed or row.superseded_by or row.id in released)
        return Place(row.id, here=here, vouched=self._vouched(row.id) if here else None)


def _planned(row: Any) -> list[str]:
    return [str(plan["id"]) for plan in json.loads(row.jobs)]
