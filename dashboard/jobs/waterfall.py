"""A job's way as a waterfall: one bar for each phase on a common scale, each wait explained in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.jobs.waits import why
from dashboard.quantities import Moment, duration, moment
from labrelay.contracts.phases import JobPhases, Phase, PhaseName
from labrelay.words import N_, _

WIDTH: Final = 1000
LEAST: Final = 4
"""A bar's least width, thousandths of the whole."""
REST: Final = 40
"""The width that a time takes in which nothing happened, e.g. until somebody retried the job."""
TITLES: Final[dict[PhaseName, str]] = {
    PhaseName.DETECTION: N_("Detection"),
    PhaseName.TRANSFER: N_("Transfer"),
    PhaseName.GATHERING: N_("Waiting for its set"),
    PhaseName.QUEUE: N_("Queue"),
    PhaseName.WITH_SET: N_("Analysis with its set"),
    PhaseName.WORK: N_("Analysis"),
    PhaseName.SEALING: N_("Sealing the results"),
    PhaseName.RETURN: N_("Waiting for the instrument"),
    PhaseName.RECEIPT: N_("Writing beside the instrument"),
}
WAITS: Final = frozenset({PhaseName.GATHERING, PhaseName.QUEUE, PhaseName.RETURN})


@dataclass(frozen=True)
class Bar:
    """One phase.

    Attributes:
        kind: `wait`, `work` or `move`, for its look.
        x: where it begins, thousandths of the whole width, as `width` and `typical` (where it usually ends).
        usually: how long it takes usually; empty where nobody knows.
        why: what it waited for, one sentence each.
    """

    title: str
    kind: str
    attempt: int
    began: Moment
    took: str
    lasts: bool
    x: int
    width: int
    typical: int | None
    usually: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class Waterfall:
    """All phases of a job.

    Attributes:
        total: how long all took, times of rest aside.
        rests: how often nothing happened for a while, e.g. until somebody retried it.
        compared: jobs that `usually` comes from.
    """

    bars: tuple[Bar, ...]
    total: str
    rests: int
    compared: int


def waterfall_of(phases: JobPhases, now_ns: int) -> Waterfall:
    """The waterfall of a job; a phase that lasts ends now."""
    items = phases.items
    ends = [now_ns if phase.ended_ns is None else phase.ended_ns for phase in items]
    taken = [max(0, end - phase.began_ns) for phase, end in zip(items, ends, strict=True)]
    rested = [bool(at) and _rests(items[at - 1], items[at]) for at in range(len(items))]
    starts, scale = _places(taken, rested)
    bars = tuple(_bar(*each, scale) for each in zip(items, taken, starts, strict=True))
    return Waterfall(bars, duration(sum(taken)), sum(rested), phases.compared)


def _rests(before: Phase, after: Phase) -> bool:
    """Between two phases the job stood still at an end."""
    return before.ended_ns is not None and after.began_ns > before.ended_ns


def _places(taken: Sequence[int], rested: Sequence[bool]) -> tuple[list[int], float]:
    """Where each bar begins, and thousandths for a nanosecond."""
    room = max(WIDTH - REST * sum(rested), WIDTH // 2)
    scale = room / max(sum(taken), 1)
    starts: list[int] = []
    at = 0.0
    for span, rest in zip(taken, rested, strict=True):
        at += REST if rest else 0
        starts.append(min(round(at), WIDTH - LEAST))
        at += span * scale
    return starts, scale


def _bar(phase: Phase, taken: int, x: int, scale: float) -> Bar:
    width = min(max(LEAST, round(taken * scale)), WIDTH - x)
    typical = None if phase.typical_ns is None else x + round(phase.typical_ns * scale)
    return Bar(
        title=_(TITLES[phase.phase]),
        kind="wait" if phase.phase in WAITS else "work" if phase.phase is PhaseName.WORK else "move",
        attempt=phase.attempt,
        began=moment(phase.began_ns),
        took=duration(taken),
        lasts=phase.ended_ns is None,
        x=x,
        width=width,
        typical=typical if typical is not None and typical < WIDTH else None,
        usually="" if phase.typical_ns is None else duration(phase.typical_ns),
        why=why(phase),
    )
