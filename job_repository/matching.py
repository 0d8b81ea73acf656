"""Which tasks take a capture. Pure; a selector that can't be evaluated harms only its own task."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from job_repository.metrics import BROKEN_SELECTORS
from labrelay.contracts.aicsd import wire_job
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Owner
from labrelay.contracts.tasks import FrozenTask, Task
from labrelay.selectors import SelectorInvalid, selects


@dataclass(frozen=True)
class Match:
    """The tasks that take a capture, and what could not be evaluated on the way."""

    tasks: tuple[FrozenTask, ...]
    notes: tuple[str, ...] = ()


def match(tasks: Iterable[Task], data: dict[str, Any]) -> Match:
    """The first task in order (order, then id) that takes the capture, and every `also` task that takes it.

    Args:
        tasks: today's tasks; disabled ones are passed over.
        data: AiCSD's form of the job.
    """
    taken: list[FrozenTask] = []
    notes: list[str] = []
    found = False
    for task in sorted(tasks, key=lambda each: (each.order, each.id)):
        if not task.enabled or (found and not task.also):
            continue
        if _takes(task, data, notes):
            taken.append(FrozenTask.of(task))
            found = found or not task.also
    return Match(tuple(taken), tuple(notes))


def _takes(task: Task, data: dict[str, Any], notes: list[str]) -> bool:
    try:
        return selects(task.selector, data)
    except SelectorInvalid as error:
        BROKEN_SELECTORS.labels(task.id).inc()
        notes.append(f"Task {task.id} ({task.description}) was passed over: {error.cause}")
        return False


def selector_data(job: Job) -> dict[str, Any]:
    """What selectors see: the job as AiCSD's data organizer sends it for matching."""
    return {**wire_job(job).wire(), "Owner": Owner.DATA_ORGANIZER.value, "Status": "Incomplete", "ErrorDetails": None}
