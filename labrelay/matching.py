"""Matching: which tasks take a capture, and why others do not. The first match takes it, `also` tasks besides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from labrelay.contracts.aicsd import WireJob, input_file_of
from labrelay.contracts.attributes import AttributeValue
from labrelay.contracts.states import Owner, Status
from labrelay.contracts.tasks import Task
from labrelay.selectors import SelectorInvalid, selects


class Outcome(StrEnum):
    """What a task says to a capture."""

    TAKES = "takes"
    NOT_SELECTED = "not selected"
    AFTER_FIRST = "after the first match"
    BROKEN = "broken selector"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Verdict:
    """One task's answer; `detail` says what is wrong with a broken selector."""

    task: Task
    outcome: Outcome
    detail: str = ""

    @property
    def takes(self) -> bool:
        """Whether this task takes the capture."""
        return self.outcome is Outcome.TAKES

    @property
    def text(self) -> str:
        """The verdict in words."""
        return f"{self.outcome}: {self.detail}" if self.detail else str(self.outcome)


def match(tasks: Iterable[Task], data: Mapping[str, Any]) -> list[Verdict]:
    """Every task's verdict, in the order in which they are asked: by `order`, equal ones as they are given.

    A broken selector harms only its own task. Disabled tasks are never asked.

    Args:
        tasks: all tasks, of those with the same `order` the older first (as the repository lists them).
        data: the AiCSD form of the job, as `selector_data` or `wire_job(job).wire()` gives it.
    """
    verdicts: list[Verdict] = []
    taken = False
    for task in sorted(tasks, key=lambda task: task.order):
        verdict = _verdict(task, dict(data), taken)
        taken = taken or (verdict.takes and not task.also)
        verdicts.append(verdict)
    return verdicts


def taking(tasks: Iterable[Task], data: Mapping[str, Any]) -> list[Task]:
    """The tasks that take a capture, in their order."""
    return [verdict.task for verdict in match(tasks, data) if verdict.takes]


def selector_data(name: str, host: str, directory: str, attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """What selectors see of a capture that is announced: AiCSD's Job as its data organizer would create it.

    Args:
        name: the file's name (a path's last part).
        host: InputFile.Hostname.
        directory: InputFile.DirName.
        attributes: InputFile.Attributes.
    """
    file = input_file_of(name.rpartition("/")[2], host, directory, attributes)
    return WireJob(owner=Owner.DATA_ORGANIZER, status=Status.INCOMPLETE, input_file=file).wire()


def _verdict(task: Task, data: dict[str, Any], taken: bool) -> Verdict:
    if not task.enabled:
        return Verdict(task, Outcome.DISABLED)
    try:
        selected = selects(task.selector, data)
    except SelectorInvalid as error:
        return Verdict(task, Outcome.BROKEN, error.cause)
    if not selected:
        return Verdict(task, Outcome.NOT_SELECTED)
    return Verdict(task, Outcome.AFTER_FIRST if taken and not task.also else Outcome.TAKES)
