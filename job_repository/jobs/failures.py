"""The failure inbox: what needs somebody, by cause. Counted from the groups' counters."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, func, or_, select

from job_repository.jobs.filtering import Condition, Group, hinted
from job_repository.jobs.pages import Search
from job_repository.jobs.tiles import tile_of
from job_repository.live.documents import read_job
from job_repository.record.counters import WaiverRow
from job_repository.record.models import BY_GROUP, JobRow
from labrelay.contracts.failures import SAMPLE, FailureGroup, FailurePart, Failures, Fix, Kind, Waiver
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Failure, Job
from labrelay.contracts.states import Owner, Stage

MOST_GROUPS: Final = 100
MOST_WAIVERS: Final = 50
OPEN: Final[Condition] = and_(
    ~Group.waived, or_(Group.stage.in_([Stage.FAILED.value, Stage.UNMATCHED.value]), Group.overdue)
)
"""Groups of jobs that need somebody."""
TITLES: Final[dict[Kind, str]] = {"unmatched": "No task takes these files", "overdue": "Waiting longer than usual"}
STEPS: Final[dict[Kind, str]] = {
    "unmatched": "Create or change a task that takes them, then reprocess them.",
    "overdue": "Look at what they wait for; nothing is lost.",
}
BY_CODE: Final[dict[str, Fix]] = {
    "no_task": "edit_task",
    "unmatched": "edit_task",
    "set_unexpected": "edit_task",
    "parameter_invalid": "edit_task",
    "set_incomplete": "instrument",
    "image_unreadable": "instrument",
    "image_not_supported": "instrument",
}
OF_INSTRUMENT: Final = frozenset({Owner.FILE_WATCHER, Owner.FILE_SENDER_OEM, Owner.FILE_RECEIVER_OEM})


@dataclass(frozen=True)
class Cause:
    """One kind of trouble."""

    kind: Kind
    code: str

    @property
    def chosen(self) -> JobFilter:
        """The jobs that have it."""
        if self.kind == "overdue":
            return JobFilter(overdue=("yes",), waived=("no",))
        code = (self.code,) if self.kind == "failed" and self.code else ()
        return JobFilter(stage=(Stage(self.kind),), code=code, waived=("no",))


def failures(connection: Connection) -> Failures:
    """What needs somebody now."""
    found: dict[Cause, list[Any]] = defaultdict(list)
    for row in _open_groups(connection):
        found[_cause_of(row)].append(row)
    waived = connection.scalar(select(func.sum(Group.jobs)).where(Group.waived))
    largest = sorted(found.items(), key=lambda each: -_total(each[1]))
    return Failures(
        open=sum(_total(rows) for rows in found.values()),
        waived=int(waived or 0),
        items=tuple(_group(connection, cause, rows) for cause, rows in largest[:MOST_GROUPS]),
        waivers=waivers(connection),
    )


def open_counts(connection: Connection) -> dict[str, int]:
    """How many jobs need somebody, by kind."""
    counts: dict[str, int] = dict.fromkeys(("failed", "unmatched", "overdue"), 0)
    for row in _open_groups(connection):
        counts[_cause_of(row).kind] += row.jobs
    return counts


def _open_groups(connection: Connection) -> Sequence[Any]:
    return connection.execute(select(*Group.__table__.c).where(Group.jobs > 0, OPEN)).all()


def waivers(connection: Connection) -> tuple[Waiver, ...]:
    """The newest waivers."""
    query = select(*WaiverRow.__table__.c).order_by(WaiverRow.number.desc()).limit(MOST_WAIVERS)
    return tuple(
        Waiver(number=row.number, where=row.filter, reason=row.reason, by=row.actor, at_ns=row.at_ns, jobs=row.jobs)
        for row in connection.execute(query)
    )


def fix_of(cause: Cause, newest: Job) -> Fix:
    """What helps, by the code, else by whom it happened to and whether a retry can help."""
    if cause.kind == "unmatched":
        return "edit_task"
    if cause.kind == "overdue":
        return "instrument" if newest.owner in OF_INSTRUMENT | {Owner.FILE_SENDER_GATEWAY} else "wait"
    return BY_CODE.get(cause.code) or _fix_of(newest.failure)


def _fix_of(failure: Failure | None) -> Fix:
    if failure is None or failure.retryable:
        return "retry"
    if failure.owner in OF_INSTRUMENT or failure.code.startswith("input_"):
        return "instrument"
    return "reprocess"


def _cause_of(row: Any) -> Cause:
    if row.stage == Stage.FAILED:
        return Cause("failed", row.failure_code)
    return Cause("overdue", "overdue") if row.overdue else Cause("unmatched", "unmatched")


def _group(connection: Connection, cause: Cause, rows: Sequence[Any]) -> FailureGroup:
    page = Search(connection, cause.chosen).page(None, SAMPLE)
    found = connection.execute(select(JobRow.number, JobRow.seq, JobRow.doc).where(JobRow.number.in_(page.numbers)))
    newest = sorted(found, key=lambda row: -row.number)
    jobs = [read_job(row.doc) for row in newest]
    ends: Any = select(func.max(JobRow.updated_ns), func.min(JobRow.updated_ns))
    times = hinted(ends, JobRow, BY_GROUP)
    newest_ns, oldest_ns = connection.execute(times.where(JobRow.group_id.in_([row.id for row in rows]))).one()
    words, next_step = _words(cause, jobs)
    return FailureGroup(
        kind=cause.kind,
        code=cause.code,
        where=cause.chosen.text,
        count=_total(rows),
        newest_ns=newest_ns or 0,
        oldest_ns=oldest_ns or 0,
        title=TITLES.get(cause.kind) or cause.code.replace("_", " ").capitalize(),
        cause=words,
        next_step=next_step,
        fix=fix_of(cause, jobs[0]) if jobs else "retry",
        parts=_parts(rows),
        sample=tuple(tile_of(job, row.seq) for job, row in zip(jobs, newest, strict=True)),
    )


def _words(cause: Cause, jobs: Sequence[Job]) -> tuple[str, str]:
    """Cause and next step as the newest job tells them."""
    failure = jobs[0].failure if jobs and cause.kind != "overdue" else None
    if failure:
        return failure.cause, failure.next_step
    return (jobs[0].overdue if jobs else ""), STEPS.get(cause.kind, "")


def _parts(rows: Iterable[Any]) -> tuple[FailurePart, ...]:
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in rows:
        counts[row.task_id, row.pipeline, row.instrument] += row.jobs
    return tuple(
        FailurePart(task=task, pipeline=pipeline, instrument=instrument, count=count)
        for (task, pipeline, instrument), count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    )


def _total(rows: Iterable[Any]) -> int:
    return sum(row.jobs for row in rows)
