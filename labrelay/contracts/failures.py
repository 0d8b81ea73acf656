"""What needs somebody: failures by cause, waivers of those that somebody let be, and how fast work goes."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from labrelay.contracts.base import Contract
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.pauses import Words
from labrelay.contracts.tiles import Tile

SAMPLE: Final = 5
"""Jobs that a group shows."""
Kind = Literal["failed", "unmatched", "overdue"]
Fix = Literal["retry", "reprocess", "edit_task", "instrument", "wait", "waive"]
"""Retry; change the task or the model and reprocess; edit the tasks' rules; look at the instrument; wait; let it be."""


class FailurePart(Contract):
    """The jobs of a group of one task and instrument; `task` is the task's id, empty where none took the file."""

    task: str
    pipeline: str
    instrument: str
    count: int


class FailureGroup(Contract):
    """Jobs that need somebody for the same reason.

    Attributes:
        code: of the failure; of jobs that no task takes and of overdue ones their kind.
        where: the filter that takes exactly these jobs, as the command line writes it.
        newest_ns: when one of them changed last; `oldest_ns` which has waited longest.
        title: the code in words, `cause` and `next_step` of the newest job.
        fix: what helps.
        parts: the same jobs by task and instrument, most first.
        sample: tiles of the newest.
    """

    kind: Kind
    code: str
    where: str
    count: int
    newest_ns: int
    oldest_ns: int
    title: str
    cause: str
    next_step: str
    fix: Fix
    parts: tuple[FailurePart, ...]
    sample: tuple[Tile, ...]


class Waiver(Contract):
    """Jobs that somebody let be, and why; a job that moves again is none of them any more.

    Attributes:
        where: the filter that chose them.
        jobs: how many they were then.
    """

    number: int
    where: str
    reason: str
    by: str
    at_ns: int
    jobs: int


class Failures(Contract):
    """What needs somebody now, most first.

    Attributes:
        open: jobs in all groups.
        waived: jobs that were let be and haven't moved since.
        waivers: the newest.
    """

    open: int
    waived: int
    items: tuple[FailureGroup, ...]
    waivers: tuple[Waiver, ...]


class WaiverRequest(Contract):
    """These jobs need nobody any more.

    Attributes:
        filter: which; only those of them that need somebody now are meant.
        expected_count: how many the asker believes that these are.
        actor: who asks; else the header `X-Labrelay-Actor`.
    """

    filter: JobFilter
    reason: Annotated[Words, StringConstraints(min_length=1)]
    expected_count: Annotated[int, Field(ge=1)]
    actor: Words = ""


class Minute(Contract):
    """What came and what ended in one minute, which begins at `at_ns`."""

    at_ns: int
    arrived: int
    ended: int


class Throughput(Contract):
    """How fast work goes.

    Attributes:
        minutes: of the time asked for, oldest first, those in which nothing happened too; the last one still runs.
        backlog: jobs that aren't final.
        clears_ns: when the backlog will be gone if all goes on as in `over_minutes`; None while it doesn't shrink.
    """

    minutes: tuple[Minute, ...]
    arrived: int
    ended: int
    backlog: int
    clears_ns: int | None
    over_minutes: int
