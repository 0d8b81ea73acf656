"""The state of the lab in one sentence, and a counter for each state."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.filters import JobFilter
from dashboard.instruments import Instrument, paused_words
from dashboard.repository import Counts
from dashboard.states import LOOKS, State
from labrelay.contracts.states import Stage


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
    """The sentence, its numbers (of images; `tables` of plates' tables), and the instruments."""

    sentence: str
    counts: dict[State, int]
    instruments: tuple[Instrument, ...] = ()
    tables: Mapping[State, int] = field(default_factory=dict)

    def counters(self, wanted: JobFilter) -> list[Counter]:
        """A counter for each state, of images and tables like the list behind it; the chosen one leads back to all."""
        return [self._counter(state, wanted) for state in LOOKS]

    def _counter(self, state: State, wanted: JobFilter) -> Counter:
        chosen = wanted.state is state
        count = self.counts[state] + self.tables.get(state, 0)
        target = wanted.with_state(None if chosen else state).query
        return Counter(state, LOOKS[state].title, LOOKS[state].letter, count, f"/?{target}", chosen)

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
    counts, tables = _by_state(found.stages), _by_state(found.tables)
    sentence = ", ".join([_sentence(counts, found.overdue), *_tables(tables)])
    if paused := paused_words(found.instruments):
        sentence += f" {paused}." if sentence.endswith(".") else f", {paused}"
    if found.disks:
        sentence = f"{sentence.removesuffix('.')}. {' '.join(found.disks)}"
    return Health(sentence, counts, found.instruments, tables)


def _by_state(stages: Mapping[Stage, int]) -> dict[State, int]:
    return {state: sum(stages.get(stage, 0) for stage in look.stages) for state, look in LOOKS.items()}


def _tables(counts: Mapping[State, int]) -> list[str]:
    """Plates' tables: those that need somebody, and those that aren't there yet."""
    failed = counts[State.FAILED]
    open_ones = sum(counts[state] for state in (State.WAITING, State.WORKING, State.RETURNING))
    parts = [f"{_tables_of(failed)} {'needs' if failed == 1 else 'need'} you"] if failed else []
    return parts + ([f"{_tables_of(open_ones)} on the way"] if open_ones else [])


def _tables_of(count: int) -> str:
    return f"{count:,} plate table{'' if count == 1 else 's'}"


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
