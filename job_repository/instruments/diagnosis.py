"""Why no file comes, told apart: the instrument, its PC, the share, files that can't be read or that no task takes."""

from dataclasses import dataclass
from typing import Final

from labrelay.contracts.instruments import Condition

DEAF_S: Final = 60.0
"""A side calls every ten seconds; one that is silent for so long isn't there."""


@dataclass(frozen=True)
class Signs:
    """What is seen of one instrument.

    Attributes:
        paused, draining: a person holds it.
        has_side: an installation of labrelay watches folders for it.
        heard_s: seconds since its side called, None when it hasn't.
        listening_s: for how long the gateway has listened.
        unreachable: what its side says of folders that it can't reach, or of its own trouble.
        unreadable: what can't be read.
        unmatched: no task takes its newest file.
        late: it is silent for longer than it should be.
        guarded: a rule says so; else only its habit does.
    """

    paused: bool = False
    draining: bool = False
    has_side: bool = True
    heard_s: float | None = 0.0
    listening_s: float = 3600.0
    unreachable: str = ""
    unreadable: str = ""
    unmatched: bool = False
    late: bool = False
    guarded: bool = False


def condition_of(signs: Signs) -> tuple[Condition, str]:
    """The first thing that keeps files from coming, and what was told of it."""
    found = (
        (signs.paused, Condition.PAUSED, ""),
        (signs.draining, Condition.DRAINING, ""),
        (_deaf(signs), Condition.SIDE_SILENT, ""),
        (signs.has_side and signs.heard_s is None, Condition.UNKNOWN, ""),
        (bool(signs.unreachable), Condition.UNREACHABLE, signs.unreachable),
        (bool(signs.unreadable), Condition.UNREADABLE, signs.unreadable),
        (signs.unmatched, Condition.UNMATCHED, ""),
        (signs.late and signs.guarded, Condition.SILENT, ""),
        (not signs.has_side, Condition.PUSHED, ""),
        (signs.late, Condition.RESTING, ""),
    )
    return next(((condition, told) for holds, condition, told in found if holds), (Condition.WELL, ""))


def _deaf(signs: Signs) -> bool:
    silent_s = signs.listening_s if signs.heard_s is None else signs.heard_s
    return signs.has_side and silent_s > DEAF_S
