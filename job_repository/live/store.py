"""The live store: unfinished jobs in Redis, every change one Lua script."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from job_repository.jobs.conflicts import JobMoved, LiveStoreLost
from job_repository.live.documents import sealed
from job_repository.live.keys import (
    EPOCH,
    EVENTS,
    INSTRUMENTS,
    PREFIX,
    SEQ,
    gathering_key,
    index_key,
    indexes_of,
    job_key,
    wanted_key,
)
from job_repository.live.reaching import reaching
from job_repository.live.recent import Recent
from job_repository.live.stored import COMPARED, LiveEvent, events_in, job_in
from labrelay.bus.streams import FIELD, launch_stream
from labrelay.contracts.jobs import Job
from labrelay.contracts.launches import Launch
from labrelay.contracts.states import Stage

CHUNK: Final = 200


@dataclass(frozen=True)
class Change:
    """One transition that is to be written.

    Attributes:
        before: as read from the live store, None when the job wasn't live.
        after: as it shall be.
        step: the step's JSON.
        launch: also put on its pipeline's stream.
    """

    before: Job | None
    after: Job
    step: str
    launch: Launch | None = None


class LiveStore:
    """Reads and scripts over one Redis.

    Attributes:
        epoch: the epoch that this process believes in; another one in Redis means `LiveStoreLost`.
        floor: the running number must not be below this (what the record or this process has seen).
        recent: jobs as this process wrote them last; only a commit tells whether they still are so.

    Args:
        url: of the server.
        disk: a folder on its disk, where that is this machine's.
    """

    def __init__(self, url: str, disk: Path | None = None) -> None:
        self._reaching = partial(reaching, disk)
        self._redis: Any = redis.Redis.from_url(
            url,
            decode_responses=True,
            encoding_errors="replace",  # a damaged text is told by its checksum
            socket_timeout=10,
            socket_connect_timeout=3,
            health_check_interval=30,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 3),
        )
        folder = files("job_repository.live")
        self._commit = self._redis.register_script((folder / "commit.lua").read_text())
        self._create = self._redis.register_script((folder / "create.lua").read_text())
        self._retire = self._redis.register_script((folder / "retire.lua").read_text())
        self._lock = threading.Lock()
        self.recent = Recent()
        self.epoch = 0
        self.floor = 0

    def check(self) -> int:
        """The running number.

        Raises:
            LiveStoreLost: the epoch is another, or the number fell back.
            ServiceUnavailable: Redis can't be reached.
        """
        believed = self._belief
        with self._reaching():
            return self._checked(believed, *self._redis.mget(EPOCH, SEQ))

    def get(self, job_id: str) -> Job | None:
        """A live job, None when it isn't live.

        Raises:
            LiveStoreDamaged: what is stored of it isn't what was written.
        """
        believed = self._belief
        with self._reaching(), self._redis.pipeline(transaction=True) as batch:
            batch.mget(EPOCH, SEQ)
            batch.hmget(job_key(job_id), "doc", *COMPARED)
            head, stored = batch.execute()
        self._checked(believed, *head)
        return job_in(job_id, stored[0], stored[1:]) if any(stored) else None

    def get_many(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """Those of these jobs that are live. Raises as `get`."""
        if not job_ids:
            return {}
        with self._reaching(), self._redis.pipeline(transaction=False) as batch:
            for job_id in job_ids:
                batch.hget(job_key(job_id), "doc")
            docs = batch.execute()
        return {job_id: job_in(job_id, doc) for job_id, doc in zip(job_ids, docs, strict=True) if doc}

    def standing(
        self, stages: Sequence[Stage], instrument: str | None, pipeline: str | None, limit: int
    ) -> tuple[int, list[Job]]:
        """The running number and the jobs in these stages: stage after stage, oldest first, instruments in turn.

        Args:
            stages: in the order in which they fill the limit.
            instrument: only of this one; None for all.
            pipeline: only for this topic; None for all.
            limit: the most jobs.
        """
        seq = self.check()
        with self._reaching():
            instruments = [instrument] if instrument else sorted(self._redis.smembers(INSTRUMENTS))
            ids: list[str] = []
            for stage in stages:
                ids += self._fair([index_key(stage, name, pipeline) for name in instruments], limit - len(ids))
        jobs = self.get_many(ids)
        return seq, [jobs[job_id] for job_id in ids if job_id in jobs]

    def wanted(self, instrument: str, limit: int) -> tuple[int, list[Job]]:
        """The running number and the jobs whose bytes an OEM side shall send, oldest first."""
        seq = self.check()
        with self._reaching():
            ids = self._redis.zrange(wanted_key(instrument), 0, limit - 1)
        return seq, list(self.get_many(ids).values())

    def _fair(self, indexes: list[str], limit: int) -> list[str]:
        if limit <= 0 or not indexes:
            return []
        with self._redis.pipeline(transaction=False) as batch:
            for index in indexes:
                batch.zrange(index, 0, limit - 1)
            queues = batch.execute()
        return [job_id for job_id in chain.from_iterable(zip_longest(*queues)) if job_id][:limit]

    def gathering(self, key: str) -> list[Job]:
        """The jobs that wait for one set."""
        self.check()
        with self._reaching():
            ids = self._redis.zrange(gathering_key(key), 0, -1)
        return [job for job in self.get_many(ids).values() if job.stage is Stage.GATHERING]

    def gathering_keys(self) -> list[str]:
        """The keys of all sets that jobs wait for."""
        self.check()
        prefix = gathering_key("")
        with self._reaching():
            return [str(key).removeprefix(prefix) for key in self._redis.scan_iter(f"{prefix}*", count=1000)]

    def commit(self, before: Job | None, after: Job, step: str, launch: Launch | None = None) -> int:
        """Write one transition; the running number of its event. As `commit_all` otherwise."""
        return self.commit_all([Change(before, after, step, launch)])[0]

    def commit_all(self, changes: Sequence[Change]) -> list[int]:
        """Write transitions of different jobs, all or none; the running numbers of their events, in this order.

        Raises:
            JobMoved: another step came between.
            LiveStoreLost: this Redis isn't the store that the record belongs to.
        """
        keys, believed = [EPOCH, SEQ, EVENTS, INSTRUMENTS], self._belief
        arguments: list[Any] = [*believed, len(changes)]
        for change in changes:
            of_keys, of_arguments = _written(change)
            keys += of_keys
            arguments += of_arguments
        with self._reaching():
            answer, *numbers = self._commit(keys=keys, args=arguments)
        if answer == "moved":
            self.recent.forget(change.after.id for change in changes)
            raise JobMoved("The job changed in the meantime.")
        self._done(believed, answer, max(numbers, default=0))
        self.recent.note(change.after for change in changes)
        return [int(number) for number in numbers]

    def create(self, jobs: Sequence[tuple[Job, str]], *, epoch: str | None = None) -> list[int]:
        """Create jobs with the JSON of their first step in one script; 0 for those that were there already."""
        keys, believed = [EPOCH, SEQ, EVENTS, INSTRUMENTS], self._belief
        arguments: list[Any] = [epoch or believed[0], 0 if epoch else believed[1], len(jobs)]
        for job, step in jobs:
            indexes = indexes_of(job)
            keys += [job_key(job.id), *indexes]
            arguments += [job.id, *_columns(job), sealed(step), job.source.instrument, len(indexes)]
        with self._reaching():
            answer, *numbers = self._create(keys=keys, args=arguments)
        self._done(believed, answer, max(numbers, default=0))
        self.recent.note(job for (job, _), number in zip(jobs, numbers, strict=True) if int(number))
        return [int(number) for number in numbers]

    def events(self, after: int, count: int) -> list[LiveEvent]:
        """Events after a running number, in order; those before the first damaged one.

        Raises:
            LiveStoreDamaged: the very first isn't what was written.
        """
        with self._reaching():
            entries = self._redis.xrange(EVENTS, min=f"{after + 1}-0", count=count)
        return events_in(entries)

    def retire(self, applied: int, final: Sequence[tuple[str, int]]) -> int:
        """Trim events up to `applied`, and remove jobs that became final at the given numbers."""
        keys = [EPOCH, EVENTS, *(job_key(job_id) for job_id, _ in final)]
        with self._reaching():
            gone: int = self._retire(keys=keys, args=[self.epoch, applied + 1, *(seq for _, seq in final)])
        if gone < 0:
            raise LiveStoreLost("The live store isn't the one that the record belongs to.")
        return gone

    def stored_epoch(self) -> int:
        """The epoch that stands in Redis; 0 for none."""
        with self._reaching():
            text = str(self._redis.get(EPOCH) or "0")
        return int(text) if text.isdecimal() else 0

    def begin_anew(self, mark: str, seq: int) -> None:
        """Empty the store and set the running number; `mark` stands for the epoch until `open`."""
        with self._reaching():
            self._redis.set(EPOCH, mark)
            for key in self._redis.scan_iter(f"{PREFIX}*", count=1000):
                if key != EPOCH:
                    self._redis.delete(key)
            self._redis.set(SEQ, seq)

    def open(self, epoch: int) -> None:
        """The store is complete under this epoch."""
        with self._reaching():
            self._redis.set(EPOCH, epoch)
        self.epoch = epoch

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    @property
    def _belief(self) -> tuple[int, int]:
        """Epoch and floor as they are before a call: what is read later can only be newer."""
        return self.epoch, self.floor

    def _checked(self, believed: tuple[int, int], epoch: str | None, seq: str | None) -> int:
        number = int(seq) if seq and seq.isdecimal() else -1
        if epoch != str(believed[0]) or number < believed[1]:
            raise LiveStoreLost(f"The live store is at epoch {epoch}, number {seq}; {believed} expected.")
        self._seen(believed[0], number)
        return number

    def _done(self, believed: tuple[int, int], answer: str, seq: int) -> int:
        if answer == "lost":
            raise LiveStoreLost("The live store isn't the one that the record belongs to.")
        self._seen(believed[0], int(seq))
        return int(seq)

    def _seen(self, epoch: int, seq: int) -> None:
        with self._lock:
            if epoch == self.epoch:
                self.floor = max(self.floor, seq)


def _written(change: Change) -> tuple[list[str], list[Any]]:
    """Keys and arguments of one transition, as `commit.lua` reads them."""
    before, after, launch = change.before, change.after, change.launch
    left, entered = indexes_of(before) if before else [], indexes_of(after)
    leave, enter = [key for key in left if key not in entered], [key for key in entered if key not in left]
    stored = ["", "", ""] if before is None else [before.revision, before.owner.value, before.attempt]
    stream = launch_stream(launch.pipeline) if launch else EVENTS
    tail = [after.source.instrument, launch.model_dump_json() if launch else "", FIELD, len(leave), len(enter)]
    arguments = [after.id, *stored, *_columns(after), sealed(change.step), *tail]
    return [job_key(after.id), stream, *leave, *enter], arguments


def _columns(job: Job) -> list[Any]:
    return [sealed(job.model_dump_json()), job.revision, job.owner.value, job.attempt, job.stage.value, job.epoch]
