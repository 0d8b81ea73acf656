"""What the doctor asks of the repository: the stores, what waits too long and why, who was heard, what disagrees."""

import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import redis
from sqlalchemy import func, select

from job_repository.jobs.filtering import Group as JobGroup
from job_repository.jobs.filtering import in_groups
from job_repository.live.clocks import Clocks
from job_repository.live.keys import indexes_of, job_key
from job_repository.live.store import LiveStore
from job_repository.record.models import CaptureRow, JobEventRow, JobRow
from job_repository.record.projector import Projector
from job_repository.record.store import Record
from labrelay.contracts.base import Contract
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import FINAL, Owner, Stage

MOST: Final = 5000
SHOWN: Final = 5
EVENTS: Final = 20_000
FLOW_S: Final = 600.0
HOUR_S: Final = 3600.0
UNFINISHED: Final = tuple(stage for stage in Stage if stage not in FINAL)


class Group(Contract):
    """Jobs that have the same trouble: how many, and the first few."""

    what: str
    count: int
    jobs: tuple[str, ...]


class Flow(Contract):
    """What came and went lately: jobs created and ended, and those that wait for their turn now."""

    arrived: int
    ended: int
    waiting: int
    over_s: float


class Attempts(Contract):
    """A pipeline's attempts lately: those whose outputs were sealed, and those that failed or were given up."""

    worked: int = 0
    failed: int = 0


class LiveStoreFacts(Contract):
    """How Redis is set; None where it doesn't tell.

    Attributes:
        append_only: whether its append-only file is on.
        policy: what it does when its memory is full (`noeviction` keeps everything).
        max_bytes: its memory's limit, 0 for none; used_bytes: what it uses.
    """

    append_only: bool | None = None
    policy: str | None = None
    max_bytes: int | None = None
    used_bytes: int | None = None


class Health:
    """Looks at the stores of one repository; changes nothing.

    Args:
        overdue_s: seconds in one stage after which an owner should have said why.
    """

    def __init__(
        self, url: str, record: Record, live: LiveStore, clocks: Clocks, projector: Projector, overdue_s: float
    ) -> None:
        self._redis: Any = redis.Redis.from_url(url, decode_responses=True, socket_timeout=5, socket_connect_timeout=3)
        self._record = record
        self._live = live
        self._clocks = clocks
        self._projector = projector
        self._overdue_s = overdue_s

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def live_store(self) -> LiveStoreFacts:
        """How Redis is set."""
        try:
            told = {name: self._redis.config_get(name).get(name) for name in ("appendonly", "maxmemory-policy")}
            memory = self._redis.info("memory")
        except redis.RedisError:  # an access list may forbid both
            return LiveStoreFacts()
        return LiveStoreFacts(
            append_only=told["appendonly"] == "yes",
            policy=told["maxmemory-policy"],
            max_bytes=int(memory["maxmemory"]),
            used_bytes=int(memory["used_memory"]),
        )

    def lag(self) -> int:
        """Events that the record doesn't hold yet."""
        return self._live.check() - self._projector.position

    def overdue(self) -> list[Group]:
        """Overdue jobs by the reason that they tell."""
        query = select(JobRow.doc).where(in_groups([JobGroup.overdue.is_(True)])).order_by(JobRow.number).limit(MOST)
        with self._record.read() as connection:
            jobs = [Job.model_validate_json(doc) for doc in connection.scalars(query)]
        return _groups((job.overdue, job.id) for job in jobs)

    def unattended(self) -> list[Group]:
        """Jobs whose owner neither took them further nor said why, though it had time for both, by owner."""
        _, jobs = self._live.standing(UNFINISHED, None, None, MOST)
        silent = [
            job
            for job in jobs
            if not job.overdue and job.owner is not Owner.NONE and self._clocks.view(job).age_s > 2 * self._overdue_s
        ]
        return _groups((job.owner.value, job.id) for job in silent if job.stage not in (Stage.GATHERING, Stage.JOINED))

    def disagreements(self) -> list[Group]:
        """Jobs that one store holds as final, or doesn't hold at all, and the other as unfinished; or in no list.

        Nobody would take those on that the live store holds and that stand in no list of it.
        """
        position = self._projector.position
        query = select(JobRow.id, JobRow.seq).where(~JobRow.final).order_by(JobRow.number).limit(MOST)
        with self._record.read() as connection:
            unfinished = [(row.id, row.seq) for row in connection.execute(query)]
        there = self._there([job_id for job_id, _ in unfinished])
        _, standing = self._live.standing(UNFINISHED, None, None, MOST)
        ended = self._final([job.id for job in standing])
        if self._projector.position != position:  # the record moved meanwhile: what looks odd may be young
            there |= self._there([job_id for job_id, _ in unfinished if job_id not in there])
        lost = [job_id for job_id, _ in unfinished if job_id not in there and not self._final([job_id])]
        told = [("the record waits for its end, and the live store doesn't know it", job_id) for job_id in lost]
        seen = {job.id for job in standing}
        unseen = [job_id for job_id, _ in unfinished if job_id in there - seen] if len(standing) < MOST else []
        told += [("the live store holds it, and it stands in no list of its stage", each) for each in self._off(unseen)]
        fresh = self._live.get_many(sorted(ended))
        told += [
            ("the record holds its end, and the live store works on it", job_id)
            for job_id in sorted(ended)
            if job_id in fresh and not fresh[job_id].final and job_id in self._final([job_id])
        ]
        return _groups(told)

    def _off(self, job_ids: list[str]) -> list[str]:
        """Those that are unfinished and stand in no list, also at a second look: they may just have moved on."""
        left = [job for job in self._live.get_many(job_ids).values() if not job.final]
        return [job.id for job in left if self._redis.zscore(indexes_of(job)[0], job.id) is None]

    def flow(self) -> Flow:
        """Jobs that came and went within `FLOW_S`."""
        steps = self._lately(FLOW_S, JobEventRow.step, JobEventRow.stage)
        waiting = select(func.sum(JobGroup.jobs)).where(JobGroup.stage.in_([Stage.READY.value, Stage.LAUNCHED.value]))
        with self._record.read() as connection:
            waits = int(connection.scalar(waiting) or 0)
        return Flow(
            arrived=sum(count for (step, _), count in steps.items() if step == "created"),
            ended=sum(count for (_, stage), count in steps.items() if stage in FINAL),
            waiting=waits,
            over_s=FLOW_S,
        )

    def pipelines(self) -> dict[str, Attempts]:
        """By topic, how the attempts of the last hour went."""
        steps = self._lately(HOUR_S, JobEventRow.pipeline, JobEventRow.step)
        topics = {topic for (topic, _) in steps if topic}
        return {
            topic: Attempts(
                worked=steps.get((topic, "seal"), 0),
                failed=sum(steps.get((topic, step), 0) for step in ("fail", "relaunch")),
            )
            for topic in sorted(topics)
        }

    def _lately(self, seconds: float, *columns: Any) -> dict[tuple[str, str], int]:
        """Counts of the newest events by two columns; the oldest of very many are left out."""
        since, first = time.time_ns() - int(seconds * 1e9), self._projector.position - EVENTS
        query = select(*columns, func.count()).where(JobEventRow.seq > first, JobEventRow.at_ns > since)
        with self._record.read() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query.group_by(*columns))}

    def unknown_jobs(self, job_ids: list[str]) -> list[str]:
        """Those that the record doesn't know."""
        with self._record.read() as connection:
            known = set(connection.scalars(select(JobRow.id).where(JobRow.id.in_(job_ids))))
        return [job_id for job_id in job_ids if job_id not in known]

    def unknown_contents(self, instrument: str, digests: list[str]) -> list[str]:
        """Contents of an instrument that no capture names."""
        query = select(CaptureRow.sha256).where(CaptureRow.instrument == instrument, CaptureRow.sha256.in_(digests))
        with self._record.read() as connection:
            known = set(connection.scalars(query))
        return [sha256 for sha256 in digests if sha256 not in known]

    def _there(self, job_ids: list[str]) -> set[str]:
        with self._redis.pipeline(transaction=False) as batch:
            for job_id in job_ids:
                batch.exists(job_key(job_id))
            return {job_id for job_id, found in zip(job_ids, batch.execute(), strict=True) if found}

    def _final(self, job_ids: list[str]) -> set[str]:
        with self._record.read() as connection:
            return set(connection.scalars(select(JobRow.id).where(JobRow.final, JobRow.id.in_(job_ids))))


def _groups(told: Iterable[tuple[str, str]]) -> list[Group]:
    found: dict[str, list[str]] = defaultdict(list)
    for what, job_id in told:
        found[what].append(job_id)
    return [Group(what=what, count=len(ids), jobs=tuple(ids[:SHOWN])) for what, ids in found.items()]
