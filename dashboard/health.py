"""The state of the lab in one sentence, and a counter for each state."""

from dataclasses import dataclass

from dashboard.filters import JobFilter
from dashboard.instruments import Instrument, paused_words
from dashboard.repository import Counts
from dashboard.states import LOOKS, State


@dataclass(frozen=True)
class Counter:
    """How many jobs are in one state, and the page that shows them."""

    state: State
    title: str
    letter: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class Segment:
    """One state's part of the bar, in thousandths of its width."""

    state: State
    start: int
    width: int


@dataclass(frozen=True)
class Health:
    """The sentence, its numbers, and the instruments."""

    sentence: str
    counts: dict[State, int]
    instruments: tuple[Instrument, ...] = ()

    def counters(self, wanted: JobFilter) -> list[Counter]:
        """A counter for each state; the chosen one leads back to all."""
        return [self._counter(state, wanted) for state in LOOKS]

    def _counter(self, state: State, wanted: JobFilter) -> Counter:
        chosen = wanted.state is state
        target = wanted.with_state(None if chosen else state).query
        return Counter(state, LOOKS[state].title, LOOKS[state].letter, self.counts[state], f"/?{target}", chosen)

    def segments(self) -> list[Segment]:
        """The bar: done first, then what is on its way, then what needs a person."""
        shown = (State.DONE, State.RETURNING, State.WORKING, State.WAITING, State.FAILED)
        total = sum(self.counts[state] for state in shown)
        edges = [0]
        for state in shown:
            edges.append(edges[-1] + self.counts[state])
        at = [round(1000 * edge / total) if total else 0 for edge in edges]
        return [
            Segment(state, start, end - start)
            for state, start, end in zip(shown, at, at[1:], strict=False)
            if end > start
        ]


def health_of(found: Counts) -> Health:
    """Health from the repository's counts."""
    counts = {state: sum(found.stages.get(stage, 0) for stage in look.stages) for state, look in LOOKS.items()}
    sentence = _sentence(counts, found.overdue)
    if paused := paused_words(found.instruments):
        sentence += f" {paused}." if sentence.endswith(".") else f", {paused}"
    return Health(sentence, counts, found.instruments)


def _sentence(counts: dict[State, int], overdue: int) -> str:
    under_way = {state: counts[state] for state in (State.WORKING, State.RETURNING, State.WAITING)}
    total = counts[State.DONE] + counts[State.FAILED] + sum(under_way.values())
    if total == 0:
        return "No images yet. Drop one into the watched folder and it appears here."
    parts = [f"{counts[State.DONE]:,} of {total:,} images done"]
    if failed := counts[State.FAILED]:
        parts.append(f"{failed:,} {'needs' if failed == 1 else 'need'} you")
    parts += _under_way(under_way)
    if overdue:
        parts.append(f"{overdue:,} longer than usual")
    return ", ".join(parts)


def _under_way(counts: dict[State, int]) -> list[str]:
    words = {State.WORKING: "in work", State.RETURNING: "going back"}
    parts = [f"{counts[state]:,} {text}" for state, text in words.items() if counts[state]]
    waiting = counts[State.WAITING]
    return [*parts, f"{waiting:,} {'waits' if waiting == 1 else 'wait'}" if waiting else "nothing waits"]
