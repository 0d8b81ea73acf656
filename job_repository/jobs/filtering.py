"""A choice of jobs as SQL: which rows of the record a `JobFilter` means.

What jobs are counted by is looked up among their groups (`job_repository.record.groups`), the rest in the rows.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.functions import FunctionElement

from job_repository.plates.identity import PLATE_NAME
from job_repository.plates.images import WELL_NAME, placed
from job_repository.record.counters import JobGroupRow
from job_repository.record.models import BY_TEXT, JobRow
from labrelay.contracts.filters import JobFilter, moment_ns
from labrelay.contracts.plates import TABLE
from labrelay.contracts.states import Stage

Condition = ColumnElement[bool]
Group = JobGroupRow
IS_TABLE: Final = JobRow.task_id == TABLE
GROUPED: Final = {"stage": Group.stage, "instrument": Group.instrument, "pipeline": Group.pipeline}
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_OF_ID: Final = re.compile(r"[0-9a-fA-F-]{1,36}")
_AFTER_HEX: Final = "g"


class Holds(FunctionElement[bool]):
    """A text is like a pattern, letter case aside, with the backslash before what isn't meant as one."""

    inherit_cache = True
    type = Boolean()
    name = "holds"


@compiles(Holds)
def _holds(element: Any, compiler: Any, **given: Any) -> str:
    """SQLite's LIKE looks at no letter case as it is; its `lower` for each row would double the work."""
    word = "LIKE" if compiler.dialect.name == "sqlite" else "ILIKE"
    text, pattern = (compiler.process(each, **given) for each in element.clauses)
    return f"({text} {word} {pattern} ESCAPE '\\')"


def conditions(wanted: JobFilter) -> list[Condition]:
    """What a row must fulfil, without bounds to what is looked through; none for all jobs."""
    groups = [in_groups(told)] if (told := of_groups(wanted)) else []
    found = [*groups, *of_rows(wanted), *times(wanted)]
    text = texts(wanted, JobRow)
    if not text or narrow(wanted):
        return [*found, *text]
    searched = aliased(JobRow)
    query = select(searched.number).where(*texts(wanted, searched))
    return [*found, JobRow.number.in_(hinted(query, searched, BY_TEXT))]


def hinted(query: Select[Any], row: Any, index: str) -> Select[Any]:
    """Where SQLite, which has no figures of its tables, shall find the rows."""
    return query.with_hint(row, f"INDEXED BY {index}", "sqlite")


def in_groups(told: Iterable[Condition]) -> Condition:
    """Rows of the groups that fulfil something."""
    return JobRow.group_id.in_(select(Group.id).where(*told))


def in_stages(stages: Iterable[Stage]) -> Condition:
    """Rows in one of these stages."""
    return in_groups([Group.stage.in_(list(stages))])


def of_groups(wanted: JobFilter) -> list[Condition]:
    """What a row's group must fulfil."""
    found = [column.in_(values) for name, column in GROUPED.items() if (values := getattr(wanted, name))]
    return found + [read(values) for name, read in BY_GROUP.items() if (values := getattr(wanted, name))]


def of_rows(wanted: JobFilter) -> list[Condition]:
    """What few rows fulfil, which indexes lead to: ids, captures, plates."""
    found: list[Condition] = [JobRow.capture_id.in_(wanted.capture_id)] if wanted.capture_id else []
    found += [_jobs(wanted.job)] if wanted.job else []
    found += [_wells(wanted.well)] if wanted.well else []
    return found + ([_plates(wanted.plate)] if wanted.plate else [])


def narrow(wanted: JobFilter) -> bool:
    """Whether `of_rows` leads to few rows."""
    return bool(wanted.job or wanted.plate or wanted.capture_id)


def texts(wanted: JobFilter, row: Any) -> list[Condition]:
    """What the texts of a row must hold.

    Args:
        wanted: the choice.
        row: `JobRow`, or an alias of it.
    """
    paths = [or_(*(Holds(row.path, _pattern(value)) for value in wanted.path))] if wanted.path else []
    return paths + [_found(text, row) for text in wanted.q]


def times(wanted: JobFilter, *, by_index: bool = True) -> list[Condition]:
    """When a row may have changed last; without `by_index` the end is only looked at in rows found otherwise."""
    now_ns = time.time_ns()
    since = [JobRow.updated_ns >= moment_ns(wanted.since, now_ns)] if wanted.since else []
    changed = JobRow.updated_ns if by_index else JobRow.updated_ns + 0
    return since + ([changed < moment_ns(wanted.until, now_ns)] if wanted.until else [])


def _jobs(values: Sequence[str]) -> Condition:
    """By ids; by the beginning of one."""
    whole = [value for value in values if _ID.fullmatch(value)]
    begun = [_begins(JobRow, value) for value in values if value not in whole]
    return or_(JobRow.id.in_(whole), *begun)


def _begins(row: Any, text: str) -> Condition:
    """A range, as an index finds it; the rest of an id sorts before a letter that no id has."""
    low = text.lower()
    return and_(row.id >= low, row.id < low + _AFTER_HEX, row.id.startswith(low, autoescape=True))


def _statuses(values: Sequence[str]) -> Condition:
    stages = [value for value in values if isinstance(value, Stage)]
    statuses = [value for value in values if value not in stages]
    if not statuses:
        return Group.stage.in_(stages)
    return or_(Group.status.in_(statuses), Group.stage.in_(stages))


def _plates(values: Sequence[str]) -> Condition:
    """By name, or by the plate's id: its tables stand under that as their capture."""
    ids = [value for value in values if _ID.fullmatch(value)]
    names = JobRow.plate_name.in_([value[:PLATE_NAME] for value in values])
    return or_(names, JobRow.plate.in_(ids), JobRow.capture_id.in_(ids)) if ids else names


def _wells(values: Sequence[str]) -> Condition:
    """By any spelling of their names."""
    return JobRow.well.in_([placed(value)[0][:WELL_NAME] for value in values])


def _pattern(text: str) -> str:
    """A part of the path, or with `*` and `?` all of it."""
    plain = re.sub(r"([\\%_])", r"\\\1", text)
    return plain.replace("*", "%").replace("?", "_") if re.search("[*?]", text) else f"%{plain}%"


def _kinds(values: Sequence[str]) -> Condition:
    is_table = Group.task_id == TABLE
    return or_(*(is_table if value == "table" else ~is_table for value in values))


def _yes(column: InstrumentedAttribute[bool]) -> Callable[[Sequence[str]], Condition]:
    return lambda values: or_(*(column if value == "yes" else ~column for value in values))


def _found(text: str, row: Any) -> Condition:
    """A text of the row's own, a text that it has in common with others, or the beginning of its id.

    What rows have in common stands in their groups too: where no group holds the text, no row is asked for it.
    """
    part = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
    own = [Holds(column, part) for column in (row.path, row.plate_name)]
    group, begun = Group.__table__.alias().c, JobRow.__table__.alias().c
    shared = exists(select(1).where(_in_common(group, part))) & _in_common(row, part)
    ids = [row.number.in_(select(begun.number).where(_begins(begun, text)))] if _OF_ID.fullmatch(text) else []
    return or_(*own, shared, *ids)


def _in_common(row: Any, part: str) -> Condition:
    return or_(*(Holds(column, part) for column in (row.instrument, row.pipeline, row.failure_code)))


BY_GROUP: Final[dict[str, Callable[[Any], Condition]]] = {
    "status": _statuses,
    "code": Group.failure_code.in_,
    "task": Group.task_id.in_,
    "kind": _kinds,
    "overdue": _yes(Group.overdue),
    "waived": _yes(Group.waived),
}
