"""Which image is judged next: the newest images of a choice in an order that stays while verdicts are given."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from job_repository.jobs.filtering import conditions
from job_repository.jobs.pages import Search
from job_repository.jobs.queries import Queries
from job_repository.jobs.tiles import tile_of
from job_repository.live.documents import read_job
from job_repository.record.models import JobRow, VerdictRow
from job_repository.record.store import Record
from job_repository.verdicts.store import Verdicts
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.reviews import (
    LOOKED,
    SEALED_STAGES,
    Order,
    QueueAsked,
    Reviewed,
    ReviewedPage,
    ReviewQueue,
    ReviewsWanted,
)
from labrelay.contracts.verdicts import Judgement, seal_of
from labrelay.errors import NotFound

JUDGED: Final = VerdictRow.verdict != Judgement.NONE.value
LEAD: Final = '%"lead":"%'
"""In a document: another job worked for this one's set, and has its results."""
FLAGS, NO_FLAGS, PASSED = '%"qc_flags":"%', '%"qc_flags":""%', '%"qc_flags":"passed"%'
Key = tuple[Any, int]


@dataclass(frozen=True)
class Looked:
    """The images of a choice that are looked at, by number of their jobs.

    Attributes:
        ids: newest first.
        judged: those that have a verdict on the results that they have now.
        more: there are older ones.
    """

    ids: dict[int, str]
    judged: frozenset[int]
    more: bool


class ReviewQueues:
    """Reads queues.

    Args:
        record: the database.
        queries: reads jobs from it.
        verdicts: what people say of them.
    """

    def __init__(self, record: Record, queries: Queries, verdicts: Verdicts) -> None:
        self._record = record
        self._queries = queries
        self._verdicts = verdicts

    def queue(self, asked: QueueAsked) -> ReviewQueue:
        """One image of a queue, and its neighbours.

        Raises:
            NotFound: no job has the id that is asked for.
        """
        self._queries.catch_up()
        with self._record.read() as connection:
            looked = _looked(connection, asked)
            at = _number(connection, asked.at) if asked.at else None
            key = _key_of(connection, asked, looked)
        ids: dict[int | None, str] = {at: asked.at} if at is not None else {}
        ids.update(looked.ids.items())
        keys = sorted(key(number) for number in looked.ids if _is_wanted(asked, number in looked.judged))
        waiting = [number for _, number in keys]
        here = at if at is not None else next(iter(waiting), None)
        previous, following = _around(keys, key(here)) if here is not None else (None, None)
        shown = self._reviewed([ids[number] for number in (here, following) if number is not None])
        return ReviewQueue(
            here=shown.get(ids.get(here, "")),
            next=shown.get(ids.get(following, "")),
            previous=ids.get(previous),
            place=waiting.index(here) + 1 if here in waiting else 0,
            waiting=len(waiting),
            judged=len(looked.judged),
            total=len(looked.ids),
            more=looked.more,
        )

    def judged(self, asked: ReviewsWanted) -> ReviewedPage:
        """Images that were judged, newest first; verdicts on results of an earlier run are left out."""
        self._queries.catch_up()
        query = select(JobRow.number, JobRow.doc).join(VerdictRow, VerdictRow.job_id == JobRow.id)
        query = query.where(JUDGED, JobRow.number < asked.after, *conditions(asked))
        if asked.verdict:
            query = query.where(VerdictRow.verdict.in_([each.value for each in asked.verdict]))
        with self._record.read() as connection:
            rows = connection.execute(query.order_by(JobRow.number.desc()).limit(asked.limit + 1)).all()
        page = rows[: asked.limit]
        items = self._with_reviews([read_job(row.doc) for row in page])
        more = len(rows) > asked.limit
        return ReviewedPage(
            items=tuple(item for item in items if item.review.verdict), next=page[-1].number if more else None
        )

    def _reviewed(self, ids: Sequence[str]) -> dict[str, Reviewed]:
        found, _ = self._queries.jobs(JobFilter(job=tuple(ids)), len(ids), None) if ids else ([], None)
        return {item.job.id: item for item in self._with_reviews(found)}

    def _with_reviews(self, jobs: Sequence[Job]) -> list[Reviewed]:
        reviews = self._verdicts.of(jobs)
        return [
            Reviewed(job=job, tile=tile_of(job, job.revision), review=review)
            for job, review in zip(jobs, reviews, strict=True)
        ]


def _looked(connection: Connection, asked: JobFilter) -> Looked:
    wanted = {name: getattr(asked, name) for name in JobFilter.model_fields}
    wanted |= {"stage": asked.stage or SEALED_STAGES, "kind": asked.kind or ("image",)}
    page = Search(connection, JobFilter(**wanted)).page(None, LOOKED)
    row = JobRow.__table__.c
    own = or_(row.set_key == "", row.doc.not_like(LEAD))
    query = select(row.number, row.id).where(row.number.in_(page.numbers), row.stage.in_(SEALED_STAGES), own)
    found = connection.execute(query.order_by(row.number.desc()))
    ids = {each.number: each.id for each in found}
    return Looked(ids, _judged(connection, ids), page.next is not None)


def _judged(connection: Connection, ids: dict[int, str]) -> frozenset[int]:
    """Of a job that changed after its verdict, the results may be others; only these are read."""
    query = select(JobRow.number, VerdictRow.seal, JobRow.updated_ns > VerdictRow.at_ns)
    query = query.join(VerdictRow, VerdictRow.job_id == JobRow.id).where(JUDGED, JobRow.number.in_(ids))
    rows = connection.execute(query).all()
    seals = {number: seal for number, seal, changed in rows if changed}
    docs = connection.execute(select(JobRow.number, JobRow.doc).where(JobRow.number.in_(seals)))
    stale = {number for number, doc in docs if seal_of(read_job(doc)) != seals[number]}
    return frozenset(row.number for row in rows) - stale


def _key_of(connection: Connection, asked: QueueAsked, looked: Looked) -> Callable[[int], Key]:
    if asked.order is Order.RANDOM:
        return lambda number: (blake2b(f"{asked.seed}:{number}".encode(), digest_size=8).digest(), number)
    if asked.order is Order.NEWEST:
        return lambda number: (-number, number)
    row = JobRow.__table__.c
    told = row.doc.ilike(FLAGS), row.doc.not_ilike(NO_FLAGS), row.doc.not_ilike(PASSED)
    flagged = frozenset(connection.scalars(select(row.number).where(row.number.in_(looked.ids), *told)))
    return lambda number: ((number not in flagged, -number), number)


def _is_wanted(asked: QueueAsked, has_verdict: bool) -> bool:
    return asked.judged == "any" or (asked.judged == "yes") is has_verdict


def _around(keys: Sequence[Key], here: Key) -> tuple[int | None, int | None]:
    """Numbers before and after a key; after the last comes the first again."""
    before, after = bisect_left(keys, here), bisect_right(keys, here)
    following = keys[after] if after < len(keys) else next(iter(keys), None)
    previous = keys[before - 1] if before else None
    return previous[1] if previous else None, following[1] if following and following != here else None


def _number(connection: Connection, job_id: str) -> int:
    number = connection.scalar(select(JobRow.number).where(JobRow.id == job_id))
    if number is None:
        raise NotFound(f"There is no job {job_id}.")
    return int(number)
