"""How wells look that have no value to show: a letter and a pattern, colour only helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from labrelay.contracts.wells import STATE_LETTERS, WellState
from labrelay.words import N_

NO_DATA: Final = "nodata"
"""Of wells that are done and have nothing of what the layer shows."""
PARTLY: Final = "partly"
"""Of wells whose value is not that of all their images."""


@dataclass(frozen=True)
class WellLook:
    """A letter, and words for the legend."""

    letter: str
    title: str


TOLD: Final = (N_("Field"), N_("Channel"), N_("Z"), N_("Time"), N_("Acquired"), N_("positive"), N_("negative"))
"""What templates say of members by their own names."""

WELL_LOOKS: Final[Mapping[str, WellLook]] = {
    WellState.FAILED: WellLook("!", N_("Failed")),
    WellState.MISSING: WellLook("M", N_("Missing: passed over, or not all images came")),
    WellState.RUNNING: WellLook("R", N_("In work")),
    WellState.WAITING: WellLook("W", N_("Waiting")),
    WellState.AWAITED: WellLook("…", N_("Still to come")),
    WellState.REJECTED: WellLook("J", N_("Rejected by a person")),
    WellState.ACCEPTED: WellLook("A", N_("Failed, accepted as missing")),
    WellState.UNMATCHED: WellLook("N", N_("No task takes it")),
    WellState.DONE: WellLook("D", N_("Done")),
    WellState.WITHDRAWN: WellLook("–", N_("Withdrawn")),
    WellState.EMPTY: WellLook("", N_("Nothing expected")),
    NO_DATA: WellLook("X", N_("Done, but without this value")),
    PARTLY: WellLook("", N_("Not all of its images are done (corner)")),
}
STATE_OF_LETTER: Final[Mapping[str, WellState]] = {letter: state for state, letter in STATE_LETTERS.items()}
