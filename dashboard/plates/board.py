"""A plate's map as cells that a template draws: a step of the colours, a pattern, a letter, and words for each well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.plates.layers import STATUS, Layer, Values, progress_of
from dashboard.plates.looks import NO_DATA, PARTLY, WELL_LOOKS
from dashboard.plates.scales import Scale, number_of
from labrelay.contracts.wells import PlateWells, Well, WellState
from labrelay.plates.wells import Well as Place
from labrelay.words import _

PRINTED: int = 96
"""Up to so many wells have their value written into them."""


@dataclass(frozen=True)
class Cell:
    """One well of a map.

    Attributes:
        well: `B07`.
        look: classes of its colour and pattern.
        letter: what stands in it: a state's letter, or the value on small plates.
        said: all of it in words.
        chosen: whether it is selected.
    """

    well: str
    look: str
    letter: str
    said: str
    chosen: bool


@dataclass(frozen=True)
class Board:
    """A map.

    Attributes:
        rows: letters and cells, from the top.
        wells: of the plate's format.
        outside: wells that are none of a plate's, by their own names.
        looks: how many wells have each look that the legend tells of.
    """

    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    columns: int
    wells: int
    outside: tuple[Cell, ...]
    looks: Mapping[str, int]


def board_of(found: PlateWells, layer: Layer, values: Values, scale: Scale, chosen: Sequence[Place]) -> Board:
    """The map of one layer."""
    places = {Place(each.row, each.column): each for each in found.wells if each.column}
    size, marked = found.rows * found.columns, frozenset(chosen)
    drawn = _Drawing(layer, values, scale, size <= PRINTED)
    rows = []
    for row in range(1, found.rows + 1):
        wells = [Place(row, column) for column in range(1, found.columns + 1)]
        cells = tuple(drawn.cell(place.name, places.get(place), place in marked) for place in wells)
        rows.append((wells[0].letters, cells))
    outside = tuple(drawn.cell(each.well, each, False) for each in found.wells if not each.column)
    return Board(tuple(rows), found.columns, size, outside, drawn.looks)


def look_of(well: Well | None, layer: str, value: float | None) -> str:
    """The look of a well without a value, or with nothing but its state to show."""
    if well is None:
        return WellState.EMPTY
    if layer != STATUS and value is None and well.state is WellState.DONE:
        return NO_DATA
    return well.state.value


class _Drawing:
    """Makes the cells of one layer, and counts their looks."""

    def __init__(self, layer: Layer, values: Values, scale: Scale, printed: bool) -> None:
        self._layer = layer
        self._values = values
        self._scale = scale
        self._printed = printed
        self._words = {look: _(each.title) for look, each in WELL_LOOKS.items()}
        self._told = {
            "value": _("{well}: {value}, {state}, {images}"),
            "state": _("{well}: {state}, {images}"),
            "of": _("{arrived} of {expected} images"),
            "images": _("{arrived} images"),
        }
        self.looks: dict[str, int] = {}

    def cell(self, name: str, well: Well | None, chosen: bool) -> Cell:
        value = None if self._layer.key == STATUS else self._values.get(name)
        look = look_of(well, self._layer.key, value)
        said = self._said(name, well, look, value)
        if value is None:
            self.looks[look] = self.looks.get(look, 0) + 1
            return Cell(name, f"is-{look}", WELL_LOOKS[look].letter, said, chosen)
        partly = well is not None and (well.state is not WellState.DONE or (progress_of(well) or 0) < 100)
        if partly:
            self.looks[PARTLY] = self.looks.get(PARTLY, 0) + 1
        letter = number_of(value) if self._printed else WELL_LOOKS[look].letter if _shouts(look) else ""
        return Cell(name, f"step-{self._scale.step(value)}{f' {PARTLY}' * partly}", letter, said, chosen)

    def _said(self, name: str, well: Well | None, look: str, value: float | None) -> str:
        arrived, expected = (well.arrived, well.expected) if well else (0, None)
        images = self._told["images" if expected is None else "of"].format(arrived=arrived, expected=expected)
        told = {"well": name, "state": self._words[look], "images": images}
        if value is None:
            return self._told["state"].format(**told)
        return self._told["value"].format(**told, value=f"{number_of(value)}{self._layer.unit}")


def _shouts(look: str) -> bool:
    return look in (WellState.FAILED, WellState.MISSING)
