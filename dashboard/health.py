"""The state of the lab: a few sentences, and how many images are in each state."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.instruments import Instrument
from dashboard.repository import Counts
from dashboard.sentences import sentences_of
from dashboard.states import LOOKS, State
from labrelay.contracts.states import Stage


@dataclass(frozen=True)
class Segment:
    """One state's part of the bar, in thousandths of its width."""

    state: State
    start: int
    width: int


@dataclass(frozen=True)
class Health:
    """The sentences, and what they tell of.

    Attributes:
        counts: images by state, `tables` plates' tables.
        needing: jobs that somebody must see to.
    """

    sentence: str
    counts: dict[State, int]
    instruments: tuple[Instrument, ...] = ()
    tables: Mapping[State, int] = field(default_factory=dict)
    needing: int = 0

    def segments(self) -> list[Segment]:
        """The bar: done first, then what is on its way, then what needs a person."""
        shown = (State.DONE, State.RETURNING, State.WORKING, State.WAITING, State.FAILED)
        total = sum(self.counts[state] for state in shown)
        edges = [0]
        for state in shown:
            edges.append(edges[-1] + self.counts[state])
        at = [round(1000 * edge / total) if total else 0 for edge in edges]
        return [Segment(state, start, end - start) for state, start, end in zip(shown, at, at[1:], strict=False)]


def health_of(found: Counts) -> Health:
    """Health from the repository's counts."""
    counts, tables = _by_state(found.stages), _by_state(found.tables)
    return Health(" ".join(sentences_of(found)), counts, found.instruments, tables, found.needing)


def _by_state(stages: Mapping[Stage, int]) -> dict[State, int]:
    return {state: sum(stages.get(stage, 0) for stage in look.stages) for state, look in LOOKS.items()}
