"""Pruning the audit: the oldest rows and events go, and a signed marker says which, so that the rest still verifies.

The chain then begins after the marker's `through`, whose hash the marker keeps. A final job that stays on record keeps
its digest: the row that holds it is entered once more before it goes.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, func, select
from sqlalchemy.orm import aliased

from job_repository.record.audit import JOB_FINAL, Act, Audit, append
from job_repository.record.models import AuditRow, JobEventRow, JobRow
from job_repository.record.store import Record, number_of

PRUNED: Final = "pruned"
LIMIT: Final = 20_000


@dataclass(frozen=True)
class Pruning:
    """What a marker says: rows up to `through` are gone, the last of them had this hash."""

    through: int
    hash: str
    signature: str

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{PRUNED}:{self.through}:{self.hash}"


@dataclass(frozen=True)
class Pruned:
    """What one call took out."""

    rows: int
    events: int


def pruning_of(body: str) -> Pruning:
    """A marker row's body."""
    told = json.loads(body)
    return Pruning(int(told["through"]), str(told["hash"]), str(told["signature"]))


def prune(record: Record, chain: Audit, before_ns: int, actor: str, limit: int = LIMIT) -> Pruned:
    """Take out the oldest audit rows and the events of final or removed jobs, at most `limit` of each.

    One transaction; call it again while it takes something out.

    Args:
        record: the database.
        chain: signs the marker and the new head.
        before_ns: rows and events that are older go (nanoseconds since 1970, the gateway's clock).
        actor: who asked, for the marker.
        limit: keeps the transaction short.
    """
    with record.write() as connection:
        number_of(connection, "audit", lock=True)
        events = _prune_events(connection, before_ns, limit)
        acts = _prune_rows(connection, chain, before_ns, actor, limit, events)
        rows = int(acts[-1].body["rows"]) if acts else 0
        head = append(connection, acts)
    chain.sign(head)
    return Pruned(rows, events)


def _prune_rows(connection: Connection, chain: Audit, before_ns: int, actor: str, limit: int, events: int) -> list[Act]:
    """The rows go; what is to be appended: digests that are still needed, and the marker."""
    last = _last_to_go(connection, before_ns, limit)
    if last is None:
        return []
    through, its_hash = last
    carried = _still_needed(connection, through)
    gone = connection.execute(delete(AuditRow).where(AuditRow.number <= through)).rowcount
    pruning = Pruning(through, its_hash, "")
    body: dict[str, Any] = {"through": through, "hash": its_hash, "signature": chain.signer.signature(pruning.text)}
    body |= {"before_ns": before_ns, "rows": gone, "events": events, "carried": len(carried)}
    return [*carried, Act(PRUNED, actor, "", body)]


def _last_to_go(connection: Connection, before_ns: int, limit: int) -> tuple[int, str] | None:
    """The last of the oldest rows that are all old: a clock that jumped back takes no younger row along."""
    first, newest = connection.execute(select(func.min(AuditRow.number), func.max(AuditRow.number))).one()
    if first is None:
        return None
    young = select(func.min(AuditRow.number)).where(AuditRow.at_ns >= before_ns, AuditRow.number < first + limit)
    stop = connection.scalar(young)
    through = min(newest, first + limit - 1) if stop is None else stop - 1
    row = connection.execute(select(AuditRow.number, AuditRow.hash).where(AuditRow.number == through)).first()
    return (row.number, row.hash) if row else None


def _still_needed(connection: Connection, through: int) -> list[Act]:
    """Digests of final jobs on record whose newest one goes; marked, so that nobody takes them for another end."""
    later = aliased(AuditRow)
    newer = exists().where(later.subject == AuditRow.subject, later.kind == JOB_FINAL, later.number > AuditRow.number)
    query = (
        select(AuditRow.actor, AuditRow.subject, AuditRow.body)
        .join(JobRow, JobRow.id == AuditRow.subject)
        .where(AuditRow.number <= through, AuditRow.kind == JOB_FINAL, JobRow.final, ~newer)
        .order_by(AuditRow.number)
    )
    return [
        Act(JOB_FINAL, row.actor, row.subject, {**json.loads(row.body), "carried": True})
        for row in connection.execute(query)
    ]


def _prune_events(connection: Connection, before_ns: int, limit: int) -> int:
    live = select(JobRow.id).where(~JobRow.final)
    old = (
        select(JobEventRow.seq)
        .where(JobEventRow.at_ns < before_ns, JobEventRow.job_id.not_in(live))
        .order_by(JobEventRow.seq)
        .limit(limit)
    )
    return connection.execute(delete(JobEventRow).where(JobEventRow.seq.in_(old))).rowcount
