"""Which task would take a file, and why the others don't."""

from typing import Any

from labrelay.contracts.attributes import Attributes
from labrelay.contracts.base import Contract
from labrelay.contracts.tasks import GroupRule, Task
from labrelay.matching import Verdict, match, selector_data


class Question(Contract):
    """A file that may or may not exist yet.

    Attributes:
        path: as announced; the last part is the name that selectors see.
        host: AiCSD's InputFile.Hostname.
        directory: AiCSD's InputFile.DirName; the path's folder without it.
    """

    path: str
    instrument: str = "oem"
    attributes: Attributes = {}
    host: str = "oem"
    directory: str | None = None


class Answered(Contract):
    """What one task says."""

    id: str
    description: str
    verdict: str


class Explanation(Contract):
    """Who takes the file, and every task's verdict in the order in which they are asked."""

    taken_by: tuple[str, ...]
    tasks: tuple[Answered, ...]


def explain(tasks: list[Task], question: Question) -> Explanation:
    """Match a file as the repository matches its announcement."""
    verdicts = match(tasks, _data(question))
    return Explanation(
        taken_by=tuple(verdict.task.id for verdict in verdicts if verdict.takes),
        tasks=tuple(_answered(verdict) for verdict in verdicts),
    )


def _answered(verdict: Verdict) -> Answered:
    rule = verdict.task.group if verdict.takes else None
    told = verdict.text if rule is None else f"{verdict.text}, in a set of {_set(rule)}"
    return Answered(id=verdict.task.id, description=verdict.task.description, verdict=told)


def _set(rule: GroupRule) -> str:
    return f"{rule.over} {', '.join(rule.expected)}" if rule.expected else f"{rule.expect} by {rule.over}"


def _data(question: Question) -> dict[str, Any]:
    folder, slash, name = question.path.replace("\\", "/").rpartition("/")
    directory = folder + slash if question.directory is None else question.directory
    return selector_data(name, question.host, directory, question.attributes)
