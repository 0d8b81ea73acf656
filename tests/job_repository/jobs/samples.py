"""A few hundred jobs of every kind in a record, and what a filter means among them, told without SQL."""

import fnmatch
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import select

from job_repository.jobs.filtering import conditions
from job_repository.jobs.pages import Search
from job_repository.live.stored import LiveEvent
from job_repository.record.models import JobRow
from job_repository.record.projection import apply_events
from job_repository.record.store import Record
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Failure, Job, Source
from labrelay.contracts.states import Owner, Stage
from labrelay.contracts.tasks import FrozenTask

COUNT = 240
HOUR_NS = 3600 * 10**9
NOON_NS = 1_800_000_000 * 10**9
STAGES = (Stage.COMPLETE, Stage.COMPLETE, Stage.FAILED, Stage.READY, Stage.CANCELLED)
NOON = "2027-01-15T08:00:00+00:00"
CHOICES: dict[str, Callable[[Job], bool]] = {
    "": lambda job: True,
    "stage=failed": lambda job: job.stage is Stage.FAILED,
    "status=FileErrored": lambda job: job.stage is Stage.FAILED and job.failure.owner is Owner.FILE_SENDER_GATEWAY,  # type: ignore[union-attr]
    "code=code-1": lambda job: job.failure is not None and job.failure.code == "code-1",
    "code=code-1 stage=cancelled": lambda job: job.stage is Stage.CANCELLED and job.failure.code == "code-1",  # type: ignore[union-attr]
    "instrument=scope-1 stage=failed": lambda job: job.source.instrument == "scope-1" and job.stage is Stage.FAILED,
    "instrument=scope-1 instrument=scope-2": lambda job: job.source.instrument != "scope-0",
    "task=task-1 pipeline=count/1": lambda job: job.task is not None and job.task.id == "task-1",
    "plate=P3": lambda job: job.source.attributes["plate"] == "P3",
    "plate=P3 stage=failed": lambda job: job.source.attributes["plate"] == "P3" and job.stage is Stage.FAILED,
    "plate=P3 path=B": lambda job: job.source.attributes["plate"] == "P3" and "b" in job.source.path.lower(),
    "path=p2/": lambda job: "P2/" in job.source.path,
    "path=P2/?1*": lambda job: fnmatch.fnmatch(job.source.path, "P2/?1*"),
    "path=p2/ stage=failed": lambda job: "P2/" in job.source.path and job.stage is Stage.FAILED,
    "q=scope-1 q=p2": lambda job: job.source.instrument == "scope-1" and "P2" in job.source.path,
    "q=code-2": lambda job: job.failure is not None and job.failure.code == "code-2",
    f"since={NOON}": lambda job: job.updated_ns >= NOON_NS,
    f"until={NOON}": lambda job: job.updated_ns < NOON_NS,
    f"since={NOON} stage=failed": lambda job: job.updated_ns >= NOON_NS and job.stage is Stage.FAILED,
    f"since={NOON} path=P2/": lambda job: job.updated_ns >= NOON_NS and "P2/" in job.source.path,
    f"since={NOON} plate=P3": lambda job: job.updated_ns >= NOON_NS and job.source.attributes["plate"] == "P3",
    f"until={NOON} q=P2 stage=complete": lambda job: (
        job.updated_ns < NOON_NS and "P2" in job.source.path and job.stage is Stage.COMPLETE
    ),
}


def sample_job(number: int) -> Job:
    stage = STAGES[number % len(STAGES)]
    owner = Owner.FILE_SENDER_GATEWAY if number % 3 else Owner.TASK_LAUNCHER
    failure = Failure(code=f"code-{number % 4}", cause="x", next_step="y", retryable=True, owner=owner)
    plate, well = f"P{number % 7}", f"{'ABC'[number % 3]}{number % 11 + 1:02d}"
    name = f"{plate}/{well}_{number}.tif"
    source = Source(
        capture_id=str(UUID(int=number)),
        instrument=f"scope-{number // 2 % 3}",
        folder="input",
        path=name,
        generation=1,
        size=3,
        sha256="a" * 64,
        host="h",
        directory="d",
        attributes={"plate": plate, "well": well},
    )
    task: dict[str, Any] = {"version": 1, "description": "count", "carrier": "streams", "parameters": {}}
    kind = number // 5 % 2
    return Job(
        id=str(UUID(int=number + (number % 9) * 2**100)),
        epoch=1,
        revision=1,
        stage=stage,
        source=source,
        task=FrozenTask(id=f"task-{kind}", pipeline=f"count/{kind}", **task) if number % 13 else None,
        failure=failure if stage in (Stage.FAILED, Stage.CANCELLED) else None,
        created_ns=NOON_NS - 100 * HOUR_NS,
        updated_ns=NOON_NS + (number * 37 % 101 - 50) * HOUR_NS,
    )


def fill(record: Record) -> list[Job]:
    """The jobs, each with one step, oldest first."""
    jobs = [sample_job(number) for number in range(COUNT)]
    step = json.dumps({"step": "created"})
    with record.write() as connection:
        apply_events(connection, [LiveEvent(seq + 1, job.model_dump_json(), step) for seq, job in enumerate(jobs)])
    return jobs


def expected(jobs: Iterable[Job], text: str) -> list[str]:
    """Ids of the jobs that a filter means, in the order of its pages."""
    wanted, every = JobFilter.parse(text), list(jobs)
    found = [(job.updated_ns, at) for at, job in enumerate(every) if CHOICES[text](job)]
    by_time = bool(wanted.since or wanted.until)
    return [every[at].id for _, at in sorted(found, key=lambda each: each if by_time else each[1:], reverse=True)]


def pages(record: Record, text: str, limit: int) -> Iterator[tuple[list[str], int | None]]:
    """Ids on each page, and how far it was looked."""
    after: str | None = None
    while True:
        with record.read() as connection:
            page = Search(connection, JobFilter.parse(text)).page(after, limit)
            ids = {row.number: row.id for row in connection.execute(select(JobRow.number, JobRow.id))}
        yield [ids[number] for number in page.numbers], page.searched
        if page.next is None:
            return
        after = page.next


def all_pages(record: Record, text: str, limit: int) -> list[str]:
    return [job_id for ids, _ in pages(record, text, limit) for job_id in ids]


def meant(record: Record, text: str) -> set[str]:
    """Ids as an act on many jobs chooses them."""
    with record.read() as connection:
        return set(connection.scalars(select(JobRow.id).where(*conditions(JobFilter.parse(text)))))
