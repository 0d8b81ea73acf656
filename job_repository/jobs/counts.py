"""Counts over the record: of all jobs for the summary, images and tables apart; of a filter's jobs for its facets."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, case, func, select

from job_repository.jobs.filtering import IS_TABLE, conditions
from job_repository.record.models import JobRow
from labrelay.contracts.facets import Facets
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.states import Stage

BY: Final = ("stage", "status", "code", "instrument", "pipeline")


def facets(connection: Connection, wanted: JobFilter) -> Facets:
    """How many jobs a filter takes, by what tells them apart."""
    columns = JobRow.stage, JobRow.status, JobRow.failure_code, JobRow.instrument, JobRow.pipeline
    query = select(*columns, func.count()).where(*conditions(wanted)).group_by(*columns)
    found: dict[str, Counter[str]] = {name: Counter() for name in BY}
    total = 0
    for *values, count in connection.execute(query).all():
        total += count
        for name, value in zip(BY, values, strict=True):
            found[name][value] += count
    return Facets(total=total, **{name: _told(counts) for name, counts in found.items()})


def by_stage_and_code(connection: Connection) -> dict[str, Any]:
    """`stages`, `failures` and `overdue` of images, and the first two of plates' tables under `tables`."""
    columns = JobRow.stage, case((JobRow.stage == Stage.FAILED.value, JobRow.failure_code), else_="")
    query = select(IS_TABLE, *columns, func.count()).group_by(IS_TABLE, *columns)
    rows = connection.execute(query).all()
    overdue = connection.scalar(select(func.count()).where(JobRow.overdue))
    tables = [row for row in rows if row[0]]
    images = _counted(row for row in rows if not row[0])
    return {**images, "overdue": overdue or 0, "tables": _counted(tables)}


def by_instrument(connection: Connection) -> list[dict[str, Any]]:
    """Images of each instrument: `jobs`, those of them on their way (`live`), and when something happened last."""
    images = func.count().filter(~IS_TABLE).label("jobs")
    live = func.count().filter(~JobRow.final, ~IS_TABLE).label("live")
    query = select(JobRow.instrument, images, live, func.max(JobRow.updated_ns).label("last_ns"))
    rows = connection.execute(query.group_by(JobRow.instrument).order_by(JobRow.instrument))
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public way to a row's names


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
