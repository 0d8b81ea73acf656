"""Which tasks take a capture, by the kernel's one rule; what could not be evaluated is noted and counted."""

from collections.abc import Iterable
from dataclasses import dataclass

from job_repository.health.metrics import BROKEN_SELECTORS
from labrelay import matching
from labrelay.contracts.jobs import Source
from labrelay.contracts.tasks import FrozenTask, Task


@dataclass(frozen=True)
class Match:
    """The tasks that take a capture, and what could not be evaluated on the way."""

    tasks: tuple[FrozenTask, ...]
    notes: tuple[str, ...] = ()


def match(tasks: Iterable[Task], source: Source) -> Match:
    """What today's tasks say of a capture: the first match takes it, tasks marked `also` besides."""
    data = matching.selector_data(source.path, source.host, source.directory, source.attributes)
    verdicts = matching.match(tasks, data)
    broken = [verdict for verdict in verdicts if verdict.outcome is matching.Outcome.BROKEN]
    for verdict in broken:
        BROKEN_SELECTORS.labels(verdict.task.id).inc()
    return Match(
        tasks=tuple(FrozenTask.of(verdict.task) for verdict in verdicts if verdict.takes),
        notes=tuple(f"Task {each.task.id} ({each.task.description}) was passed over: {each.detail}" for each in broken),
    )
