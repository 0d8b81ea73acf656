"""Counters of jobs: every job is in the group of all that are alike in what is counted, moved with its row.

Lists and counts find jobs by their groups, so one index serves each choice by instrument, pipeline, task, stage, status
and failure code.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, bindparam, case, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from job_repository.record.counters import JobGroupRow, JobMinuteRow
from job_repository.record.models import Base, JobRow
from labrelay.contracts.states import Stage

FAILING: Final = (Stage.FAILED, Stage.CANCELLED, Stage.SUPERSEDED)
"""Only jobs in these stages have a failure's code."""
DIMENSIONS: Final = ("instrument", "pipeline", "task_id", "stage", "status", "failure_code", "overdue", "waived")
TABLE: Final = Base.metadata.tables[JobGroupRow.__tablename__]
MINUTES: Final = Base.metadata.tables[JobMinuteRow.__tablename__]
MINUTE_NS: Final = 60 * 10**9


class Moved(NamedTuple):
    """A job's row before and after a batch: its group (None: it is new), and all columns of the new row."""

    before: int | None
    row: Mapping[str, Any]


def dimensions(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a job with these columns is counted by."""
    code = row["failure_code"] if row["stage"] in FAILING else ""
    told = {"failure_code": code, "overdue": bool(row["overdue"]), "waived": bool(row["waiver"])}
    return {name: told.get(name, row.get(name)) for name in DIMENSIONS}


def group_id(told: Mapping[str, Any]) -> int:
    """The id of a group: 62 bits of a digest of its dimensions."""
    text = json.dumps([told[name] for name in DIMENSIONS])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 2


def count(connection: Connection, moves: Iterable[Moved]) -> None:
    """Move jobs between their groups' counters, in the transaction that writes their rows."""
    left: Counter[int] = Counter()
    entered: dict[int, dict[str, Any]] = {}
    for move in moves:
        group = move.row["group_id"]
        known = entered.setdefault(group, {"id": group, **dimensions(move.row), "jobs": 0, "last_ns": 0})
        known["jobs"] += 1
        known["last_ns"] = max(known["last_ns"], move.row["updated_ns"])
        if move.before is not None:
            left[move.before] += 1
    if left:
        gone = [{"group": group, "gone": jobs} for group, jobs in sorted(left.items())]
        connection.execute(
            update(TABLE).where(TABLE.c.id == bindparam("group")).values(jobs=TABLE.c.jobs - bindparam("gone")), gone
        )
    if entered:
        connection.execute(_added(connection), sorted(entered.values(), key=lambda row: row["id"]))


def shift(connection: Connection, before: int, told: Mapping[str, Any], jobs: int, last_ns: int) -> None:
    """Move jobs from a group to that of these dimensions."""
    connection.execute(update(TABLE).where(TABLE.c.id == before).values(jobs=TABLE.c.jobs - jobs))
    connection.execute(_added(connection), [{"id": group_id(told), **told, "jobs": jobs, "last_ns": last_ns}])


def recount(connection: Connection) -> None:
    """Set all counters from the rows; the rows know their groups."""
    connection.execute(TABLE.delete())
    code = case((JobRow.stage.in_(FAILING), JobRow.failure_code), else_=literal(""))
    told = {"failure_code": code, "waived": JobRow.waiver != 0}
    columns = [told[name] if name in told else getattr(JobRow, name) for name in DIMENSIONS]
    query = select(JobRow.group_id, *columns, func.count(), func.max(JobRow.updated_ns))
    rows = connection.execute(query.group_by(JobRow.group_id, *columns)).all()
    names = ("id", *DIMENSIONS, "jobs", "last_ns")
    if rows:
        connection.execute(insert(TABLE), [dict(zip(names, row, strict=True)) for row in rows])


def tally(connection: Connection, happened: Iterable[tuple[int, bool, bool]]) -> None:
    """Count what came and what ended, minute by minute.

    Args:
        connection: of the transaction that writes the jobs.
        happened: of each step its time (nanoseconds since 1970), whether a job came, whether one ended.
    """
    minutes: dict[int, Counter[str]] = {}
    for at_ns, arrived, ended in happened:
        if arrived or ended:
            minutes.setdefault(at_ns // MINUTE_NS, Counter()).update({"arrived": arrived, "ended": ended})
    if minutes:
        statement = _insert(connection, MINUTES)
        added = {name: MINUTES.c[name] + statement.excluded[name] for name in ("arrived", "ended")}
        rows = [{"minute": minute, "arrived": 0, "ended": 0, **counts} for minute, counts in sorted(minutes.items())]
        connection.execute(statement.on_conflict_do_update(index_elements=["minute"], set_=added), rows)


def _insert(connection: Connection, table: Table) -> Any:
    return (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table)


def _added(connection: Connection) -> Any:
    """A group is made with its first job."""
    statement = _insert(connection, TABLE)
    fresh = statement.excluded
    newer = case((fresh.last_ns > TABLE.c.last_ns, fresh.last_ns), else_=TABLE.c.last_ns)
    return statement.on_conflict_do_update(
        index_elements=["id"], set_={"jobs": TABLE.c.jobs + fresh.jobs, "last_ns": newer}
    )
