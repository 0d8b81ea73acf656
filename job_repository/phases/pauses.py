"""When an instrument was paused, as the audit chain has it."""

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, select

from job_repository.record.models import AuditRow
from labrelay.contracts.phases import Paused

COLUMNS: Final = AuditRow.__table__.c
KINDS: Final = ("instrument_paused", "instrument_resumed")
MOST: Final = 1000
"""Rows that are looked at, the newest: what was before is not told."""


def pauses_of(connection: Connection, instrument: str) -> list[Paused]:
    """The pauses of an instrument, oldest first, from both places where it can be paused."""
    query = select(COLUMNS.at_ns, COLUMNS.kind, COLUMNS.actor, COLUMNS.body)
    query = query.where(COLUMNS.subject == instrument, COLUMNS.kind.in_(KINDS))
    rows = connection.execute(query.order_by(COLUMNS.number.desc()).limit(MOST)).all()
    return intervals(reversed(rows))


def intervals(rows: Iterable[Any]) -> list[Paused]:
    """Pauses from the acts that began and lifted them, oldest act first."""
    found: list[Paused] = []
    held: dict[str, int] = {}
    for row in rows:
        body = json.loads(row.body)
        place = str(body.get("place", ""))
        if (at := held.pop(place, None)) is not None:
            found[at] = found[at].model_copy(update={"until_ns": row.at_ns})
        if row.kind == "instrument_paused":
            held[place] = len(found)
            reason = str(body.get("reason", ""))
            found.append(Paused(by=row.actor, reason=reason, place=place, since_ns=row.at_ns, until_ns=None))
    return found


def within(pauses: Iterable[Paused], began_ns: int, ended_ns: int | None) -> tuple[Paused, ...]:
    """Those that overlap with a span; None: it lasts still."""
    return tuple(
        pause
        for pause in pauses
        if (ended_ns is None or pause.since_ns < ended_ns) and (pause.until_ns is None or pause.until_ns > began_ns)
    )
