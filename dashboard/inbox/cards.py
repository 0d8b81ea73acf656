"""The groups of the inbox as the page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from dashboard.inbox.causes import Button, Cause, cause_of
from dashboard.quantities import Moment, moment
from labrelay.contracts.failures import FailureGroup, Kind
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.tasks import Task
from labrelay.words import N_

WAIVE: Final[dict[Kind, str]] = {
    "failed": N_("Accept as missing …"),
    "unmatched": N_("They need no task …"),
    "overdue": N_("Leave them alone …"),
}
RETRIES: Final = frozenset({Button.RETRY, Button.INSTRUMENT, Button.MODELS, Button.WAIVE})
"""Where a retry is worth a button: after something was put right elsewhere, too."""


@dataclass(frozen=True)
class TaskLink:
    """A task that some of a group's jobs belong to, and the page that puts it right."""

    title: str
    count: int
    url: str


@dataclass(frozen=True)
class Card:
    """One group.

    Attributes:
        key: tells it from all others of the page.
        jobs: address of the list that shows exactly these jobs.
        tasks: the tasks of its jobs that can be put right.
        places: pipeline and instrument with a count, where there are several.
    """

    key: str
    group: FailureGroup
    cause: Cause
    newest: Moment
    oldest: Moment
    jobs: str
    tasks: tuple[TaskLink, ...]
    places: tuple[str, ...]

    @property
    def retries(self) -> bool:
        """Whether a retry is offered."""
        return self.group.kind == "failed" and self.cause.button in RETRIES

    @property
    def waive(self) -> str:
        """What the button says that accepts them as they are."""
        return WAIVE[self.group.kind]


def cards_of(groups: tuple[FailureGroup, ...], tasks: Mapping[str, Task]) -> list[Card]:
    """The groups in their order."""
    return [_card(group, tasks) for group in groups]


def _card(group: FailureGroup, tasks: Mapping[str, Task]) -> Card:
    cause = cause_of(group)
    return Card(
        key=f"{group.kind}-{group.code or 'unknown'}",
        group=group,
        cause=cause,
        newest=moment(group.newest_ns),
        oldest=moment(group.oldest_ns),
        jobs=f"/jobs?{JobFilter.parse(group.where).query}",
        tasks=_links(group, cause.button, tasks),
        places=_places(group),
    )


def _links(group: FailureGroup, button: Button, tasks: Mapping[str, Task]) -> tuple[TaskLink, ...]:
    counts: dict[str, int] = {}
    for part in group.parts:
        counts[part.task] = counts.get(part.task, 0) + part.count
    own = button is Button.PARAMETERS
    return tuple(
        TaskLink(tasks[task].description, count, _page(task, group.where) if own else f"/tasks/{task}")
        for task, count in counts.items()
        if task in tasks
    )


def _page(task: str, where: str) -> str:
    return f"/inbox/parameters/{task}?{urlencode({'where': where})}"


def _places(group: FailureGroup) -> tuple[str, ...]:
    if len(group.parts) < 2:
        return ()
    where = [(" · ".join(name for name in (part.pipeline, part.instrument) if name), part) for part in group.parts]
    return tuple(f"{name}: {part.count:,}" for name, part in where)
