"""Waiving: a person says that failed, unmatched or overdue jobs need nobody any more, and why."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from job_repository.jobs.conflicts import ChoiceChanged
from job_repository.jobs.failures import OPEN
from job_repository.jobs.filtering import Group, conditions, in_groups
from job_repository.record import audit
from job_repository.record.counters import WaiverRow
from job_repository.record.groups import dimensions, group_id, shift
from job_repository.record.models import Base, JobRow
from job_repository.record.store import Record
from labrelay.contracts.failures import Waiver, WaiverRequest
from labrelay.errors import NotFound, Unprocessable

MOST: Final = 100_000
"""Jobs of one waiver."""
CHUNK: Final = 1000
JOBS: Final = Base.metadata.tables[JobRow.__tablename__]


class Waivers:
    """Waives jobs and takes that back, in the record and its audit."""

    def __init__(self, record: Record, chain: audit.Audit) -> None:
        self._record = record
        self._audit = chain

    def waive(self, asked: WaiverRequest, actor: str) -> Waiver:
        """Let these jobs be.

        Raises:
            ChoiceChanged: they aren't as many as was believed.
            Unprocessable: they are too many for one waiver.
        """
        meant = [*conditions(asked.filter), in_groups([OPEN])]
        values = {"filter": asked.filter.text, "reason": asked.reason, "actor": actor, "at_ns": time.time_ns()}
        with self._record.write() as connection:
            found = connection.execute(select(JobRow.id, JobRow.group_id).where(*meant).limit(MOST + 1)).all()
            _check(len(found), asked.expected_count)
            made = insert(WaiverRow).values(jobs=len(found), **values).returning(WaiverRow.number)
            number = connection.execute(made).scalar_one()
            _mark(connection, found, number)
            told = {"where": asked.filter.text, "reason": asked.reason, "jobs": len(found), "sha256": _digest(found)}
            head = audit.append(connection, [audit.Act("failures_waived", actor, str(number), told)])
        self._audit.sign(head)
        where = {"where": asked.filter.text, "reason": asked.reason, "by": actor, "at_ns": values["at_ns"]}
        return Waiver(number=number, jobs=len(found), **where)

    def withdraw(self, number: int, actor: str) -> int:
        """Take a waiver back; how many jobs need somebody again.

        Raises:
            NotFound: there is no such waiver.
        """
        meant = [JobRow.waiver == number, in_groups([Group.waived.is_(True)])]
        with self._record.write() as connection:
            if connection.scalar(select(WaiverRow.number).where(WaiverRow.number == number)) is None:
                raise NotFound(f"There is no waiver {number}.", next_step="Look at the list of failures.")
            found = connection.execute(select(JobRow.id, JobRow.group_id).where(*meant)).all()
            _mark(connection, found, 0)
            act = audit.Act("waiver_withdrawn", actor, str(number), {"jobs": len(found), "sha256": _digest(found)})
            head = audit.append(connection, [act])
        self._audit.sign(head)
        return len(found)


def _check(found: int, expected: int) -> None:
    if found > MOST:
        raise Unprocessable(f"More than {MOST:,} jobs fit.", next_step="Narrow the filter.")
    if found != expected:
        raise ChoiceChanged(f"The filter takes {found:,} jobs now, not {expected:,}.", count=found)


def _mark(connection: Connection, found: Sequence[Any], waiver: int) -> None:
    """Write the waiver into the rows, and move them to the groups that are alike but for that."""
    ids: dict[int, list[str]] = {}
    for row in found:
        ids.setdefault(row.group_id, []).append(row.id)
    for before, jobs in ids.items():
        row = connection.execute(select(*Group.__table__.c).where(Group.id == before)).one()
        group: Mapping[str, Any] = row._asdict()
        told = dimensions({**group, "waiver": waiver})
        after = group_id(told)
        for start in range(0, len(jobs), CHUNK):
            some = JOBS.c.id.in_(jobs[start : start + CHUNK])
            connection.execute(update(JOBS).where(some).values(waiver=waiver, group_id=after))
        shift(connection, before, told, len(jobs), group["last_ns"])


def _digest(found: Sequence[Any]) -> str:
    """Which jobs they were, for the audit: SHA-256 of their ids in order, one in each line."""
    return hashlib.sha256("\n".join(sorted(row.id for row in found)).encode()).hexdigest()
