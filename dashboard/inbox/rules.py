"""A task's rule put right: which text of the names it should take too, and what that would change. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from labrelay.contracts.jobs import Job
from labrelay.contracts.tasks import Task
from labrelay.matching import match, selector_data

NAME: Final = {"var": "InputFile.Name"}
_PARTS: Final = re.compile(r"[_\-. ]?[^_\-. ]+")


@dataclass(frozen=True)
class Trial:
    """What a changed rule would do.

    Attributes:
        taken: of the unmatched jobs, those that a task would take.
        left: those that still none would.
        moved: of other jobs, those that another task would take than today.
    """

    taken: tuple[Job, ...]
    left: tuple[Job, ...]
    moved: tuple[Job, ...]


def widened(selector: Any, text: str) -> Any:
    """A selector that takes what it took, and files whose name contains a text."""
    if selector is True:
        return True
    further = {"in": [text, NAME]}
    if isinstance(selector, dict) and list(selector) == ["or"] and isinstance(selector["or"], list):
        return {"or": [*selector["or"], further]}
    return {"or": [selector, further]}


def proposed(unmatched: Sequence[Job], known: Sequence[Job]) -> str:
    """The part of the names that tells unmatched files from those that tasks take; empty where there is none."""
    counts = Counter(part for job in unmatched for part in set(_parts(job)))
    elsewhere = {part for job in known for part in _parts(job)}
    telling = [part for part in counts if part not in elsewhere]
    return max(telling, key=lambda part: (counts[part], len(part)), default="")


def try_rule(tasks: Iterable[Task], changed: Task, unmatched: Sequence[Job], others: Sequence[Job]) -> Trial:
    """Match files anew, with a task changed, exactly as the repository does."""
    before = list(tasks)
    after = [changed if task.id == changed.id else task for task in before]
    taken = tuple(job for job in unmatched if _first(after, job))
    ids = {job.id for job in taken}
    return Trial(
        taken=taken,
        left=tuple(job for job in unmatched if job.id not in ids),
        moved=tuple(job for job in others if _first(before, job) != _first(after, job)),
    )


def rule_words(selector: Any) -> str:
    """A simple rule in the words of its texts (`_w1`, `_w2`); others stay JSONLogic."""
    texts = _texts(selector)
    return ", ".join(texts) if texts else ""


def _texts(selector: Any) -> list[str]:
    if not isinstance(selector, dict) or len(selector) != 1:
        return []
    ((operator, given),) = selector.items()
    if operator == "in" and isinstance(given, list) and given[1:] == [NAME] and isinstance(given[0], str):
        return [given[0]]
    if operator == "or" and isinstance(given, list):
        found = [_texts(each) for each in given]
        return [text for texts in found for text in texts] if all(found) else []
    return []


def _parts(job: Job) -> list[str]:
    name = job.source.path.rpartition("/")[2]
    return _PARTS.findall(name.rpartition(".")[0] or name)


def _first(tasks: Iterable[Task], job: Job) -> str:
    source = job.source
    data = selector_data(source.path.rpartition("/")[2], source.host, source.directory, source.attributes)
    return next((verdict.task.id for verdict in match(tasks, data) if verdict.takes), "")
