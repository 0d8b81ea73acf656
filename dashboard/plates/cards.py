"""The list's cards: a small map of each plate as one drawing, its progress, what failed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from dashboard.plates.looks import STATE_OF_LETTER, WELL_LOOKS
from dashboard.plates.reading import PlateCard
from labrelay.contracts.wells import PlateMap, WellState
from labrelay.words import _, ngettext


@dataclass(frozen=True)
class Card:
    """What the list shows of a plate.

    Attributes:
        paths: by state, the wells that have it as an SVG path in units of one well.
        share: done of all that is expected, per cent.
        sentence: the same in words.
        failed: images that failed; `accepted` tells of those that somebody accepted as missing.
    """

    id: str
    name: str
    place: str
    finished: bool
    rows: int
    columns: int
    paths: Mapping[str, str]
    share: int
    sentence: str
    failed: int
    missing: int
    accepted: int = 0

    @property
    def lines(self) -> str:
        """What parts the wells from one another, as an SVG path."""
        across = (f"M0 {row}h{self.columns}" for row in range(1, self.rows))
        return "".join([*across, *(f"M{column} 0v{self.rows}" for column in range(1, self.columns))])

    @property
    def described(self) -> str:
        """The small map in words."""
        told = [f"{_(WELL_LOOKS[WellState(state)].title)}: {path.count('M')}" for state, path in self.paths.items()]
        return f"{self.name}: {self.sentence}" + (f" ({', '.join(told[:3])})" if not self.finished and told else "")


def card_of(found: PlateCard) -> Card:
    """The card of a plate."""
    plate, told = found.plate, found.map
    paths = paths_of(told) if told else {}
    due = max(told.expected or 0, told.arrived) if told else 0
    done = told.done if told else 0
    missing = told.states.count("m") if told else 0
    return Card(
        id=plate.id,
        name=plate.plate,
        place=" / ".join(part for part in (plate.instrument, plate.folder, _further(plate.attributes)) if part),
        finished=plate.state == "finished",
        rows=told.rows if told else 8,
        columns=told.columns if told else 12,
        paths=paths,
        share=round(100 * done / due) if due else 0,
        sentence=_sentence(done, due, told.arrived if told else 0),
        failed=told.failed if told else 0,
        missing=missing,
        accepted=told.accepted if told else 0,
    )


def paths_of(found: PlateMap) -> dict[str, str]:
    """Wells of each state as one path: each run of wells in a row is a rectangle."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for row in range(found.rows):
        column = 0
        for letter, run in groupby(found.states[row * found.columns : (row + 1) * found.columns]):
            width = len(list(run))
            parts[STATE_OF_LETTER.get(letter, WellState.EMPTY)].append(f"M{column} {row}h{width}v1h-{width}z")
            column += width
    return {state: "".join(path) for state, path in parts.items()}


def document_of(card: Card) -> dict[str, Any]:
    """The card as JSON."""
    names = ("id", "name", "place", "finished", "share", "sentence", "failed", "accepted", "missing")
    return {name: getattr(card, name) for name in names} | {"url": f"/plates/{card.id}"}


def _further(attributes: Mapping[str, Any]) -> str:
    return " ".join(str(attributes[name]) for name in ("plate_id", "measurement", "date") if name in attributes)


def _sentence(done: int, due: int, arrived: int) -> str:
    if arrived < due:
        return _("{done} of {due} images done, {arrived} have come").format(
            done=f"{done:,}", due=f"{due:,}", arrived=f"{arrived:,}"
        )
    return ngettext("{done} of {due} image done", "{done} of {due} images done", due).format(
        done=f"{done:,}", due=f"{due:,}"
    )
