"""The evaluator: looks at the gateway by the lab's rules, and raises and clears alarms."""

import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, func, select

from job_repository.alarms.judging import Situation, Subject, judge
from job_repository.alarms.store import AlarmStore
from job_repository.instruments.reports import Reports
from job_repository.jobs.failures import open_counts
from job_repository.jobs.filtering import Group
from job_repository.record.models import JobRow
from job_repository.record.store import Record
from job_repository.rooms import Rooms
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import FINAL

ACTOR: Final = "job-repository"
MOST_OPEN: Final = 10_000


class Evaluator:
    """Looks again and again; an alarm that a restart found open stays open until it is well.

    Args:
        told: called after something was raised or cleared.
    """

    def __init__(
        self, store: AlarmStore, record: Record, reports: Reports, rooms: Rooms, told: Callable[[], None]
    ) -> None:
        self._store = store
        self._record = record
        self._reports = reports
        self._rooms = rooms
        self._told = told
        self._began_ns = time.time_ns()
        self._calm: dict[Subject, int] = {}

    def turn(self) -> bool:
        """One look."""
        rules = self._store.rules()
        held = {Subject(each.kind, each.subject): each for each in self._store.alarms(open_only=True, limit=MOST_OPEN)}
        if not rules and not held:
            return False
        verdict = judge(rules, self._situation(), frozenset(held), self._calm)
        self._calm = dict(verdict.calm_since_ns)
        self._store.enact(verdict, held, ACTOR)
        if verdict.raised or verdict.cleared:
            self._told()
        return False

    def _situation(self) -> Situation:
        now_ns = time.time_ns()
        with self._record.read() as connection:
            failures, oldest_ns = sum(open_counts(connection).values()), _oldest_ns(connection)
        # A clock that was set back must not make the gateway younger than it is.
        self._began_ns = min(self._began_ns, now_ns)
        return Situation(now_ns, self._began_ns, self._reports.all(), failures, self._rooms.troubled, oldest_ns)


def _oldest_ns(connection: Connection) -> int | None:
    """When the oldest unfinished job came."""
    live = select(Group.id).where(Group.jobs > 0, Group.stage.not_in([stage.value for stage in FINAL]))
    number = connection.scalar(select(func.min(JobRow.number)).where(JobRow.group_id.in_(live)))
    doc = connection.scalar(select(JobRow.doc).where(JobRow.number == number)) if number else None
    return Job.model_validate_json(doc).created_ns if doc else None
