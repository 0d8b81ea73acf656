"""Reads the audit trail, newest first, for people."""

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func, select

from job_repository.record.audit import JOB_FINAL
from job_repository.record.models import AuditRow
from job_repository.record.store import Record
from labrelay.contracts.audit import AuditEntry, AuditPage

COLUMNS: Final = AuditRow.__table__.c
LOOKED_AT: Final = 20_000
"""Rows that one call looks through: with a rare choice it may find few, and says where it stopped."""


@dataclass(frozen=True)
class AuditChoice:
    """Which rows are wanted; empty members choose nothing.

    Attributes:
        people: leave out the ends of jobs, which are most rows.
        before: only rows with smaller numbers; 0 begins at the newest.
    """

    kind: str = ""
    actor: str = ""
    subject: str = ""
    people: bool = False
    before: int = 0


def read_audit(record: Record, choice: AuditChoice, limit: int) -> AuditPage:
    """A page of the trail; `next` is where the next page begins, None at its end."""
    with record.read() as connection:
        newest = connection.scalar(select(func.max(COLUMNS.number))) or 0
        top = min(newest, choice.before - 1) if choice.before else newest
        bottom = 0 if choice.subject else max(0, top - LOOKED_AT)
        query = select(*COLUMNS).where(COLUMNS.number <= top, COLUMNS.number > bottom, *_wanted(choice))
        rows = connection.execute(query.order_by(COLUMNS.number.desc()).limit(limit)).all()
    last = rows[-1].number if len(rows) == limit else bottom + 1
    items = [AuditEntry.model_validate({**row._asdict(), "body": json.loads(row.body)}, extra="ignore") for row in rows]
    return AuditPage(items=items, next=last if last > 1 else None)


def _wanted(choice: AuditChoice) -> list[ColumnElement[bool]]:
    """Conditions; the ends of jobs are the one kind that nobody does by hand."""
    named = {COLUMNS.kind: choice.kind, COLUMNS.actor: choice.actor, COLUMNS.subject: choice.subject}
    chosen = [column == value for column, value in named.items() if value]
    return [*chosen, COLUMNS.kind != JOB_FINAL] if choice.people else chosen
