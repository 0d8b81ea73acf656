"""Counts from the groups' counters: of all jobs for the summary, images and tables apart; of a filter's jobs."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, case, func, select

from job_repository.jobs.filtering import Group
from job_repository.jobs.pages import Search
from job_repository.record.counters import JobMinuteRow
from job_repository.record.groups import MINUTE_NS
from labrelay.contracts.facets import Facets
from labrelay.contracts.failures import Minute, Throughput
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.plates import TABLE
from labrelay.contracts.states import FINAL, Stage

BY: Final = {
    "stage": Group.stage,
    "status": Group.status,
    "code": Group.failure_code,
    "instrument": Group.instrument,
    "pipeline": Group.pipeline,
    "task": Group.task_id,
}
RATE_MINUTES: Final = 10
"""Whole minutes from which the end of the backlog is foreseen."""
IS_TABLE: Final = Group.task_id == TABLE


def facets(connection: Connection, wanted: JobFilter) -> Facets:
    """How many jobs a filter takes, by what tells them apart."""
    counted, exact = Search(connection, wanted).groups_counted()
    found: dict[str, Counter[str]] = {name: Counter() for name in BY}
    for group, *values in connection.execute(select(Group.id, *BY.values()).where(Group.id.in_(counted))):
        for name, value in zip(BY, values, strict=True):
            found[name][value] += counted[group]
    told = {name: _told(counts) for name, counts in found.items()}
    return Facets(total=sum(counted.values()), exact=exact, **told)


def by_stage_and_code(connection: Connection) -> dict[str, Any]:
    """`stages`, `failures` and `overdue` of images, and the first two of plates' tables under `tables`."""
    columns = IS_TABLE, Group.stage, case((Group.stage == Stage.FAILED.value, Group.failure_code), else_="")
    query = select(*columns, func.sum(Group.jobs)).where(Group.jobs > 0).group_by(*columns)
    rows = [(*row[:3], int(row[3])) for row in connection.execute(query)]
    overdue = connection.scalar(select(func.sum(Group.jobs)).where(Group.overdue))
    tables = [row for row in rows if row[0]]
    images = _counted(row for row in rows if not row[0])
    return {**images, "overdue": int(overdue or 0), "tables": _counted(tables)}


def by_instrument(connection: Connection) -> list[dict[str, Any]]:
    """Images of each instrument: `jobs`, those of them on their way (`live`), and when something happened last."""
    images = func.sum(case((~IS_TABLE, Group.jobs), else_=0)).label("jobs")
    on_their_way = ~IS_TABLE & Group.stage.not_in([stage.value for stage in FINAL])
    live = func.sum(case((on_their_way, Group.jobs), else_=0)).label("live")
    query = select(Group.instrument, images, live, func.max(Group.last_ns).label("last_ns"))
    rows = connection.execute(query.group_by(Group.instrument).order_by(Group.instrument))
    return [{**row._mapping, "jobs": int(row.jobs), "live": int(row.live)} for row in rows]  # noqa: SLF001 - public API


def throughput(connection: Connection, minutes: int, now_ns: int) -> Throughput:
    """What came and what ended of late, and when the rest will be done.

    Args:
        connection: of one look at the record.
        minutes: so many, the one that runs included.
        now_ns: the present.
    """
    last = now_ns // MINUTE_NS
    row = JobMinuteRow
    query = select(row.minute, row.arrived, row.ended).where(row.minute > last - minutes, row.minute <= last)
    told = {each.minute: each for each in connection.execute(query)}
    shown = [_minute(minute, told.get(minute)) for minute in range(last - minutes + 1, last + 1)]
    live = Group.stage.not_in([stage.value for stage in FINAL])
    backlog = int(connection.scalar(select(func.sum(Group.jobs)).where(live)) or 0)
    lately = shown[-RATE_MINUTES - 1 : -1]
    gone = sum(each.ended - each.arrived for each in lately)
    return Throughput(
        minutes=tuple(shown),
        arrived=sum(each.arrived for each in shown),
        ended=sum(each.ended for each in shown),
        backlog=backlog,
        clears_ns=now_ns + backlog * len(lately) * MINUTE_NS // gone if gone > 0 and backlog else None,
        over_minutes=len(lately),
    )


def _minute(minute: int, row: Any) -> Minute:
    return Minute(at_ns=minute * MINUTE_NS, arrived=row.arrived if row else 0, ended=row.ended if row else 0)


def _counted(rows: Iterable[Any]) -> dict[str, Any]:
    stages: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for _, stage, code, count in rows:
        stages[stage] += count
        if stage == Stage.FAILED:
            codes[code] += count
    return {"stages": {stage.value: stages[stage.value] for stage in Stage}, "failures": dict(codes)}


def _told(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in counts.most_common() if name}
