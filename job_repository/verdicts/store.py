"""Verdicts and exclusions in the record; each change enters the audit within the same transaction."""

import time
from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select, update

from job_repository.record import audit
from job_repository.record.models import VerdictRow
from job_repository.record.store import Record, number_of
from job_repository.verdicts.errors import NoResultsYet, ReviewChanged, TooManyExcluded
from labrelay.contracts.jobs import Job
from labrelay.contracts.verdicts import (
    ExcludedObject,
    ExclusionsRequest,
    Review,
    VerdictRequest,
    found_count,
    seal_of,
)

COLUMNS: Final = VerdictRow.__table__.c
EXCLUDED: Final = TypeAdapter(tuple[ExcludedObject, ...])


class Verdicts:
    """What people say of the results of all jobs.

    Args:
        record: the database.
        chain: its audit.
    """

    def __init__(self, record: Record, chain: audit.Audit) -> None:
        self._record = record
        self._audit = chain

    def of(self, jobs: Sequence[Job]) -> tuple[Review, ...]:
        """Reviews of jobs, in their order; what was said of an earlier run counts as nothing."""
        query = select(*COLUMNS).where(COLUMNS.job_id.in_([job.id for job in jobs]))
        with self._record.read() as connection:
            rows = {row.job_id: row for row in connection.execute(query)}
        return tuple(_review(job, rows.get(job.id)) for job in jobs)

    def known(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Those of these jobs of whose results anybody ever said anything."""
        with self._record.read() as connection:
            return tuple(connection.scalars(select(COLUMNS.job_id).where(COLUMNS.job_id.in_(ids))))

    def judge(self, job: Job, asked: VerdictRequest, by: str, action: str = "") -> Review:
        """Give a verdict, or take it back; the same again changes nothing.

        `action` is the act on many jobs that it is part of.

        Raises:
            NoResultsYet: the job has no sealed outputs.
            ReviewChanged: another revision holds than the one that was seen.
        """
        with self._record.write() as connection:
            held = self._held(connection, job, asked.revision)
            if (held.verdict, held.reason) == (asked.verdict, asked.reason):
                return held
            given = by if asked.verdict else ""
            told = {"verdict": asked.verdict, "reason": asked.reason, "by": given, "at_ns": time.time_ns()}
            review = held.model_copy(update={**told, "revision": held.revision + 1})
            body = {"verdict": asked.verdict.value, "before": held.verdict.value, "reason": asked.reason}
            body |= {"action": action} if action else {}
            head = _put(connection, job, review, audit.Act("verdict", by, job.id, body))
        self._audit.sign(head)
        return review

    def exclude(self, job: Job, asked: ExclusionsRequest, by: str) -> Review:
        """Take objects out of the count, or back in; those that were out already keep who took them out.

        Raises:
            NoResultsYet: the job has no sealed outputs.
            ReviewChanged: another revision holds than the one that was seen.
            TooManyExcluded: more objects than were found.
        """
        found = found_count(job)
        if found is not None and len(asked.objects) > found:
            raise TooManyExcluded(f"{len(asked.objects)} objects can't be left out of {found}.")
        with self._record.write() as connection:
            held = self._held(connection, job, asked.revision)
            known = {each.object: each for each in held.excluded}
            if tuple(known) == asked.objects:
                return held
            now_ns = time.time_ns()
            objects = tuple(
                known.get(each) or ExcludedObject(object=each, by=by, at_ns=now_ns) for each in asked.objects
            )
            review = _counted(held.model_copy(update={"excluded": objects, "revision": held.revision + 1}))
            head = _put(connection, job, review, audit.Act("exclusions", by, job.id, _told(held, review, asked.reason)))
        self._audit.sign(head)
        return review

    def _held(self, connection: Connection, job: Job, seen: int | None) -> Review:
        if not job.outputs:
            raise NoResultsYet(f"Job {job.id} has no sealed results that anything could be said of.")
        number_of(connection, "audit", lock=True)  # whoever changes a review waits here for who does so already
        held = _review(job, connection.execute(select(*COLUMNS).where(COLUMNS.job_id == job.id)).first())
        if seen is not None and seen != held.revision:
            raise ReviewChanged(f"Somebody has changed the review of job {job.id} meanwhile.", revision=held.revision)
        return held


def _review(job: Job, row: Any) -> Review:
    if row is None:
        return _counted(Review(job_id=job.id, found=found_count(job)))
    if row.seal != seal_of(job):
        return _counted(Review(job_id=job.id, found=found_count(job), revision=row.revision))
    said = {"verdict": row.verdict, "reason": row.reason, "by": row.given_by, "at_ns": row.at_ns}
    excluded = EXCLUDED.validate_json(row.excluded)
    return _counted(
        Review.model_validate(
            {"job_id": job.id, "found": found_count(job), "revision": row.revision, "excluded": excluded, **said}
        )
    )


def _counted(review: Review) -> Review:
    corrected = None if review.found is None else max(0, review.found - len(review.excluded))
    return review.model_copy(update={"corrected_count": corrected})


def _told(before: Review, after: Review, reason: str) -> dict[str, Any]:
    earlier, now = ({each.object for each in review.excluded} for review in (before, after))
    told: dict[str, Any] = {"excluded": sorted(now - earlier), "included": sorted(earlier - now), "reason": reason}
    return {**told, "found": after.found, "corrected_count": after.corrected_count}


def _put(connection: Connection, job: Job, review: Review, act: audit.Act) -> audit.Head | None:
    excluded = EXCLUDED.dump_json(review.excluded).decode()
    row = {"revision": review.revision, "seal": seal_of(job), "verdict": review.verdict.value, "reason": review.reason}
    row |= {"given_by": review.by, "at_ns": review.at_ns, "excluded": excluded, "updated_ns": time.time_ns()}
    changed = connection.execute(update(VerdictRow).where(COLUMNS.job_id == job.id).values(**row))
    if changed.rowcount == 0:
        connection.execute(insert(VerdictRow).values(job_id=job.id, **row))
    return audit.append(connection, [act])
