"""A choice of jobs as SQL: which rows of the record a `JobFilter` means."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, or_, select

from job_repository.plates.identity import PLATE_NAME
from job_repository.record.models import JobRow
from labrelay.contracts.filters import JobFilter, moment_ns
from labrelay.contracts.plates import TABLE
from labrelay.contracts.states import Stage

Condition = ColumnElement[bool]
EXACT: Final = ("stage", "instrument", "pipeline", "capture_id")
FAILING: Final = (Stage.FAILED, Stage.CANCELLED, Stage.SUPERSEDED)
"""Only jobs in these stages have a failure's code."""
_FURTHER: Final = JobRow.instrument + "\n" + JobRow.pipeline + "\n" + JobRow.failure_code
SEARCHED: Final[ColumnElement[str]] = JobRow.path + "\n" + JobRow.plate_name + "\n" + _FURTHER
"""All texts in one: a row is compared once."""
IS_TABLE: Final = JobRow.task_id == TABLE
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def conditions(wanted: JobFilter) -> list[Condition]:
    """What a row must fulfil; none for all jobs."""
    found = [getattr(JobRow, name).in_(getattr(wanted, name)) for name in EXACT if getattr(wanted, name)]
    if wanted.task:
        found.append(JobRow.task_id.in_(wanted.task))
    found += [read(values) for name, read in READERS.items() if (values := getattr(wanted, name))]
    if wanted.code and not wanted.stage:
        found.append(JobRow.stage.in_(FAILING))
    return [*found, *(_found(text) for text in wanted.q), *_times(wanted)]


def numbers(wanted: JobFilter, after: int | None, limit: int) -> Select[int]:
    """The numbers of the newest jobs that are meant, without a look at their documents."""
    query = select(JobRow.number).where(*conditions(wanted))
    if after is not None:
        query = query.where(JobRow.number < after)
    # In an expression it makes SQLite scan its narrow index in place of the whole table, newest first.
    order = JobRow.number + 0 if _is_a_scan(wanted) else JobRow.number
    return query.order_by(order.desc()).limit(limit)


def _is_a_scan(wanted: JobFilter) -> bool:
    """Whether few jobs may be meant that no index leads to."""
    narrow = wanted.job or wanted.plate or wanted.capture_id
    return not narrow and bool(wanted.path or wanted.q or wanted.task or wanted.code or wanted.kind == ("table",))


def _jobs(values: Sequence[str]) -> Condition:
    """By ids; by the beginning of one."""
    whole = [value for value in values if _ID.fullmatch(value)]
    begun = [JobRow.id.startswith(value, autoescape=True) for value in values if value not in whole]
    return or_(JobRow.id.in_(whole), *begun)


def _statuses(values: Sequence[str]) -> Condition:
    stages = [value for value in values if isinstance(value, Stage)]
    statuses = [value for value in values if value not in stages]
    if not statuses:
        return JobRow.stage.in_(stages)
    return or_(JobRow.status.in_(statuses), JobRow.stage.in_(stages))


def _plates(values: Sequence[str]) -> Condition:
    """By name, or by the plate's id: its tables stand under that as their capture."""
    ids = [value for value in values if _ID.fullmatch(value)]
    names = JobRow.plate_name.in_([value[:PLATE_NAME] for value in values])
    return or_(names, JobRow.plate.in_(ids), JobRow.capture_id.in_(ids)) if ids else names


def _paths(values: Sequence[str]) -> Condition:
    return or_(*(JobRow.path.ilike(_pattern(value), escape="\\") for value in values))


def _pattern(text: str) -> str:
    """A part of the path, or with `*` and `?` all of it."""
    plain = re.sub(r"([\\%_])", r"\\\1", text)
    return plain.replace("*", "%").replace("?", "_") if re.search("[*?]", text) else f"%{plain}%"


def _kinds(values: Sequence[str]) -> Condition:
    return or_(*(IS_TABLE if value == "table" else ~IS_TABLE for value in values))


def _found(text: str) -> Condition:
    part = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
    return or_(SEARCHED.ilike(part, escape="\\"), JobRow.id.startswith(text, autoescape=True))


def _times(wanted: JobFilter) -> list[Condition]:
    now_ns = time.time_ns()
    since = [JobRow.updated_ns >= moment_ns(wanted.since, now_ns)] if wanted.since else []
    return since + ([JobRow.updated_ns < moment_ns(wanted.until, now_ns)] if wanted.until else [])


READERS: Final[dict[str, Callable[[Any], Condition]]] = {
    "job": _jobs,
    "status": _statuses,
    "code": JobRow.failure_code.in_,
    "plate": _plates,
    "path": _paths,
    "kind": _kinds,
}
