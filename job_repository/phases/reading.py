"""Reads a job's phases from the record: its steps, who went first, pauses, and what is usual."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

from job_repository.captures.store import CaptureStore
from job_repository.jobs.pages import Search
from job_repository.jobs.queries import Queries
from job_repository.phases.pauses import pauses_of, within
from job_repository.phases.spans import Span, detection, medians, spans_of
from job_repository.plates.identity import is_table, plate_name_of
from job_repository.record.counters import JobGroupRow
from job_repository.record.models import JobEventRow, JobRow
from job_repository.record.store import Record
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.jobs import Job
from labrelay.contracts.phases import JobPhases, Paused, Phase, PhaseName
from labrelay.contracts.states import Stage
from labrelay.errors import NotFound

ALIKE: Final = 40
"""Jobs that one is compared with at most, the newest."""
LEAST: Final = 5
MOST_AHEAD: Final = 1000
LONGEST: Final = 50_000
"""Steps of all jobs that are looked through for those that went first."""
AT_INSTRUMENT: Final = frozenset({PhaseName.TRANSFER, PhaseName.RETURN, PhaseName.RECEIPT})
EVENTS: Final = JobEventRow.__table__.c


class Phases:
    """Reads over the record."""

    def __init__(self, record: Record, queries: Queries, captures: CaptureStore) -> None:
        self._record = record
        self._queries = queries
        self._captures = captures

    def of(self, job: Job) -> JobPhases:
        """The phases of a job."""
        events = self._queries.timeline(job.id)
        spans = spans_of(events)
        first = None if is_table(job) or not events else self._detection(job, int(events[0]["at_ns"]))
        with self._record.read() as connection:
            alike = _alike(connection, job)
            usual = medians(alike, LEAST)
            pauses = pauses_of(connection, job.source.instrument)
            told = [self._phase(connection, job, span, usual, pauses) for span in [*([first] if first else []), *spans]]
        return JobPhases(items=tuple(told), compared=len(alike) if usual else 0)

    def _detection(self, job: Job, created_ns: int) -> Span | None:
        try:
            announced = self._captures.get(job.source.capture_id).announcement
        except NotFound:  # nothing is known of how the file came
            return None
        return detection(announced.modified_ns, created_ns)

    @staticmethod
    def _phase(
        connection: Connection, job: Job, span: Span, usual: dict[PhaseName, int], pauses: Sequence[Paused]
    ) -> Phase:
        ahead = _ahead(connection, job, span) if span.phase is PhaseName.QUEUE else None
        paused = within(pauses, span.began_ns, span.ended_ns) if span.phase in AT_INSTRUMENT else ()
        return Phase(
            phase=span.phase,
            attempt=span.attempt,
            began_ns=span.began_ns,
            ended_ns=span.ended_ns,
            ended_by=span.ended_by,
            typical_ns=usual.get(span.phase),
            ahead=None if ahead is None else min(ahead, MOST_AHEAD),
            more_ahead=ahead is not None and ahead > MOST_AHEAD,
            pauses=paused,
            told=span.told,
        )


def _ahead(connection: Connection, job: Job, span: Span) -> int | None:
    """Jobs of the same pipeline that were begun while it waited, or that wait before it; None where nobody knows."""
    pipeline = job.task.pipeline if job.task else ""
    if span.ended is None:
        groups = JobGroupRow.__table__.c
        waiting = groups.stage.in_([Stage.READY.value, Stage.LAUNCHED.value]), groups.pipeline == pipeline
        number = select(JobRow.number).where(JobRow.id == job.id).scalar_subquery()
        rows = select(JobRow.number).where(
            JobRow.group_id.in_(select(groups.id).where(*waiting)), JobRow.number < number
        )
    elif span.ended_by == "claim" and span.ended - span.began <= LONGEST:
        between = EVENTS.seq > span.began, EVENTS.seq < span.ended
        rows = select(EVENTS.seq).where(*between, EVENTS.step == "claim", EVENTS.pipeline == pipeline)
    else:
        return None
    return connection.scalar(select(func.count()).select_from(rows.limit(MOST_AHEAD + 1).subquery()))


def _alike(connection: Connection, job: Job) -> list[list[Span]]:
    """The spans of completed jobs of the same task, of the same plate where it has one."""
    if job.task is None:
        return []
    plate = plate_name_of(job)
    wanted = JobFilter(task=(job.task.id,), stage=(Stage.COMPLETE,), plate=(plate,) if plate else ())
    numbers = Search(connection, wanted).page(None, ALIKE + 1).numbers
    ids = connection.scalars(select(JobRow.id).where(JobRow.number.in_(numbers), JobRow.id != job.id)).all()
    query = select(*(EVENTS[name] for name in ("job_id", "seq", "at_ns", "step", "stage", "attempt")))
    rows = connection.execute(query.where(EVENTS.job_id.in_(ids[:ALIKE])).order_by(EVENTS.seq)).all()
    return [spans_of(steps) for steps in _by_job(rows)]


def _by_job(rows: Iterable[Any]) -> Iterable[list[dict[str, Any]]]:
    steps: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        steps.setdefault(row.job_id, []).append(row._asdict())
    return steps.values()
