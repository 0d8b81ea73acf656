"""Acts on many jobs in the record: frozen with their jobs, begun, marked off job by job, ended."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update

from job_repository.actions.rules import applies
from job_repository.jobs.filtering import conditions
from job_repository.record import audit
from job_repository.record.models import ActionJobRow, ActionRow, Base, JobEventRow, JobRow
from job_repository.record.store import Record
from labrelay.contracts.actions import MOST_JOBS, SAMPLE, ActionKind, ActionRequest, ActionState, Outcome
from labrelay.contracts.filters import JobFilter
from labrelay.errors import NotFound, RequestRefused

OF: Final = ActionRow.__table__.c
EACH: Final = ActionJobRow.__table__.c


class TooManyJobs(RequestRefused):
    """An act would concern more jobs than one may."""

    code = "too_many_jobs"
    default_next_step = "Narrow the filter, e.g. by plate, instrument or since."
    status = 422


@dataclass(frozen=True)
class StoredAction:
    """One row of `actions`, with how many of its jobs have which outcome."""

    id: str
    action: ActionKind
    filter: str
    state: ActionState
    actor: str
    reason: str
    total: int
    told: Mapping[str, Any]
    created_ns: int
    started_ns: int
    ended_ns: int
    outcomes: Mapping[Outcome, int]


@dataclass(frozen=True)
class FrozenJob:
    """A job as the preview saw it."""

    job_id: str
    place: int
    revision: int
    seq: int


@dataclass(frozen=True)
class Happened:
    """A step that a job took since."""

    step: str
    actor: str
    detail: Mapping[str, Any]


class ActionStore:
    """Rows of acts and of their jobs."""

    def __init__(self, record: Record, chain: audit.Audit) -> None:
        self._record = record
        self._audit = chain

    def freeze(self, asked: ActionRequest, actor: str) -> str:
        """Keep exactly the jobs that the filter takes now and that the act can concern; the act's id.

        Raises:
            TooManyJobs: there are more than one act may have.
        """
        action_id = str(uuid4())
        meant = [*conditions(asked.filter), *applies(asked.action, asked.filter)]
        chosen = select(literal(action_id), JobRow.id, JobRow.number, JobRow.revision, JobRow.seq, literal("waiting"))
        names = ["action_id", "job_id", "place", "revision", "seq", "outcome"]
        with self._record.write() as connection:
            connection.execute(insert(ActionJobRow).from_select(names, chosen.where(*meant).limit(MOST_JOBS + 1)))
            total = _count(connection, action_id)
            if total > MOST_JOBS:
                raise TooManyJobs(f"More than {MOST_JOBS:,} jobs fit.")
            row = {"action": asked.action, "filter": asked.filter.text, "actor": actor, "reason": asked.reason}
            empty = {"state": "previewed", "told": "{}", "created_ns": time.time_ns()}
            connection.execute(insert(ActionRow).values(id=action_id, total=total, **row, **empty))
        return action_id

    def tell(self, action_id: str, told: Mapping[str, Any]) -> None:
        """What the preview counted and shows."""
        self._write(action_id, told=json.dumps(told))

    def counts(self, action_id: str, wanted: JobFilter) -> list[Any]:
        """Jobs that the filter takes: (chosen, stage, task, failure code, instrument, how many)."""
        chosen = select(EACH.job_id).where(EACH.action_id == action_id)
        columns = JobRow.id.in_(chosen), JobRow.stage, JobRow.task_id, JobRow.failure_code, JobRow.instrument
        query = select(*columns, func.count()).where(*conditions(wanted)).group_by(*columns)
        with self._record.read() as connection:
            return list(connection.execute(query))

    def example(self, action_id: str, code: str) -> str | None:
        """The document of a job of an act that failed with this code."""
        query = select(JobRow.doc).join(ActionJobRow, EACH.job_id == JobRow.id)
        with self._record.read() as connection:
            return connection.scalar(query.where(EACH.action_id == action_id, JobRow.failure_code == code).limit(1))

    def first(self, action_id: str) -> list[str]:
        """The documents of the first jobs."""
        query = select(JobRow.doc).join(ActionJobRow, EACH.job_id == JobRow.id).where(EACH.action_id == action_id)
        with self._record.read() as connection:
            return list(connection.scalars(query.order_by(EACH.place).limit(SAMPLE)))

    def get(self, action_id: str) -> StoredAction:
        """One act.

        Raises:
            NotFound: there is none with this id; a preview that nobody runs is forgotten after a day.
        """
        found = self._some(OF.id == action_id, 1)
        if not found:
            raise NotFound(f"There is no action {action_id}.", next_step="Make a preview first.")
        return found[0]

    def newest(self, limit: int) -> list[StoredAction]:
        """Acts, newest first."""
        return self._some(OF.id != "", limit)

    def running(self) -> StoredAction | None:
        """The act that is to be carried on with: one after the other, as they were begun."""
        query = select(OF.id).where(OF.state == "running").order_by(OF.started_ns).limit(1)
        with self._record.read() as connection:
            action_id = connection.scalar(query)
        return self.get(action_id) if action_id else None

    def turn_to(self, found: StoredAction, state: ActionState, who: str, reason: str = "") -> None:
        """Begin, stop or end an act; it enters the audit with its jobs' number and who asked why."""
        told = {"running": "started_ns"}.get(state, "ended_ns")
        values: dict[str, Any] = {"state": state, told: time.time_ns()}
        if state == "running":
            values |= {"actor": who, "reason": reason or found.reason}
        body = {"action": found.action, "where": found.filter, "jobs": found.total, "reason": reason or found.reason}
        act = audit.Act(f"action_{state}", who, found.id, body | {"outcomes": dict(found.outcomes)})
        with self._record.write() as connection:
            changed = connection.execute(update(ActionRow).where(OF.id == found.id, OF.state == found.state), values)
            head = audit.append(connection, [act]) if changed.rowcount else None
        self._audit.sign(head)

    def batch(self, action_id: str, most: int) -> list[FrozenJob]:
        """The next jobs of an act."""
        query = select(EACH.job_id, EACH.place, EACH.revision, EACH.seq)
        query = query.where(EACH.action_id == action_id, EACH.outcome == "waiting")
        with self._record.read() as connection:
            return [FrozenJob(*row) for row in connection.execute(query.order_by(EACH.place).limit(most))]

    def mark(self, action_id: str, outcomes: Mapping[str, tuple[Outcome, str]]) -> None:
        """What became of jobs; of those that aren't of this act, or were marked before, nothing is noted."""
        table = Base.metadata.tables["action_jobs"]
        waiting = table.c.action_id == action_id, table.c.job_id == bindparam("row_id"), table.c.outcome == "waiting"
        rows = [{"row_id": job, "outcome": outcome, "told": told} for job, (outcome, told) in outcomes.items()]
        with self._record.write() as connection:
            connection.execute(update(table).where(*waiting), rows)

    def jobs(self, action_id: str, outcome: Outcome | None, after: int, limit: int) -> list[Any]:
        """Jobs of an act by their place, as they stand now: (place, job, revision, outcome, told, path, …)."""
        columns = JobRow.path, JobRow.instrument, JobRow.stage, JobRow.failure_code
        query = select(EACH.place, EACH.job_id, EACH.revision, EACH.outcome, EACH.told, *columns)
        query = query.join(JobRow, JobRow.id == EACH.job_id).where(EACH.action_id == action_id, EACH.place > after)
        query = query if outcome is None else query.where(EACH.outcome == outcome)
        with self._record.read() as connection:
            return list(connection.execute(query.order_by(EACH.place).limit(limit)))

    def happened(self, job_id: str, after: int) -> list[Happened]:
        """The steps of a job after a running number."""
        columns = JobEventRow.step, JobEventRow.actor, JobEventRow.detail
        query = select(*columns).where(JobEventRow.job_id == job_id, JobEventRow.seq > after)
        with self._record.read() as connection:
            rows = connection.execute(query.order_by(JobEventRow.seq)).all()
        return [Happened(row.step, row.actor, json.loads(row.detail)) for row in rows]

    def forget(self, before_ns: int) -> None:
        """Previews that nobody ran."""
        old = select(OF.id).where(OF.state == "previewed", OF.created_ns < before_ns)
        with self._record.write() as connection:
            connection.execute(delete(ActionJobRow).where(EACH.action_id.in_(old)))
            connection.execute(delete(ActionRow).where(OF.id.in_(old)))

    def _some(self, condition: Any, limit: int) -> list[StoredAction]:
        query = select(*OF).where(condition).order_by(OF.created_ns.desc()).limit(limit)
        with self._record.read() as connection:
            return [_read(connection, row._asdict()) for row in connection.execute(query).all()]

    def _write(self, action_id: str, **values: Any) -> None:
        with self._record.write() as connection:
            connection.execute(update(ActionRow).where(OF.id == action_id).values(**values))


def _count(connection: Connection, action_id: str) -> int:
    return connection.scalar(select(func.count()).where(EACH.action_id == action_id)) or 0


def _read(connection: Connection, row: Mapping[str, Any]) -> StoredAction:
    query = select(EACH.outcome, func.count()).where(EACH.action_id == row["id"]).group_by(EACH.outcome)
    outcomes: Sequence[Any] = connection.execute(query).all()
    counted = {outcome: count for outcome, count in outcomes}  # noqa: C416 - of rows mypy knows no pairs
    return StoredAction(**{**row, "told": json.loads(row["told"])}, outcomes=counted)
