"""What a task would take, tried on the newest files before it is stored."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field
from sqlalchemy import select

from job_repository.record.models import JobRow
from job_repository.record.store import Record
from labrelay.contracts.base import Contract
from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.matching import selector_data, taking
from labrelay.selectors import selects

SAMPLES: Final = 50
NEW: Final = "new"
COLUMNS: Final = JobRow.__table__.c


class TaskTrial(Contract):
    """A draft, and what it is tried on.

    Attributes:
        draft: the task as it would be stored.
        task_id: the stored task whose place it would take; None for a new one.
        files: how many of the newest files it is tried on.
    """

    draft: TaskDraft
    task_id: str | None = None
    files: int = Field(default=1000, ge=1, le=1000)


class TriedFile(Contract):
    """One file: the tasks (by description) that would take it, and those that take it today."""

    instrument: str
    path: str
    then: tuple[str, ...]
    now: tuple[str, ...]


class TrialResult(Contract):
    """What would become of the newest files.

    Attributes:
        tried: files that it was tried on.
        taken: by the draft; `lost_to_others` are files that it selects but an earlier task takes.
        unmatched: by no task at all, then.
        twice: by more than one task, then.
        changed: taken by other tasks than today.
        samples: changed files first, then taken ones, some of each.
    """

    tried: int
    taken: int
    lost_to_others: int
    unmatched: int
    twice: int
    changed: int
    samples: tuple[TriedFile, ...]


def newest_sources(record: Record, files: int) -> list[dict[str, Any]]:
    """The sources of the newest jobs, each capture once."""
    with record.read() as connection:
        query = select(COLUMNS.doc).where(COLUMNS.doc.is_not(None)).order_by(COLUMNS.number.desc()).limit(2 * files)
        found = [json.loads(doc)["source"] for doc in connection.scalars(query)]
    return list({source["capture_id"]: source for source in found}.values())[:files]


def try_out(tasks: Sequence[Task], trial: TaskTrial, sources: Iterable[dict[str, Any]]) -> TrialResult:
    """Match each file as today, and as it would be.

    Raises:
        SelectorInvalid: the draft's selector can't be evaluated.
    """
    drafted = Task(**trial.draft.model_dump(), id=trial.task_id or NEW, version=1, updated_ns=0)
    others = [task for task in tasks if task.id != trial.task_id]
    then = [drafted if task.id == trial.task_id else task for task in tasks]
    then += [drafted] if len(others) == len(tasks) else []
    files = [_tried(tasks, then, drafted, source) for source in sources]
    taken, changed = [file for file in files if file.taken], [file for file in files if file.changed]
    shown = [*changed, *(file for file in taken if not file.changed)][:SAMPLES]
    return TrialResult(
        tried=len(files),
        taken=len(taken),
        lost_to_others=sum(file.selected and not file.taken for file in files),
        unmatched=sum(not file.told.then for file in files),
        twice=sum(len(file.told.then) > 1 for file in files),
        changed=len(changed),
        samples=tuple(file.told for file in shown),
    )


@dataclass(frozen=True)
class _Tried:
    told: TriedFile
    selected: bool
    taken: bool
    changed: bool


def _tried(now: Sequence[Task], then: Sequence[Task], drafted: Task, source: dict[str, Any]) -> _Tried:
    data = selector_data(source["path"], source["host"], source["directory"], source["attributes"])
    later, today = taking(then, data), taking(now, data)
    told = TriedFile(
        instrument=source["instrument"],
        path=source["path"],
        then=tuple(task.description for task in later),
        now=tuple(task.description for task in today),
    )
    return _Tried(
        told=told,
        selected=drafted.enabled and selects(drafted.selector, data),
        taken=any(task.id == drafted.id for task in later),
        changed=[task.id for task in later] != [task.id for task in today],
    )
