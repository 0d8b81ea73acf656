"""What a plate's page draws: the map of the chosen layer, its legend, and what stands out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dashboard.plates.board import Board, board_of
from dashboard.plates.controls import Controls, controls_of
from dashboard.plates.effects import Effect, effects_of
from dashboard.plates.layers import STATUS, Layer, Values, layers_of, main_key, usual_layer, values_of
from dashboard.plates.looks import WELL_LOOKS
from dashboard.plates.scales import Scale, number_of, scale_of
from dashboard.plates.selection import chosen_of
from dashboard.plates.view import PlateView
from labrelay.contracts.states import Stage
from labrelay.contracts.wells import PlateWells, WellState
from labrelay.plates.wells import Well as Place
from labrelay.words import _, ngettext

MOST_NAMED = 12


@dataclass(frozen=True)
class PlatePicture:
    """One plate drawn by one layer.

    Attributes:
        layers: all that there are, by key.
        scale: of the layer's values; None where it has none.
        usual: the layer that is shown when none is asked for.
    """

    found: PlateWells
    view: PlateView
    layers: Mapping[str, Layer]
    layer: Layer
    values: Values
    scale: Scale | None
    usual: str

    @cached_property
    def chosen(self) -> tuple[Place, ...]:
        """The selected wells."""
        return chosen_of(self.view.sel, self.found.rows, self.found.columns)

    @cached_property
    def board(self) -> Board:
        """The map."""
        return board_of(self.found, self.layer, self.values, self.scale or Scale(0, 0), self.chosen)

    @property
    def histogram(self) -> list[tuple[int, int]]:
        """Of each step how many values have it, and the height of its bar in thousandths."""
        counts = self.scale.histogram(self.values.values()) if self.scale else []
        most = max(counts, default=0) or 1
        return [(count, round(1000 * count / most)) for count in counts]

    @property
    def ends(self) -> tuple[str, str, str]:
        """The scale's beginning, middle and end in words."""
        scale = self.scale or Scale(0, 0)
        told = (scale.low, (scale.low + scale.high) / 2, scale.high)
        low, middle, high = (f"{number_of(each)}{self.layer.unit}" for each in told)
        return low, middle, high

    @property
    def looks(self) -> list[tuple[str, str, str, int]]:
        """What the legend tells of patterns: look, letter, title and how many."""
        counted = self.board.looks
        return [(look, each.letter, each.title, counted[look]) for look, each in WELL_LOOKS.items() if look in counted]

    @cached_property
    def effects(self) -> list[Effect]:
        """Rows, columns or an edge that stand out in what was measured."""
        if self.layer.key == STATUS or self.layer.low is not None:
            return []
        places = {each.well: Place(each.row, each.column) for each in self.found.wells if each.column}
        values = {places[well]: value for well, value in self.values.items() if well in places}
        return effects_of(values, self.found.rows, self.found.columns)

    @cached_property
    def controls(self) -> Controls | None:
        """What declared controls say of this layer, or of the main measurement."""
        declared = {each.well: each.control for each in self.found.wells if each.control}
        measured = self.layer.low is None and self.layer.key != STATUS
        return controls_of(declared, self.values if measured else values_of(self.found, main_key(self.found)))

    @property
    def sentence(self) -> str:
        """What has come, is done, failed, was accepted as missing, and lacks."""
        wells = self.found.wells
        arrived = sum(each.arrived for each in wells)
        expected = sum(each.expected or 0 for each in wells)
        done = sum(each.stages.get(Stage.COMPLETE, 0) for each in wells)
        accepted = sum(each.accepted for each in wells)
        failed = sum(each.stages.get(Stage.FAILED, 0) for each in wells) - accepted
        told = _("{arrived} of {expected} expected images have come, {done} are done.")
        if expected <= arrived:
            told = ngettext(
                "{arrived} image has come, {done} done.", "{arrived} images have come, {done} done.", arrived
            )
        first = told.format(arrived=f"{arrived:,}", expected=f"{expected:,}", done=f"{done:,}")
        last = ngettext("{n} image failed.", "{n} images failed.", failed).format(n=f"{failed:,}") if failed else ""
        agreed = ngettext("{n} accepted as missing.", "{n} accepted as missing.", accepted) if accepted else ""
        return " ".join(each for each in (first, last, agreed.format(n=f"{accepted:,}"), self.missing) if each)

    @property
    def missing(self) -> str:
        """Which wells lack images that won't come by themselves; empty for none."""
        lacking = [each.well for each in self.found.wells if each.state is WellState.MISSING]
        lacking += [
            each.well
            for each in self.found.wells
            if each.state is WellState.FAILED and 0 < each.arrived < (each.expected or 0)
        ]
        if not lacking:
            return ""
        named = ", ".join(sorted(lacking)[:MOST_NAMED]) + (" …" if len(lacking) > MOST_NAMED else "")
        told = ngettext("{n} well lacks images: {wells}.", "{n} wells lack images: {wells}.", len(lacking))
        return told.format(n=f"{len(lacking):,}", wells=named)


def picture_of(found: PlateWells, view: PlateView, others: Sequence[PlateWells] = ()) -> PlatePicture:
    """A plate as a view shows it.

    Args:
        found: its wells.
        view: layer, colours, scale and all else that an address says.
        others: the plates that are shown beside it, for a scale of all.
    """
    layers = layers_of(found)
    usual = usual_layer(found)
    layer = layers.get(view.layer) or layers[usual]
    values = values_of(found, layer.key)
    if layer.key == STATUS:
        return PlatePicture(found, view, layers, layer, {}, None, usual)
    shown = list(values.values())
    if view.scale == "all":
        shown = [value for each in (*others, found) for value in values_of(each, layer.key).values()]
    low, high = view.fixed
    low, high = layer.low if low is None else low, layer.high if high is None else high
    scale = scale_of(shown, view.bounds, view.colours, low, high)
    return PlatePicture(found, view, layers, layer, values, scale, usual)
